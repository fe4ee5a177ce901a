import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import dynalite from 'dynalite';
import type { TableName } from '../../shared/identifiers.js';
import { runScenario, type ScenarioTables } from './testing/scenario.js';

/**
 * Seeded scenarios of the whole member function. `npm test` runs the first few, `npm run test:faults` a thousand;
 * FAULT_SEED runs a single one again, FAULT_RUNS sets their number.
 */
const ONE_SEED = process.env.FAULT_SEED;
const RUNS = Number(process.env.FAULT_RUNS ?? 40);
const SEEDS = ONE_SEED ? [Number(ONE_SEED)] : Array.from({ length: RUNS }, (_, at) => at + 1);
/** How many scenarios run side by side: they wait for the store, not for each other. */
const SIDE_BY_SIDE = 4;

let server: Server;
let client: DynamoDBDocumentClient;

beforeAll(async () => {
  server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  client = DynamoDBDocumentClient.from(
    new DynamoDBClient({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'eu-west-1',
      credentials: { accessKeyId: '111111111111', secretAccessKey: 'none' },
    }),
  );
  await createTable('SyncTimestamps');
});

afterAll(async () => {
  client.destroy();
  await new Promise((resolve) => server.close(resolve));
});

async function createTable(name: string): Promise<TableName> {
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'ID', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'ID', KeyType: 'HASH' }],
    }),
  );
  return name as TableName; // it was just created under this name
}

async function tablesFor(seed: number): Promise<ScenarioTables> {
  return {
    client,
    names: {
      approved: await createTable(`Approved-${seed}`),
      rejected: await createTable(`Rejected-${seed}`),
    },
    syncTimestamps: 'SyncTimestamps' as TableName, // created before all tests
  };
}

test(`${SEEDS.length} scenarios of faults, kills and overlaps all end equal to the snapshot`, async () => {
  const total = { invocations: 0, changeSets: 0, killed: 0, threw: 0, continued: 0, handedOver: 0 };
  const failures: string[] = [];
  const seeds = SEEDS.values();
  const worker = async () => {
    for (const seed of seeds) {
      const { problems, ...counts } = await runScenario(seed, await tablesFor(seed));
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
