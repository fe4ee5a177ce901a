import { IdleClock } from '../../local/idle-clock.js';
import { seededRandom } from '../../local/random.js';
import { accountId, type ProductId, productId } from '../../shared/identifiers.js';
import type { ProductLists } from '../../shared/product-lists.js';
import type { LocalDynamoDB } from '../../shared/testing/dynamodb.js';
import { configurationFor, createTables, startStore } from './testing/store.js';
import { type Ending, MEMBER_ACCOUNT, ORGANIZATION_ACCOUNT, World } from './testing/world.js';

let store: LocalDynamoDB;

beforeAll(async () => {
  store = await startStore();
});

afterAll(async () => {
  await store.close();
});

const products = (from: number, to: number): ProductId[] =>
  Array.from({ length: to - from }, (_, at) => productId(`prod-${String(from + at).padStart(13, '0')}`));
const OLDER: ProductLists = { approved: new Set(products(0, 70)), rejected: new Set(products(70, 90)) };
const NEWER: ProductLists = { approved: new Set(products(30, 100)), rejected: new Set(products(0, 30)) };

/**
 * Two invocations: a newer snapshot is published, and its notification arrives, just before the first one's n-th
 * request.
 *
 * @returns how they ended, and what became of the experience; `undefined` when the first makes fewer requests.
 */
async function meetAt(meeting: number) {
  const clock = new IdleClock(Date.UTC(2026, 10, 23));
  const world = new World({
    clock,
    random: seededRandom(1), // the same course of events each time, up to the meeting
    catalog: { durationMs: [20_000, 40_000] },
    tables: store.documents,
    configuration: configurationFor(await createTables(store, `overlap-${meeting}`)),
    organization: accountId(`overlap-${meeting}`),
    limitMs: 900_000,
  });
  const experience = world.service.addExperience({
    owner: ORGANIZATION_ACCOUNT,
    sharedWith: [MEMBER_ACCOUNT],
    approved: products(60, 120),
  });
  let second: Promise<Ending> | undefined;
  const story = async () => {
    await world.publish(OLDER, 0, true);
    await world.invoke(world.takeMessage(), undefined, (request) => {
      if (request !== meeting) return;
      second = world.publish(NEWER, 0, true).then(() => world.invoke(world.takeMessage()));
    });
    await second;
  };
  await clock.run(story());
  return (
    second && { endings: world.endings, violations: world.violations, ...world.service.products(experience) }
  );
}

test('two overlapping invocations, whenever they meet, end with the newer snapshot and without an error', async () => {
  let meetings = 0;
  for (let met = await meetAt(1); met; met = await meetAt(meetings + 1)) {
    meetings += 1;

    const { endings, violations, approved, rejected } = met;

    expect({ meetings, endings: endings.map(({ kind }) => kind) }).toEqual({
      meetings,
      endings: ['returned', 'returned'],
    });
    expect(violations).toEqual([]);
    expect(approved).toEqual(NEWER.approved);
    expect(rejected).toEqual(new Set([...NEWER.rejected, ...products(100, 120)]));
  }
  expect(meetings).toBeGreaterThan(15);
}, 60_000);
