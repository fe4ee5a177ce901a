import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import type { ExperienceId, TableName } from '../../shared/identifiers.js';
import { seal } from '../../shared/notification.js';
import type { SyncTimestampsItem } from '../../shared/sync-timestamps.js';
import type { Log } from '../../shared/telemetry.js';
import { type CapturedMetrics, captureMetrics } from '../../shared/testing/captured-metrics.js';
import { type LocalDynamoDB, startDynamoDB } from '../../shared/testing/dynamodb.js';
import { lists } from '../../shared/testing/products.js';
import { VirtualClock } from '../../shared/testing/virtual-clock.js';
import type { ManagementConfiguration } from './configuration.js';
import { watchOrganizations } from './watch-organizations.js';

const NOW = Date.UTC(2026, 0, 2, 12);
const hoursAgo = (hours: number) => String((NOW - hours * 3_600_000) / 1000);

let dynamodb: LocalDynamoDB;
let configuration: ManagementConfiguration;
let captured: CapturedMetrics;
let logged: { readonly level: string; readonly [field: string]: unknown }[];
let tests = 0;

beforeAll(async () => {
  dynamodb = await startDynamoDB();
});

beforeEach(async () => {
  tests += 1;
  configuration = {
    experience: 'exp-abc123' as ExperienceId, // its form does not matter here
    tables: {
      approved: await dynamodb.createTable(`watch-${tests}-ApprovedProducts`),
      rejected: await dynamodb.createTable(`watch-${tests}-RejectedProducts`),
    },
    syncTimestampsTable: await dynamodb.createTable(`watch-${tests}-SyncTimestamps`),
    topicArn: 'arn:aws:sns:eu-central-1:111111111111:topic',
    alwaysNotify: true,
    staleAfterHours: 3,
  };
  captured = captureMetrics();
  logged = [];
});

afterAll(() => dynamodb.close());

async function report(...items: (Omit<SyncTimestampsItem, 'ID'> & { readonly ID: string })[]) {
  for (const Item of items) {
    await dynamodb.documents.send(new PutCommand({ TableName: configuration.syncTimestampsTable, Item }));
  }
}

function watch(documents: DynamoDBDocumentClient = dynamodb.documents) {
  const noting =
    (level: string): Log['info'] =>
    (message, ...more) => {
      logged.push({ level, message, ...Object.assign({}, ...more) });
    };
  return watchOrganizations(configuration, {
    documents,
    clock: new VirtualClock(NOW),
    metrics: captured.metrics,
    log: { debug: noting('debug'), info: noting('info'), warn: noting('warn'), error: noting('error') },
  });
}

it('Each organization has its age and its outcome as metrics, and all together how many need a look', async () => {
  await report(
    { ID: '222222222222', stamp: hoursAgo(1), outcome: 'synchronized' },
    { ID: '333333333333', stamp: hoursAgo(4.5), outcome: 'held back', reason: 'it would deny too much' },
    { ID: '444444444444', stamp: hoursAgo(2), outcome: 'partly failed', reason: 'exp-a failed' },
  );

  const census = await watch();

  expect(census).toEqual({ organizations: 3, behind: 1, failed: 1 });
  const FunctionName = 'function';
  expect(captured.published).toEqual([
    { FunctionName, Organization: '222222222222', HoursSinceSynchronization: 1, OutcomeLevel: 0 },
    { FunctionName, Organization: '333333333333', HoursSinceSynchronization: 4.5, OutcomeLevel: 2 },
    { FunctionName, Organization: '444444444444', HoursSinceSynchronization: 2, OutcomeLevel: 3 },
    { FunctionName, Organizations: 3, OrganizationsBehind: 1, OrganizationsFailed: 1 },
  ]);
});

it('The log says of each organization how it stands, and warns of those that need a look', async () => {
  await report(
    {
      ID: '222222222222',
      stamp: hoursAgo(1),
      outcome: 'synchronized',
      member_org_email: 'cloud@example.com',
    },
    {
      ID: '333333333333',
      stamp: hoursAgo(4.56),
      last_attempt_utc: new Date(NOW).toISOString(),
      outcome: 'held back',
      reason: 'it would deny too much',
    },
    { ID: '444444444444', outcome: 'failed', reason: 'no role' },
  );

  await watch();

  expect(logged).toMatchObject([
    { level: 'info', organization: '222222222222', hours_ago: 1, outcome: 'synchronized', behind: false },
    {
      level: 'warn',
      organization: '333333333333',
      hours_ago: 4.6,
      reason: 'it would deny too much',
      behind: true,
    },
    { level: 'warn', organization: '444444444444', last_synchronized_utc: 'never', outcome: 'failed' },
    { level: 'info', organizations: 3, behind: 2, failed: 1 },
  ]);
  expect(JSON.stringify(logged)).not.toContain('cloud@example.com');
});

it('An organization at its first attempt is told by when that began', async () => {
  await report({ ID: '222222222222', first_attempt_utc: new Date(NOW - 3_600_000).toISOString() });

  expect(await watch()).toEqual({ organizations: 1, behind: 0, failed: 0 });
  expect(captured.published[0]).toMatchObject({ HoursSinceSynchronization: 1, OutcomeLevel: 1 });
});

it('Without a member there is nothing behind', async () => {
  expect(await watch()).toEqual({ organizations: 0, behind: 0, failed: 0 });
});

it('Where members are told of changes only, the tables say whether an old synchronization is good enough', async () => {
  configuration = { ...configuration, alwaysNotify: false };
  await dynamodb.fill(configuration.tables.approved, ['prod-a', 'prod-b']);
  await dynamodb.fill(configuration.tables.rejected, ['prod-c']);
  const old = { stamp: hoursAgo(200), outcome: 'synchronized' } as const;
  await report(
    { ID: '222222222222', ...old, snapshot_seal: seal(lists(['prod-b', 'prod-a'], ['prod-c']), 1) },
    { ID: '333333333333', ...old, snapshot_seal: seal(lists(['prod-a'], ['prod-c']), 1) },
  );

  expect(await watch()).toEqual({ organizations: 2, behind: 1, failed: 0 });
});

it('A table that cannot be read is an error, and no metric pretends that nobody is behind', async () => {
  configuration = { ...configuration, syncTimestampsTable: 'gone' as TableName };

  await expect(watch()).rejects.toThrow('Requested resource not found');

  expect(captured.published).toEqual([]);
});
