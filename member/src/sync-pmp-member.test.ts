import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchWriteCommand, DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { Accounts, serveOrganizations, serveSts } from '../../local/accounts.js';
import { serveCatalog } from '../../local/catalog/server.js';
import { CatalogService } from '../../local/catalog/service.js';
import type { LocalServer } from '../../local/http.js';
import { seededRandom } from '../../local/random.js';
import { serveTables } from '../../local/tables.js';
import { systemClock } from '../../shared/clock.js';
import { seal } from '../../shared/notification.js';
import { lambdaContext } from '../../shared/testing/lambda-context.js';
import { lists, manyProducts } from '../../shared/testing/products.js';

const MANAGEMENT = '111111111111';
const MEMBER = '222222222222';
const OWNER = '333333333333';
const REGION = 'eu-west-1';
const ROLE = `arn:aws:iam::${MANAGEMENT}:role/mgmt-MemberOrgAccountRole`;
/** How long a change set takes, in milliseconds. */
const CHANGE_SET = 400;
/** Approving them takes two change sets. */
const APPROVED = manyProducts(60);
const SNAPSHOT = lists(APPROVED, ['prod-bad']);

const environment = process.env;
const servers: { stop(): Promise<void> }[] = [];
let catalog: CatalogService;
let queues: FauxqsServer;
let tables: LocalServer;
let owner: DynamoDBDocumentClient;
let handler: typeof import('./sync-pmp-member.js').handler;

/** The function's environment, on servers of this machine; time is compressed a hundredfold. */
beforeAll(async () => {
  catalog = new CatalogService({
    clock: systemClock,
    random: seededRandom(1),
    settings: { durationMs: [CHANGE_SET, CHANGE_SET], quotas: 'off' },
  });
  const accounts = new Accounts({ clock: systemClock, random: seededRandom(1) });
  accounts.addRole(ROLE, MEMBER);
  accounts.addToOrganization(MEMBER, { managementAccount: OWNER, managementEmail: 'owner@example.com' });
  const catalogServer = await serveCatalog(catalog);
  const sts = await serveSts(accounts);
  const organizations = await serveOrganizations(accounts);
  tables = await serveTables({ accounts, account: MANAGEMENT, region: REGION });
  queues = await startFauxqs({ port: 0, logger: false, defaultRegion: 'eu-central-1' });
  servers.push(catalogServer, sts, organizations, tables, queues);
  const { queueUrl } = queues.createQueue('member', { region: 'eu-central-1' });
  owner = DynamoDBDocumentClient.from(
    new DynamoDBClient({
      region: REGION,
      endpoint: tables.url,
      credentials: { accessKeyId: MANAGEMENT, secretAccessKey: 'local' },
    }),
  );
  for (const TableName of [
    'exp-abc123-ApprovedProducts',
    'exp-abc123-RejectedProducts',
    'exp-abc123-SyncTimestamps',
  ]) {
    await owner.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [{ AttributeName: 'ID', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'ID', AttributeType: 'S' }],
      }),
    );
  }
  process.env = {
    ...environment,
    LOG_LEVEL: 'SILENT',
    POWERTOOLS_METRICS_DISABLED: 'true',
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: MEMBER,
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_MARKETPLACE_CATALOG: catalogServer.url,
    AWS_ENDPOINT_URL_STS: sts.url,
    AWS_ENDPOINT_URL_ORGANIZATIONS: organizations.url,
    AWS_ENDPOINT_URL_DYNAMODB: tables.url,
    AWS_ENDPOINT_URL_SQS: `http://127.0.0.1:${queues.port}`,
    CROSS_ACCOUNT_ACCESS_ROLE_ARN: ROLE,
    SNS_TOPIC_ARN: `arn:aws:sns:${REGION}:${MANAGEMENT}:exp-abc123-PrivateMarketplace`,
    APPROVED_TABLE_NAME: 'exp-abc123-ApprovedProducts',
    REJECTED_TABLE_NAME: 'exp-abc123-RejectedProducts',
    SYNC_TIMESTAMPS_TABLE_NAME: 'exp-abc123-SyncTimestamps',
    MEMBER_EXPERIENCE_IDS: '',
    QUEUE_URL: `http://127.0.0.1:${queues.port}${new URL(queueUrl).pathname}`,
    POLL_SECONDS: '0.02',
    STOP_MARGIN_SECONDS: '0.6',
  };
  for (const [table, ids] of [
    ['exp-abc123-ApprovedProducts', SNAPSHOT.approved],
    ['exp-abc123-RejectedProducts', SNAPSHOT.rejected],
  ] as const) {
    for (let at = 0; at < ids.size; at += 25) {
      const puts = [...ids].slice(at, at + 25).map((ID) => ({ PutRequest: { Item: { ID } } }));
      await owner.send(new BatchWriteCommand({ RequestItems: { [table]: puts } }));
    }
  }
  ({ handler } = await import('./sync-pmp-member.js'));
});

afterAll(async () => {
  process.env = environment;
  owner.destroy();
  for (const server of servers) await server.stop();
});

async function item(): Promise<Record<string, unknown> | undefined> {
  const { Item } = await owner.send(
    new GetCommand({ TableName: 'exp-abc123-SyncTimestamps', Key: { ID: OWNER } }),
  );
  return Item;
}

const messages = () => queues.inspectQueue('member')?.messages.ready ?? [];
const addExperience = (approved: readonly string[] = ['prod-old']) =>
  catalog.addExperience({ owner: OWNER, sharedWith: [MEMBER], approved });

describe('Before anything is read or changed, the handler refuses', () => {
  it.each([
    ['APPROVED_TABLE_NAME', '“exp-abc123-ApprovedProducts”'],
    ['MEMBER_EXPERIENCE_IDS', '“exp-abc”, “exp-def”'],
    ['QUEUE_URL', undefined],
    ['CROSS_ACCOUNT_ACCESS_ROLE_ARN', ''],
    ['POLL_SECONDS', 'often'],
  ])('an environment in which %s is %p, and names it', async (name, value) => {
    const before = process.env[name];
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;

    const run = handler({}, lambdaContext(60_000));

    await expect(run).rejects.toMatchObject({
      name: 'ConfigurationError',
      message: expect.stringMatching(new RegExp(`^${name} `)),
    });
    process.env[name] = before;
    expect(catalog.log).toEqual([]);
    expect(await item()).toBeUndefined();
  });

  it('a test event that asks for a mode that does not exist', async () => {
    await expect(handler({ mode: 'dryrun' }, lambdaContext(60_000))).rejects.toMatchObject({
      name: 'UnknownRequest',
    });
    expect(catalog.log).toEqual([]);
    expect(await item()).toBeUndefined();
  });
});

describe('The handler', () => {
  it('returns for {"mode": "dry-run"} what would be done, and changes nothing', async () => {
    const experience = addExperience();

    const summary = await handler({ mode: 'dry-run' }, lambdaContext(60_000));

    expect(summary).toEqual({
      outcome: 'dry run',
      mode: 'dry-run',
      snapshot: { approved: 60, rejected: 1 },
      experiences: [
        {
          id: experience,
          outcome: 'would change',
          reason: expect.any(String),
          approvedCount: 60,
          approved: APPROVED,
          deniedCount: 2,
          denied: ['prod-bad', 'prod-old'],
          refused: [],
          refusedCount: 0,
          changeSets: 0,
          remaining: 62,
        },
      ],
      skipped: [],
    });
    expect(catalog.products(experience).approved).toEqual(new Set(['prod-old']));
    expect(await item()).toBeUndefined();
  });

  it('synchronizes for a notification, and returns a summary that a person can read', async () => {
    const experience = addExperience();
    const Message = JSON.stringify({ Action: 'Products-Updated', Snapshot: seal(SNAPSHOT, Date.now()) });
    const event = {
      Records: [{ body: JSON.stringify({ Type: 'Notification', MessageId: 'note-1', Message }) }],
    };

    const summary = await handler(event, lambdaContext(60_000));

    expect(summary).toMatchObject({ outcome: 'synchronized', mode: 'sync', organization: OWNER });
    expect(summary.experiences.find(({ id }) => id === experience)).toMatchObject({
      outcome: 'synchronized',
      approvedCount: 60,
      deniedCount: 2,
      changeSets: 2,
      remaining: 0,
    });
    expect(catalog.products(experience)).toEqual({
      approved: SNAPSHOT.approved,
      rejected: new Set(['prod-bad', 'prod-old']),
    });
    expect(await item()).toMatchObject({
      outcome: 'synchronized',
      member_org_email: 'owner@example.com',
      member_account_id: '111111111111', // the account in the function's ARN
    });
  });

  it.each([{}, null, 'anything', [1], { key1: 'value1' }])(
    'synchronizes for a manual test event of any content: %j',
    async (event) => {
      const experience = addExperience([...APPROVED, 'prod-old']);

      expect(await handler(event, lambdaContext(60_000))).toMatchObject({ outcome: 'synchronized' });
      expect(catalog.products(experience).approved).toEqual(SNAPSHOT.approved);
    },
  );

  it('learns its time limit from Lambda, stops before it, and has itself continued', async () => {
    const experience = addExperience();
    const begun = Date.now();

    // What is left besides the margin is less than the two change sets take.
    const limit = 600 + 1.75 * CHANGE_SET;
    const summary = await handler({}, lambdaContext(limit));

    expect(Date.now() - begun).toBeLessThan(limit);
    expect(summary.outcome).toBe('in progress');
    const [message] = messages();
    expect(JSON.parse(message?.body ?? '{}')).toMatchObject({ Action: 'Continue-Synchronization' });

    const continued = await handler({ Records: [{ body: message?.body }] }, lambdaContext(60_000));

    expect(continued.outcome).toBe('synchronized');
    expect(catalog.products(experience).approved).toEqual(SNAPSHOT.approved);
    expect(messages()).toHaveLength(1);
  });

  it('throws what a later try may mend, so that the queue brings the message back', async () => {
    const experience = addExperience();
    const theirs = catalog.lock(experience, 60_000);

    await expect(handler({}, lambdaContext(900))).rejects.toMatchObject({
      name: 'SynchronizationFailed',
      message: expect.stringContaining(theirs),
    });
  });
});
