import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Variables } from './command.js';
import type { PythonTools } from './python-tools.js';

/** The emulator of AWS, running. */
export interface Emulator {
  readonly url: string;
  /** What deploy/emulator.py changes in it, in words. */
  readonly adaptations: readonly string[];
  readonly stop: () => Promise<void>;
}

/** What the emulator is started with. */
export interface EmulatorOptions {
  readonly tools: PythonTools;
  /** A folder for its files. */
  readonly folder: string;
  /** From an account to the management account of its organization. */
  readonly organizations: Readonly<Record<string, string>>;
  /** The variables that every function has, besides its own. */
  readonly functionVariables: Variables;
}

/** How long it may take to start, in milliseconds. */
const START_MS = 60_000;

/** Starts MiniStack (deploy/emulator.py) on a free loopback port. */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const { tools, folder, organizations, functionVariables } = options;
  const port = await freePort();
  const adaptationsFile = join(folder, 'adaptations.json');
  const log = openSync(join(folder, 'emulator.log'), 'a');
  const child = spawn(join(tools.bin, 'python'), [resolve('deploy/emulator.py')], {
    cwd: folder,
    stdio: ['ignore', log, log],
    env: {
      ...process.env,
      ...functionVariables,
      // It runs functions with the `node` on its PATH: the project's, which is the version that Lambda has.
      PATH: [resolve('node_modules/.bin'), process.env.PATH].join(delimiter),
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      MINISTACK_HOST: '127.0.0.1',
      TMPDIR: folder,
      S3_DATA_DIR: join(folder, 's3'),
      STATE_DIR: join(folder, 'state'),
      ORGANIZATIONS: JSON.stringify(organizations),
      ADAPTATIONS_FILE: adaptationsFile,
    },
  });
  closeSync(log);
  const ended = new Promise<void>((done) => {
    child.once('exit', () => done());
    child.once('error', () => done());
  });
  const stop = async () => {
    child.kill('SIGTERM');
    await Promise.race([ended, sleep(5_000, undefined, { ref: false })]);
    child.kill('SIGKILL');
  };

  const url = `http://127.0.0.1:${port}`;
  for (const deadline = Date.now() + START_MS; ; ) {
    const healthy = await fetch(`${url}/_ministack/health`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (healthy) break;
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(
        `The emulator did not start:\n${readFileSync(join(folder, 'emulator.log'), 'utf8').slice(-3000)}`,
      );
    }
    await sleep(200);
  }
  return { url, adaptations: JSON.parse(readFileSync(adaptationsFile, 'utf8')), stop };
}

function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const server = createServer();
    server.once('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      server.close(() => found(port));
    });
  });
}
