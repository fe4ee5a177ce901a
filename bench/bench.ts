/**
 * The benchmark: what the member function makes of the time that the Marketplace gives it. See docs/benchmark.md.
 *
 * ```
 * npm run bench                            # all cases
 * npm run bench -- --case 10 --case no-op  # some of them
 * npm run --silent bench -- --json         # for machines
 * npm run bench -- --seed 7                # other products and durations
 * ```
 */
import { availableParallelism, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { measureBundle } from './bundle.js';
import { selectCases } from './cases.js';
import { type Measurement, measure } from './measure.js';
import { table } from './table.js';

/** The bundle may have this many kB. */
const BUNDLE_KILOBYTES = 800;

try {
  const options = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      case: { type: 'string', multiple: true, default: [] },
      seed: { type: 'string', default: '1' },
    },
  }).values;
  process.exitCode = await run(options);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}

/** @returns the exit code: 1 when a target was missed. */
async function run({ json, case: ids, seed: seedText }: { json: boolean; case: string[]; seed: string }) {
  const cases = selectCases(ids);
  const seed = Number(seedText);
  if (!Number.isInteger(seed))
    throw new Error(`--seed is ${JSON.stringify(seedText)}: it must be a whole number.`);

  const bundle = measureBundle();
  const machine = {
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  };
  const measurements: Measurement[] = [];
  for (const one of cases) {
    console.error(`${one.title} …`); // progress; the result alone goes to standard output
    measurements.push(await measure(one, seed));
  }
  const misses = [
    ...(bundle.kilobytes > BUNDLE_KILOBYTES
      ? [`bundle: ${bundle.kilobytes.toFixed(0)} kB, at most ${BUNDLE_KILOBYTES}`]
      : []),
    ...measurements.flatMap(({ title, misses: own }) => own.map((miss) => `${title}: ${miss}`)),
  ];
  if (json) {
    console.log(JSON.stringify({ machine, seed, bundle, cases: measurements, misses }, undefined, 2));
  } else {
    console.log(`\n${table(measurements)}\n`);
    console.log(
      `Bundle of the member function: ${bundle.kilobytes.toFixed(0)} kB, loaded in ${bundle.loadMs.toFixed(0)} ms (median). ` +
        `Seed ${seed}. ${machine.cores} cores, ${machine.memoryGb} GB, Node.js ${machine.node}.`,
    );
    console.log(
      misses.length === 0
        ? 'Every target is met.'
        : `Missed:\n${misses.map((miss) => `- ${miss}`).join('\n')}`,
    );
  }
  return misses.length === 0 ? 0 : 1;
}
