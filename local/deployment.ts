import type { FauxqsServer } from 'fauxqs';
import { type Invocation, LambdaFunction } from './lambda.js';
import type { FunctionDescription } from './template.js';

/** What is being told while the cloud runs. */
export interface CloudWatchers {
  /** Is told when an invocation begins and how it ended. */
  readonly onInvocation?: (name: string, invocation: Invocation | 'begins') => void;
  /** Is given each line that a function logs. */
  readonly onLog?: (name: string, line: string) => void;
}

/** What a stack is deployed into. */
export interface Deployment {
  readonly account: string;
  readonly region: string;
  /** How messages call it. */
  readonly name: string;
  /** Of each service, by the name of the SDK's variable. */
  readonly endpoints: Readonly<Record<string, string>>;
  readonly queues: FauxqsServer;
  readonly watchers: CloudWatchers;
}

/** Settings of an AWS client that acts for an account. */
export function clientFor({ account, region }: Pick<Deployment, 'account' | 'region'>) {
  return { region, credentials: { accessKeyId: account, secretAccessKey: 'local' } };
}

/** Creates a function; its environment is its template's and what Lambda and the AWS SDK add. */
export function createFunction(
  { logicalId, environment, timeout, memory }: FunctionDescription,
  { account, region, name, endpoints, watchers }: Deployment,
): LambdaFunction {
  return new LambdaFunction({
    logicalId,
    arn: `arn:aws:lambda:${region}:${account}:function:${logicalId}`,
    environment: {
      ...environment,
      ...endpoints,
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_ACCESS_KEY_ID: account,
      AWS_SECRET_ACCESS_KEY: 'local',
    },
    timeoutMs: timeout * 1000,
    memory,
    onLog: (line) => watchers.onLog?.(name, line),
  });
}

/** Invokes a function under the eyes of the watchers. */
export function invoker(lambda: LambdaFunction, { name, watchers }: Deployment) {
  return async (event: unknown): Promise<Invocation> => {
    watchers.onInvocation?.(name, 'begins');
    const invocation = await lambda.invoke(event);
    watchers.onInvocation?.(name, invocation);
    return invocation;
  };
}
