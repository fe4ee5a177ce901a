import { existsSync, readFileSync } from 'node:fs';

/** A request as deploy/record-calls.mjs writes it. */
interface RecordedRequest {
  /** The function's ARN; in the local cloud its logical id; absent where another program sent it. */
  readonly function?: string;
  readonly authorization: string;
  readonly target?: string;
  readonly path: string;
  readonly body: string;
}

/** One question that IAM would have been asked about a call that a function made. */
export interface Call {
  /** The function's ARN; in the local cloud its logical id. */
  readonly function: string;
  /** The access key id that signed it: the function's account, or an assumed role's session. */
  readonly accessKeyId: string;
  /** `service:Action`. */
  readonly action: string;
  readonly resource: string;
  /** The condition keys of the request that policies here look at. */
  readonly context: Readonly<Record<string, string>>;
}

/** Reads the recorded requests and turns each into the questions that it poses to IAM. */
export function readCalls(file: string): Call[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => questions(JSON.parse(line) as RecordedRequest)); // this project's own file
}

function questions(request: RecordedRequest): Call[] {
  const { function: caller } = request;
  if (caller === undefined) return [];
  const scope = /Credential=([^/]+)\/\d+\/([^/]+)\/([^/]+)\/aws4_request/.exec(request.authorization);
  const [, accessKeyId = '', region = '', service = ''] = scope ?? [];
  return asked(service, region, request).map(({ operation, resource, context = {} }) => ({
    function: caller,
    accessKeyId,
    action: `${service}:${operation}`,
    resource,
    context: { 'aws:SecureTransport': 'true', ...context },
  }));
}

interface Asked {
  readonly operation: string;
  /** An ARN; `ACCOUNT` stands for the caller's account where the request does not say it. */
  readonly resource: string;
  readonly context?: Readonly<Record<string, string>>;
}

/** The caller's account, in a resource that does not name one. */
export const CALLERS_ACCOUNT = 'ACCOUNT';

function asked(service: string, region: string, request: RecordedRequest): Asked[] {
  switch (service) {
    case 'dynamodb': {
      const operation = request.target?.split('.')[1] ?? '';
      const input = JSON.parse(request.body) as { TableName?: string; RequestItems?: object }; // the SDK's own request
      const tables = input.TableName ? [input.TableName] : Object.keys(input.RequestItems ?? {});
      return tables.map((table) => ({
        operation,
        resource: table.startsWith('arn:')
          ? table
          : `arn:aws:dynamodb:${region}:${CALLERS_ACCOUNT}:table/${table}`,
      }));
    }
    case 'sqs': {
      const operation = request.target?.split('.')[1] ?? '';
      const { QueueUrl } = JSON.parse(request.body) as { QueueUrl: string }; // the SDK's own request
      const [account, queue] = new URL(QueueUrl).pathname.split('/').slice(1);
      return [{ operation, resource: `arn:aws:sqs:${region}:${account}:${queue}` }];
    }
    case 'sns':
    case 'sts': {
      const form = new URLSearchParams(request.body);
      const operation = form.get('Action') ?? '';
      return [{ operation, resource: form.get('TopicArn') ?? form.get('RoleArn') ?? '*' }];
    }
    case 'organizations':
      return [{ operation: request.target?.split('.')[1] ?? '', resource: '*' }];
    case 'aws-marketplace':
      return askedOfTheCatalog(request);
    default:
      throw new Error(`A function called ${service}, which deploy/calls.ts does not know: ${request.path}`);
  }
}

/** Experiences and policies belong to the organization's management account; which one makes no difference here. */
const CATALOG = 'arn:aws:aws-marketplace:us-east-1:999999999999:AWSMarketplace';

function askedOfTheCatalog({ path, body }: RecordedRequest): Asked[] {
  const { pathname, searchParams } = new URL(path, 'http://localhost');
  const operation = pathname.slice(1);
  switch (operation) {
    case 'ListEntities':
      return [{ operation, resource: '*' }];
    case 'DescribeEntity':
      return [{ operation, resource: entity(searchParams.get('entityId') ?? '') }];
    case 'DescribeChangeSet':
      return [{ operation, resource: `${CATALOG}/ChangeSet/${searchParams.get('changeSetId')}` }];
    case 'StartChangeSet': {
      const { ChangeSet } = JSON.parse(body) as {
        ChangeSet: { ChangeType: string; Entity: { Identifier: string } }[]; // the SDK's own request
      };
      return ChangeSet.flatMap(({ ChangeType, Entity }) =>
        [entity(Entity.Identifier), `${CATALOG}/ChangeSet/new`].map((resource) => ({
          operation,
          resource,
          context: { 'catalog:ChangeType': ChangeType },
        })),
      );
    }
    default:
      throw new Error(
        `A function called ${operation} of the Catalog API, which deploy/calls.ts does not know.`,
      );
  }
}

function entity(id: string): string {
  return `${CATALOG}/${id.startsWith('exp-') ? 'Experience' : 'ProcurementPolicy'}/${id}`;
}
