import type { Context } from 'aws-lambda';

/** The context of an invocation that has so many milliseconds left, and whose time does not pass. */
export function lambdaContext(remainingMs: number): Context {
  return {
    awsRequestId: '11111111-2222-3333-4444-555555555555',
    callbackWaitsForEmptyEventLoop: true,
    functionName: 'function',
    functionVersion: '$LATEST',
    invokedFunctionArn: 'arn:aws:lambda:eu-central-1:111111111111:function:function',
    logGroupName: 'logs',
    logStreamName: 'stream',
    memoryLimitInMB: '256',
    getRemainingTimeInMillis: () => remainingMs,
    done: () => {},
    fail: () => {},
    succeed: () => {},
  };
}
