import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The member function's bundle, as it is deployed. */
export interface BundleMeasurement {
  readonly kilobytes: number;
  /** How long a fresh process takes to import it: the median of several, in milliseconds. */
  readonly loadMs: number;
}

const PROCESSES = 9;
/** Prints how long the import took, in milliseconds. */
const IMPORT = `
  const begun = performance.now();
  await import(process.argv[1]);
  console.log(performance.now() - begun);
  process.exit();
`;

/** Weighs the bundle, and loads it in fresh processes, one after the other. */
export function measureBundle(): BundleMeasurement {
  const file = resolve('dist', 'SyncPMPMember', 'index.mjs');
  const times = Array.from({ length: PROCESSES }, () =>
    Number(
      execFileSync(
        process.execPath,
        ['--input-type=module', '--eval', IMPORT, '--', pathToFileURL(file).href],
        { encoding: 'utf8' },
      ),
    ),
  ).sort((a, b) => a - b);
  return { kilobytes: statSync(file).size / 1000, loadMs: times[Math.floor(PROCESSES / 2)] ?? Number.NaN };
}
