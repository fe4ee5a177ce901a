import { DescribeEntityCommand, MarketplaceCatalogClient } from '@aws-sdk/client-marketplace-catalog';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { matches, readSeal } from '../../shared/notification.js';
import { readSnapshot, type SnapshotTables } from '../../shared/snapshot-tables.js';
import { type LocalDynamoDB, startDynamoDB } from '../../shared/testing/dynamodb.js';
import { lambdaContext } from '../../shared/testing/lambda-context.js';
import { lists } from '../../shared/testing/products.js';

const catalog = mockClient(MarketplaceCatalogClient);
const environment = process.env;
let dynamodb: LocalDynamoDB;
let messaging: FauxqsServer;
let tables: SnapshotTables;
let handler: typeof import('./sync-pmp-management.js').handler;

beforeAll(async () => {
  dynamodb = await startDynamoDB();
  messaging = await startFauxqs({ port: 0, logger: false, defaultRegion: 'eu-central-1' });
  tables = {
    approved: await dynamodb.createTable('exp-abc123-ApprovedProducts'),
    rejected: await dynamodb.createTable('exp-abc123-RejectedProducts'),
  };
  const { topicArn } = messaging.createTopic('exp-abc123-PrivateMarketplace', { region: 'eu-central-1' });
  messaging.createQueue('member', { region: 'eu-central-1' });
  messaging.subscribe({ topic: 'exp-abc123-PrivateMarketplace', queue: 'member', region: 'eu-central-1' });
  process.env = {
    ...environment,
    LOG_LEVEL: 'SILENT',
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
    AWS_ENDPOINT_URL_SNS: `http://127.0.0.1:${messaging.port}`,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    MANAGEMENT_EXPERIENCE_ID: 'exp-abc123',
    APPROVED_TABLE_NAME: tables.approved,
    REJECTED_TABLE_NAME: tables.rejected,
    SYNC_TIMESTAMPS_TABLE_NAME: 'exp-abc123-SyncTimestamps',
    SNS_TOPIC_ARN: topicArn,
  };
  ({ handler } = await import('./sync-pmp-management.js'));
});

beforeEach(() => {
  catalog.reset();
  catalog
    .on(DescribeEntityCommand, { EntityId: 'exp-abc123' })
    .resolves({ Details: JSON.stringify({ Status: 'Enabled', ProcurementPolicies: ['procpolicy-a'] }) })
    .on(DescribeEntityCommand, { EntityId: 'procpolicy-a' })
    .resolves({
      Details: JSON.stringify({
        Statements: [{ Effect: 'Allow', Resources: [{ Type: 'Product', Ids: ['prod-a', 'prod-b'] }] }],
      }),
    });
});

afterAll(async () => {
  process.env = environment;
  await messaging.stop();
  await dynamodb.close();
});

const messages = () => messaging.inspectQueue('member')?.messages.ready ?? [];

it('The handler refuses a malformed environment by name, before it reads anything', async () => {
  const { APPROVED_TABLE_NAME } = process.env;
  process.env.APPROVED_TABLE_NAME = '“exp-abc123-ApprovedProducts”';

  await expect(handler({}, lambdaContext(60_000))).rejects.toMatchObject({
    name: 'ConfigurationError',
    message: expect.stringMatching(/^APPROVED_TABLE_NAME is /),
  });

  expect(catalog.calls()).toHaveLength(0);
  expect(messages()).toHaveLength(0);
  process.env.APPROVED_TABLE_NAME = APPROVED_TABLE_NAME;
});

it.each([{}, null, 'anything', [1], { 'detail-type': 'Scheduled Event' }])(
  'The handler publishes the snapshot for an event of any content: %j',
  async (event) => {
    const before = messages().length;

    const summary = await handler(event, lambdaContext(60_000));

    expect(JSON.parse(JSON.stringify(summary))).toMatchObject({
      experience: 'exp-abc123',
      approved: { table: 'exp-abc123-ApprovedProducts', products: 2 },
      rejected: { products: 0 },
      notified: true,
    });
    expect(await readSnapshot(dynamodb.documents, tables)).toEqual(lists(['prod-a', 'prod-b']));
    expect(messages()).toHaveLength(before + 1);
  },
);

it('The notification reaches the queue in the SNS envelope, with a seal that fits the tables', async () => {
  await handler({}, lambdaContext(60_000));

  const envelope = JSON.parse(messages().at(-1)?.body ?? '') as { Type: string; Message: string }; // as SNS documents it
  const seal = readSeal(JSON.parse(envelope.Message));

  expect(envelope.Type).toBe('Notification');
  expect(JSON.parse(envelope.Message)).toMatchObject({ Action: 'Products-Updated' });
  expect(seal && matches(await readSnapshot(dynamodb.documents, tables), seal)).toBe(true);
});

it('The snapshot is published although the reports of the members cannot be read', async () => {
  await expect(
    dynamodb.documents.send(new ScanCommand({ TableName: 'exp-abc123-SyncTimestamps' })),
  ).rejects.toThrow('Requested resource not found');

  expect(await handler({}, lambdaContext(60_000))).toMatchObject({ notified: true });
});

it('The handler reads its environment once', async () => {
  process.env.MANAGEMENT_EXPERIENCE_ID = 'no experience';

  expect(await handler({}, lambdaContext(60_000))).toMatchObject({ experience: 'exp-abc123' });
});

it('The handler starts nothing in the last ten seconds before its time limit', async () => {
  await expect(handler({}, lambdaContext(10_000))).rejects.toThrow(
    /exp-abc123 could not be read \(OutOfTime/,
  );
  expect(catalog.calls()).toHaveLength(0);
});
