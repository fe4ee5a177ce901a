import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { IdleClock } from '../../local/idle-clock.js';
import { OutOfTime } from '../../shared/catalog.js';
import { seal } from '../../shared/notification.js';
import type { SnapshotTables } from '../../shared/snapshot-tables.js';
import { createDynamoDBClient, type LocalDynamoDB, startDynamoDB } from '../../shared/testing/dynamodb.js';
import { lists, manyProducts } from '../../shared/testing/products.js';
import { InvocationTime } from './invocation-time.js';
import { readWholeSnapshot } from './read-snapshot.js';

const UNIT = 2000;
const SNAPSHOT = lists(manyProducts(40), ['prod-bad']);
const SEAL = seal(SNAPSHOT, Date.UTC(2026, 0, 1));

let dynamodb: LocalDynamoDB;
let pairs = 0;

beforeAll(async () => {
  dynamodb = await startDynamoDB();
});

afterAll(() => dynamodb.close());

/** Two tables, and a client for which time stands still while the server works. */
async function createTables(approved: readonly string[], rejected: readonly string[], stopAfterMs = 600_000) {
  pairs += 1;
  const tables: SnapshotTables = {
    approved: await dynamodb.createTable(`${pairs}-ApprovedProducts`),
    rejected: await dynamodb.createTable(`${pairs}-RejectedProducts`),
  };
  await dynamodb.fill(tables.approved, approved);
  await dynamodb.fill(tables.rejected, rejected);
  const clock = new IdleClock(Date.UTC(2026, 0, 1));
  const begun = clock.now();
  const client = DynamoDBDocumentClient.from(createDynamoDBClient(dynamodb.endpoint));
  let scans = 0;
  client.middlewareStack.add(
    (next, context) => (args) => {
      if (context.commandName === ScanCommand.name) scans += 1;
      return clock.tracked(next(args));
    },
    { step: 'initialize', name: 'count' },
  );
  const time = new InvocationTime(clock, UNIT, begun + stopAfterMs);
  return {
    tables,
    clock,
    read: (announced?: typeof SEAL) => clock.run(readWholeSnapshot(client, tables, announced, time)),
    /** How often both tables were read. */
    reads: () => scans / 2,
    elapsed: () => clock.now() - begun,
  };
}

it('A snapshot that matches what was announced is read once', async () => {
  const { read, reads, elapsed } = await createTables([...SNAPSHOT.approved], [...SNAPSHOT.rejected]);

  expect(await read(SEAL)).toEqual(SNAPSHOT);
  expect(reads()).toBe(1);
  expect(elapsed()).toBe(0);
});

it('A snapshot that nobody announced is taken as it is', async () => {
  const { read, reads } = await createTables(['prod-a'], []);

  expect(await read()).toEqual(lists(['prod-a']));
  expect(reads()).toBe(1);
});

it.each([
  ['an approved product is missing', [...SNAPSHOT.approved].slice(1), [...SNAPSHOT.rejected]],
  ['an approved product is too many', [...SNAPSHOT.approved, 'prod-new'], [...SNAPSHOT.rejected]],
  [
    'an approved product is another',
    [...[...SNAPSHOT.approved].slice(1), 'prod-new'],
    [...SNAPSHOT.rejected],
  ],
  ['a rejected product is missing', [...SNAPSHOT.approved], []],
  ['a rejected product is another', [...SNAPSHOT.approved], ['prod-worse']],
  ['both tables are empty', [], []],
])(
  'Tables that are not what was announced are read a few times, and then not used: %s',
  async (_, approved, rejected) => {
    const { read, reads, elapsed } = await createTables(approved, rejected);

    expect(await read(SEAL)).toBeUndefined();
    expect(reads()).toBe(4);
    expect(elapsed()).toBe((1 + 2 + 4) * UNIT);
  },
);

it('Tables that become what was announced while they are read again are used', async () => {
  const { tables, clock, read, reads } = await createTables([...SNAPSHOT.approved], []);
  const late = clock
    .sleep(1.5 * UNIT)
    .then(() => clock.tracked(dynamodb.fill(tables.rejected, ['prod-bad'])));

  expect(await read(SEAL)).toEqual(SNAPSHOT);
  await late;
  expect(reads()).toBe(3);
});

it('No table is read again when the time is over', async () => {
  const { read, reads } = await createTables([], [], 1.5 * UNIT);

  await expect(read(SEAL)).rejects.toThrow(OutOfTime);
  expect(reads()).toBe(2);
});

it('A table that does not exist is the error that DynamoDB gives', async () => {
  const { clock } = await createTables([], []);
  const nowhere = { approved: 'not-there', rejected: 'not-there-either' } as SnapshotTables; // as a typo would have it
  const time = new InvocationTime(clock, UNIT, clock.now() + 60_000);

  await expect(readWholeSnapshot(dynamodb.documents, nowhere, SEAL, time)).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
});
