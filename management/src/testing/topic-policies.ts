import { text } from 'node:stream/consumers';
import { type LocalServer, startServer } from '../../../shared/testing/http-server.js';

/** How the server answers a request instead of carrying it out; `hang` is no answer at all. */
export type Fault = 'hang' | { readonly status: number; readonly code: string; readonly message: string };

/** The part of SNS that changes topics' policies: AddPermission and RemovePermission, in the service's wire format. */
export interface TopicPolicies extends LocalServer {
  /** For each topic that exists: who may do what, by the label of the statement. */
  readonly topics: Map<string, Map<string, { readonly accounts: string[]; readonly actions: string[] }>>;
  /** The requests that arrived, in order: `AddPermission 222222222222`. */
  readonly requests: string[];
  /** What goes wrong with a request, if anything. */
  fault: (action: string, label: string) => Fault | undefined;
}

/** Starts the server without any topics. */
export async function startTopicPolicies(): Promise<TopicPolicies> {
  const topics: TopicPolicies['topics'] = new Map();
  const requests: string[] = [];
  const server = await startServer(async (request, response) => {
    const form = new URLSearchParams(await text(request));
    const field = (name: string) => form.get(name) ?? '';
    const members = (name: string) =>
      [...form].filter(([key]) => key.startsWith(`${name}.member.`)).map(([, value]) => value);
    const action = field('Action');
    const label = field('Label');
    requests.push(`${action} ${label}`);
    const fault = policies.fault(action, label) ?? carryOut();
    if (fault === 'hang') return;
    response
      .writeHead(fault?.status ?? 200, { 'content-type': 'text/xml' })
      .end(
        fault
          ? `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>${fault.code}</Code><Message>${fault.message}</Message></Error><RequestId>1</RequestId></ErrorResponse>`
          : `<${action}Response xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></${action}Response>`,
      );

    function carryOut(): Fault | undefined {
      const policy = topics.get(field('TopicArn'));
      if (!policy) return { status: 404, code: 'NotFound', message: 'Topic does not exist' };
      if (action === 'RemovePermission') {
        policy.delete(label);
        return undefined;
      }
      if (policy.has(label)) return invalidParameter('Statement already exists');
      policy.set(label, { accounts: members('AWSAccountId'), actions: members('ActionName') });
      return undefined;
    }
  });
  const policies: TopicPolicies = { ...server, topics, requests, fault: () => undefined };
  return policies;
}

/** The error that SNS gives for anything that is wrong with a parameter. */
export function invalidParameter(message: string): Fault {
  return { status: 400, code: 'InvalidParameter', message: `Invalid parameter: ${message}` };
}
