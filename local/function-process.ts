/**
 * The process in which one function runs, as an execution environment of Lambda does: it loads the function's bundle
 * once, and then handles one event after the other. It is started by {@link import('./lambda.js').LambdaFunction},
 * which sends it events; Node.js runs it as it stands, so it imports nothing of this project but types.
 */
import type { Context } from 'aws-lambda';
import type { FromProcess, ToProcess } from './lambda.js';

const [bundle = ''] = process.argv.slice(2);
const begun = performance.now();
const loading: Promise<{ handler: (event: unknown, context: Context) => unknown }> = import(bundle);
loading.then(
  () => answer({ kind: 'loaded', loadMs: performance.now() - begun }),
  () => {}, // the first event is answered with it
);

process.on('message', async ({ event, context }: ToProcess) => {
  try {
    const { handler } = await loading;
    const value = await handler(event, completeContext(context));
    answer({ kind: 'returned', value, peakMemoryMb: peakMemoryMb() });
  } catch (error) {
    const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error));
    answer({
      kind: 'failed',
      error: { errorType: name, errorMessage: message, stack },
      peakMemoryMb: peakMemoryMb(),
    });
  }
});
process.on('disconnect', () => process.exit());

function answer(message: FromProcess): void {
  process.send?.(message);
}

/** The most memory that the process ever held, the bundle and Node.js included, in MB. */
function peakMemoryMb(): number {
  return process.resourceUsage().maxRSS / 1024;
}

function completeContext({ deadline, ...context }: ToProcess['context']): Context {
  return {
    ...context,
    callbackWaitsForEmptyEventLoop: true,
    logGroupName: `/local/${context.functionName}`,
    logStreamName: String(process.pid),
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
    done: () => {},
    fail: () => {},
    succeed: () => {},
  };
}
