/**
 * Runs a TypeScript program of this repository: `node run.mjs local/start.ts --its arguments`.
 *
 * esbuild, which the templates need anyway, makes one file of it in dist/run/, with the packages left outside. So it
 * takes nothing but the production dependencies, and any Node.js from version 20 on: enough for a program that is run
 * in CloudShell.
 */
import { parse, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const [program, ...args] = process.argv.slice(2);
if (!program) {
  console.error('Which program? For example: node run.mjs local/start.ts');
  process.exit(2);
}
const outfile = resolve('dist', 'run', `${parse(program).name}.mjs`);
await build({
  entryPoints: [program],
  outfile,
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: 'inline',
  logLevel: 'warning',
});
process.setSourceMapsEnabled(true);
process.argv = [process.argv[0], outfile, ...args];
await import(pathToFileURL(outfile).href);
