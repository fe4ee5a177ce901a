/**
 * `npm run test:deploy`: bundles the test, which shares code with the local cloud, to dist/ and runs it with the Node of
 * the project.
 */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { build } from 'esbuild';

const outfile = resolve('dist/deploy-test/main.mjs');
await build({
  entryPoints: ['deploy/main.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  packages: 'external',
  sourcemap: 'inline',
  logLevel: 'warning',
});
const { status } = spawnSync(process.execPath, ['--enable-source-maps', outfile], { stdio: 'inherit' });
process.exitCode = status ?? 1;
