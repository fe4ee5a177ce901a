import type { LocalDynamoDB } from '../../shared/testing/dynamodb.js';
import { runScenario } from './testing/scenario.js';
import { createTables, startStore } from './testing/store.js';

/**
 * Seeded scenarios of the whole member function. `npm test` runs the first few, `npm run test:faults` a thousand;
 * FAULT_SEED runs a single one again, FAULT_RUNS sets their number.
 */
const ONE_SEED = process.env.FAULT_SEED;
const RUNS = Number(process.env.FAULT_RUNS ?? 40);
const SEEDS = ONE_SEED ? [Number(ONE_SEED)] : Array.from({ length: RUNS }, (_, at) => at + 1);
/** How many scenarios run side by side: they wait for the store, not for each other. */
const SIDE_BY_SIDE = 4;

let store: LocalDynamoDB;

beforeAll(async () => {
  store = await startStore();
});

afterAll(async () => {
  await store.close();
});

test(`${SEEDS.length} scenarios of faults, kills and overlaps all end equal to the snapshot`, async () => {
  const total = { invocations: 0, changeSets: 0, killed: 0, threw: 0, continued: 0, handedOver: 0 };
  const failures: string[] = [];
  const seeds = SEEDS.values();
  const worker = async () => {
    for (const seed of seeds) {
      const { problems, ...counts } = await runScenario(
        seed,
        store.documents,
        await createTables(store, `seed-${seed}`),
      );
      for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += counts[key]; // its own keys
      if (problems.length > 0) failures.push(`FAULT_SEED=${seed}: ${problems.slice(0, 5).join('\n  ')}`);
    }
  };

  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));

  console.info(
    `${SEEDS.length} scenarios: ${total.invocations} invocations (${total.killed} killed, ${total.threw} failed, ` +
      `${total.continued} continued later, ${total.handedOver} handed over), ` +
      `${total.changeSets} change sets`,
  );
  expect(failures).toEqual([]);
  expect(total.changeSets).toBeGreaterThan(0);
}, 1_200_000);
