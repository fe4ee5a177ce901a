import type { Context } from 'aws-lambda';

/**
 * Completes an invocation's context. Lambda gives all of it; whoever calls a bundle by hand may not, and then the
 * function's name and time limit are those of its template: a missing name must not cost a run.
 *
 * @param logicalId the function's logical id in its template.
 * @param timeoutMs the function's time limit in its template, in milliseconds.
 */
export function completed(
  context: Partial<Context> | undefined,
  logicalId: string,
  timeoutMs: number,
): Context {
  return {
    functionName: logicalId,
    invokedFunctionArn: '',
    awsRequestId: '',
    memoryLimitInMB: '',
    functionVersion: '',
    getRemainingTimeInMillis: () => timeoutMs,
    ...context,
  } as Context; // what is still missing then is of no use to any function here
}
