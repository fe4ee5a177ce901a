import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import type { Context } from 'aws-lambda';

/** What a function's process is sent. */
export interface ToProcess {
  readonly event: unknown;
  readonly context: Pick<
    Context,
    'functionName' | 'functionVersion' | 'invokedFunctionArn' | 'memoryLimitInMB' | 'awsRequestId'
  > & {
    /** When the function's time is over, in milliseconds since 1970. */
    readonly deadline: number;
  };
}

/** What it answers. */
export type FromProcess =
  | { readonly kind: 'loaded'; readonly loadMs: number }
  | { readonly kind: 'returned'; readonly value: unknown; readonly peakMemoryMb: number }
  | { readonly kind: 'failed'; readonly error: FunctionError; readonly peakMemoryMb: number };

/** An error that a handler threw. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly stack: string;
}

/** How an invocation ended. */
export type Invocation = {
  readonly requestId: string;
  readonly startedAt: number;
  readonly durationMs: number;
} & (
  | { readonly outcome: 'returned'; readonly value: unknown; readonly peakMemoryMb: number }
  | { readonly outcome: 'failed'; readonly error: FunctionError; readonly peakMemoryMb: number }
  | { readonly outcome: 'timed out' }
  | { readonly outcome: 'killed' }
);

/** What a {@link LambdaFunction} is made of. */
export interface LambdaFunctionOptions {
  readonly logicalId: string;
  readonly arn: string;
  /** All that its process sees as its environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Milliseconds. */
  readonly timeoutMs: number;
  /** Megabytes. */
  readonly memory: number;
  /** Is given each line that the function logs. */
  readonly onLog?: (line: string) => void;
}

/** Of a function's memory, the part for JavaScript's objects; the rest is for the code, the stacks and the buffers. */
const HEAP_SHARE = 0.75;
/** Where the functions' requests are recorded, if they are: `npm run test:deploy` holds them against the policies. */
const { CALLS_FILE, NODE_OPTIONS } = process.env;
const RECORDING = CALLS_FILE !== undefined && { CALLS_FILE, NODE_OPTIONS };

/**
 * A function out of `dist/`, run as Lambda runs it: in processes of its own that stay warm, each with one event at a
 * time, a context and a time limit.
 */
export class LambdaFunction {
  readonly #options: LambdaFunctionOptions;
  readonly #idle: ChildProcess[] = [];
  readonly #busy = new Set<ChildProcess>();
  readonly #bundle: string;
  #stopped = false;
  /** How long each new process took to load the bundle, in milliseconds. */
  readonly loadTimesMs: number[] = [];

  constructor(options: LambdaFunctionOptions) {
    this.#options = options;
    this.#bundle = resolve('dist', options.logicalId, 'index.mjs');
  }

  get arn(): string {
    return this.#options.arn;
  }

  /** How many invocations are under way. */
  get running(): number {
    return this.#busy.size;
  }

  /** Invokes the function, in a warm process if there is one. Never rejects for what the function does. */
  async invoke(event: unknown): Promise<Invocation> {
    const { logicalId, arn, timeoutMs, memory } = this.#options;
    if (this.#stopped) return { requestId: '', startedAt: Date.now(), durationMs: 0, outcome: 'killed' };
    const child = this.#idle.pop() ?? this.#start();
    this.#busy.add(child);
    const requestId = randomUUID();
    const startedAt = Date.now();
    const message: ToProcess = {
      event,
      context: {
        functionName: logicalId,
        functionVersion: '$LATEST',
        invokedFunctionArn: arn,
        memoryLimitInMB: String(memory),
        awsRequestId: requestId,
        deadline: startedAt + timeoutMs,
      },
    };
    let timedOut = false;
    const limit = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    const answer = await answerOf(child, message);
    clearTimeout(limit);
    this.#busy.delete(child);
    const invocation = { requestId, startedAt, durationMs: Date.now() - startedAt };
    if (!answer) return { ...invocation, outcome: timedOut ? 'timed out' : 'killed' };
    this.#idle.push(child);
    const { kind, ...rest } = answer;
    // The two kinds of answer and of outcome have the same names and the same other fields.
    return { ...invocation, outcome: kind, ...rest } as Invocation;
  }

  /** Kills every invocation that is under way, at once, as a lost host would. */
  kill(): void {
    for (const child of this.#busy) child.kill('SIGKILL');
  }

  /** Ends all its processes, and starts none any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const children = [...this.#idle.splice(0), ...this.#busy];
    await Promise.all(
      children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const gone = once(child, 'exit');
        child.kill('SIGKILL');
        await gone;
      }),
    );
  }

  #start(): ChildProcess {
    const { logicalId, environment, memory, onLog } = this.#options;
    const child = fork(resolve('local', 'function-process.ts'), [pathToFileURL(this.#bundle).href], {
      env: {
        ...environment,
        AWS_LAMBDA_FUNCTION_NAME: logicalId,
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memory),
        AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
        AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
        TZ: ':UTC',
        ...RECORDING,
      },
      execArgv: [`--max-old-space-size=${Math.floor(memory * HEAP_SHARE)}`],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface(stream).on('line', (line) => onLog?.(line));
    }
    child.on('message', (message: FromProcess) => {
      if (message.kind === 'loaded') this.loadTimesMs.push(message.loadMs);
    });
    child.on('exit', () => {
      const at = this.#idle.indexOf(child);
      if (at >= 0) this.#idle.splice(at, 1);
    });
    return child;
  }
}

/** What a process answers to an event; `undefined` when it ends before it does. */
function answerOf(
  child: ChildProcess,
  message: ToProcess,
): Promise<Exclude<FromProcess, { kind: 'loaded' }> | undefined> {
  return new Promise((settle) => {
    const onMessage = (answer: FromProcess) => {
      if (answer.kind !== 'loaded') done(answer);
    };
    const onExit = () => done(undefined);
    const done = (answer: Exclude<FromProcess, { kind: 'loaded' }> | undefined) => {
      child.off('message', onMessage).off('exit', onExit);
      settle(answer);
    };
    child.on('message', onMessage).on('exit', onExit);
    if (child.connected)
      child.send(message, () => {}); // a failure to send shows as the end of the process
    else onExit();
  });
}
