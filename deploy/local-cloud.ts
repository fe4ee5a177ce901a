import { resolve } from 'node:path';
import { run } from './command.js';
import type { World } from './world.js';

/** Runs the tests of the whole path on the local cloud, for the calls that their functions make. */
export async function recordTheLocalCloud(world: World): Promise<void> {
  const { transcript, localCallsFile } = world;
  transcript.heading("The local cloud's tests, for the calls of their functions");
  const cwd = resolve('.');
  await run(process.execPath, ['build.mjs'], { transcript, cwd });
  const { code, output } = await run(
    process.execPath,
    ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', 'local/whole-path.test.ts'],
    {
      transcript,
      cwd,
      env: {
        NODE_OPTIONS: `--disable-warning=ExperimentalWarning --import=${resolve('deploy/record-calls.mjs')}`,
        CALLS_FILE: localCallsFile,
      },
      mayFail: true,
    },
  );
  transcript.check('they pass', code === 0, output.slice(-3000));
}
