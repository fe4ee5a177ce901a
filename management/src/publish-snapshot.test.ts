import { DescribeEntityCommand, MarketplaceCatalogClient } from '@aws-sdk/client-marketplace-catalog';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { BatchWriteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import type { ExperienceId, TableName } from '../../shared/identifiers.js';
import { matches, readSeal } from '../../shared/notification.js';
import { readSnapshot } from '../../shared/snapshot-tables.js';
import { type LocalDynamoDB, startDynamoDB } from '../../shared/testing/dynamodb.js';
import { lists, manyProducts } from '../../shared/testing/products.js';
import { VirtualClock } from '../../shared/testing/virtual-clock.js';
import type { ManagementConfiguration } from './configuration.js';
import { publishSnapshot, SnapshotNotPublished } from './publish-snapshot.js';
import { UnreadableExperience } from './read-source.js';

const catalog = mockClient(MarketplaceCatalogClient);
const topic = mockClient(SNSClient);
const experience = 'exp-abc123' as ExperienceId;
const topicArn = 'arn:aws:sns:eu-central-1:111111111111:exp-abc123-PrivateMarketplace';

let dynamodb: LocalDynamoDB;
let configuration: ManagementConfiguration;
let warnings: string[];
let tests = 0;

beforeAll(async () => {
  dynamodb = await startDynamoDB();
});

beforeEach(async () => {
  tests += 1;
  configuration = {
    experience,
    tables: {
      approved: await dynamodb.createTable(`publish-${tests}-ApprovedProducts`),
      rejected: await dynamodb.createTable(`publish-${tests}-RejectedProducts`),
    },
    syncTimestampsTable: `publish-${tests}-SyncTimestamps` as TableName,
    topicArn,
    alwaysNotify: true,
    staleAfterHours: 3,
  };
  catalog.reset();
  topic.reset();
  topic.on(PublishCommand).resolves({ MessageId: 'message-1' });
  warnings = [];
});

afterAll(() => dynamodb.close());

/** Lets the Catalog API show an experience with one procurement policy. */
function experienceHolds(
  approved: readonly string[],
  rejected: readonly string[] = [],
  state: object = { Status: 'Enabled' },
): void {
  const statement = (Effect: string, Ids: readonly string[]) => ({
    Effect,
    Resources: [{ Type: 'Product', Ids }],
  });
  catalog
    .on(DescribeEntityCommand, { EntityId: experience })
    .resolves({ Details: JSON.stringify({ ...state, ProcurementPolicies: ['procpolicy-a'] }) })
    .on(DescribeEntityCommand, { EntityId: 'procpolicy-a' })
    .resolves({
      Details: JSON.stringify({ Statements: [statement('Allow', approved), statement('Deny', rejected)] }),
    });
}

function run(changes: Partial<ManagementConfiguration> = {}, documents = dynamodb.documents) {
  const clock = new VirtualClock();
  const none = () => {};
  const log = {
    debug: none,
    info: none,
    error: none,
    warn: (...text: readonly unknown[]) => void warnings.push(String(text[0])),
  };
  const services = {
    catalogClient: new MarketplaceCatalogClient({ region: 'us-east-1' }),
    documents,
    sns: new SNSClient({ region: 'eu-central-1' }),
    clock,
    log,
  };
  return publishSnapshot({ ...configuration, ...changes }, services, clock.now() + 60_000);
}

const inTables = () => readSnapshot(dynamodb.documents, configuration.tables);
const published = () => topic.commandCalls(PublishCommand).map(({ args }) => args[0].input);

/** Calls `before` with each BatchWriteItem request that a client is about to send. @returns what ends that. */
function watchWrites(
  documents: DynamoDBDocumentClient,
  before: (input: BatchWriteCommand['input']) => void | Promise<void>,
) {
  documents.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        if (commandName === 'BatchWriteItemCommand') await before(args.input as BatchWriteCommand['input']); // by its name
        return next(args);
      },
    { step: 'initialize', name: 'watchWrites' },
  );
  return () => documents.middlewareStack.remove('watchWrites');
}

describe('A run', () => {
  it('makes the tables equal to the experience, tells the members, and says what it did', async () => {
    await dynamodb.fill(configuration.tables.approved, ['prod-stays', 'prod-gone']);
    await dynamodb.fill(configuration.tables.rejected, ['prod-freed']);
    experienceHolds(['prod-stays', 'prod-freed', 'prod-new'], ['prod-bad', 'prod-worse']);

    const summary = await run();

    expect(await inTables()).toEqual(
      lists(['prod-stays', 'prod-freed', 'prod-new'], ['prod-bad', 'prod-worse']),
    );
    expect(summary).toEqual({
      experience,
      procurementPolicies: 1,
      approved: { table: configuration.tables.approved, products: 3, added: 2, removed: 1 },
      rejected: { table: configuration.tables.rejected, products: 2, added: 2, removed: 1 },
      notified: true,
      notificationId: 'message-1',
      reason: 'The experience has changed since the tables were last written.',
    });
  });

  it('publishes what every member understands, and a seal that fits the tables', async () => {
    experienceHolds(['prod-a', 'prod-b'], ['prod-c']);

    await run();

    const [{ TopicArn, Message } = {}] = published();
    const message: unknown = JSON.parse(Message ?? '');
    expect(TopicArn).toBe(topicArn);
    expect(message).toMatchObject({ Action: 'Products-Updated' });
    const seal = readSeal(message);
    expect(seal && matches(await inTables(), seal)).toBe(true);
  });

  it('writes differences only', async () => {
    await dynamodb.fill(configuration.tables.approved, manyProducts(100));
    experienceHolds([...manyProducts(99), 'prod-new']);
    const written: unknown[] = [];
    const stop = watchWrites(dynamodb.documents, ({ RequestItems }) => {
      written.push(...Object.values(RequestItems ?? {}).flat());
    });

    await run();
    stop();

    expect(written).toEqual([
      { PutRequest: { Item: { ID: 'prod-new' } } },
      { DeleteRequest: { Key: { ID: manyProducts(100).at(-1) } } },
    ]);
  });

  it('writes all additions before the first deletion, so that a product that moves is never in neither table', async () => {
    const movedOut = manyProducts(120, 'out-');
    const movedIn = manyProducts(120, 'in-');
    await dynamodb.fill(configuration.tables.approved, movedOut);
    await dynamodb.fill(configuration.tables.rejected, movedIn);
    experienceHolds(movedIn, movedOut);
    const moments: number[] = [];
    const stop = watchWrites(dynamodb.documents, async () => {
      const { approved, rejected } = await inTables();
      moments.push([...movedOut, ...movedIn].filter((id) => approved.has(id) || rejected.has(id)).length);
    });

    await run();
    stop();

    expect(moments.length).toBeGreaterThanOrEqual(20);
    expect(new Set(moments)).toEqual(new Set([240]));
    expect(await inTables()).toEqual(lists(movedIn, movedOut));
  });

  it('takes 30,000 products to the tables, and finds them equal the next time', async () => {
    experienceHolds(manyProducts(29_000), manyProducts(1_000, 'no-'));

    const first = await run();
    const second = await run();

    expect(first.approved).toMatchObject({ products: 29_000, added: 29_000, removed: 0 });
    expect(await inTables()).toEqual(lists(manyProducts(29_000), manyProducts(1_000, 'no-')));
    expect(second.approved).toMatchObject({ products: 29_000, added: 0, removed: 0 });
    expect(second.rejected).toMatchObject({ products: 1_000, added: 0, removed: 0 });
  }, 60_000);

  it('empties the tables for an experience whose policy decides nothing', async () => {
    await dynamodb.fill(configuration.tables.approved, ['prod-gone']);
    experienceHolds([]);

    await run();

    expect(await inTables()).toEqual(lists([]));
  });

  it('leaves a product that the experience holds in both lists in both tables', async () => {
    experienceHolds(['prod-a', 'prod-b'], ['prod-b']);

    await run();

    expect(await inTables()).toEqual(lists(['prod-a', 'prod-b'], ['prod-b']));
  });

  it.each([
    ['not enabled', { Status: 'Disabled' }],
    ['archived', { Status: 'Enabled', AdminStatus: 'Archived' }],
  ])('warns of an experience that is %s, and publishes it all the same', async (what, state) => {
    experienceHolds(['prod-a'], [], state);

    await run();

    expect(warnings).toEqual([expect.stringContaining(`exp-abc123 is ${what}: `)]);
    expect(await inTables()).toEqual(lists(['prod-a']));
  });

  it('that another one overtakes does not delete what the other one added', async () => {
    experienceHolds(['prod-a']);
    await run();
    // The slow run has looked at the tables, but not yet at the experience, when the other one does all of its work.
    let overtaken = false;
    catalog.on(DescribeEntityCommand, { EntityId: experience }).callsFake(async () => {
      if (!overtaken) {
        overtaken = true;
        experienceHolds(['prod-a', 'prod-new']);
        await run();
        experienceHolds(['prod-a']);
      }
      return { Details: JSON.stringify({ Status: 'Enabled', ProcurementPolicies: ['procpolicy-a'] }) };
    });

    await run();

    expect(await inTables()).toEqual(lists(['prod-a', 'prod-new']));
  });
});

describe('A run that finds no change', () => {
  beforeEach(async () => {
    await dynamodb.fill(configuration.tables.approved, ['prod-a']);
    experienceHolds(['prod-a']);
  });

  it('notifies the members when it always does', async () => {
    const summary = await run();

    expect(published()).toHaveLength(1);
    expect(summary).toMatchObject({ notified: true, reason: expect.stringContaining('after every run') });
  });

  it('notifies nobody when members are told of changes only', async () => {
    const summary = await run({ alwaysNotify: false });

    expect(published()).toHaveLength(0);
    expect(summary).toMatchObject({ notified: false, reason: expect.stringContaining('of changes only') });
  });
});

describe('Where members are told of changes only, a change', () => {
  const changesOnly = { alwaysNotify: false };

  it.each([
    ['of additions', [], ['prod-a', 'prod-b']],
    ['of deletions', ['prod-a', 'prod-b'], []],
    ['of both', ['prod-a'], ['prod-b']],
    ['of a single product', [], ['prod-a']],
  ])('%s is told once, and is in the tables then', async (_, before, after) => {
    await dynamodb.fill(configuration.tables.approved, before);
    experienceHolds(after);

    const first = await run(changesOnly);
    const second = await run(changesOnly);

    expect(await inTables()).toEqual(lists(after));
    expect([first.notified, second.notified]).toEqual([true, false]);
    expect(published()).toHaveLength(1);
    const seal = readSeal(JSON.parse(published()[0]?.Message ?? ''));
    expect(seal && matches(await inTables(), seal)).toBe(true);
  });

  it('that could not be told is told by the next run', async () => {
    await dynamodb.fill(configuration.tables.approved, ['prod-a']);
    experienceHolds(['prod-b', 'prod-c'], ['prod-d']);
    topic.on(PublishCommand).rejectsOnce(new Error('no topic')).resolves({});

    await expect(run(changesOnly)).rejects.toThrow(SnapshotNotPublished);
    const next = await run(changesOnly);

    expect(next.notified).toBe(true);
    expect(published()).toHaveLength(2);
    expect(await inTables()).toEqual(lists(['prod-b', 'prod-c'], ['prod-d']));
  });

  it('is told even if the function is killed before any of its writes', async () => {
    const before = ['prod-a', 'prod-b'];
    const after = ['prod-b', 'prod-c'];
    for (const killedAt of [1, 2, 3]) {
      configuration = { ...configuration, tables: await freshTables(`${tests}-${killedAt}`, before) };
      experienceHolds(after, ['prod-d']);
      topic.resetHistory();
      let writes = 0;
      const stop = watchWrites(dynamodb.documents, () => {
        writes += 1;
        if (writes === killedAt) throw new Error('killed');
      });
      await expect(run(changesOnly)).rejects.toThrow('killed');
      stop();

      const next = await run(changesOnly);

      expect(next.notified).toBe(true);
      expect(await inTables()).toEqual(lists(after, ['prod-d']));
    }
  });

  async function freshTables(name: string, approved: readonly string[]) {
    const tables = {
      approved: await dynamodb.createTable(`fresh-${name}-ApprovedProducts`),
      rejected: await dynamodb.createTable(`fresh-${name}-RejectedProducts`),
    };
    await dynamodb.fill(tables.approved, approved);
    return tables;
  }
});

describe('A run that fails', () => {
  it('because the experience cannot be read leaves the tables as they are, and notifies nobody', async () => {
    await dynamodb.fill(configuration.tables.approved, ['prod-a']);
    catalog.on(DescribeEntityCommand).rejects(
      Object.assign(new Error('gone'), {
        name: 'ResourceNotFoundException',
        $metadata: { httpStatusCode: 404 },
      }),
    );

    await expect(run()).rejects.toThrow(UnreadableExperience);

    expect(await inTables()).toEqual(lists(['prod-a']));
    expect(published()).toHaveLength(0);
  });

  it('because a table is missing names both tables, writes nothing, and notifies nobody', async () => {
    experienceHolds(['prod-a']);
    const tables = { ...configuration.tables, rejected: 'no-such-table' as TableName };

    const failure = run({ tables });

    await expect(failure).rejects.toThrow(SnapshotNotPublished);
    await expect(failure).rejects.toThrow(
      /^The tables publish-\d+-ApprovedProducts and no-such-table could not be read \(ResourceNotFoundException: .*They stay as they are and nobody is notified/,
    );
    expect(await inTables()).toEqual(lists([]));
    expect(published()).toHaveLength(0);
  });

  it('because a table cannot be written notifies nobody', async () => {
    experienceHolds(['prod-a']);
    const stop = watchWrites(dynamodb.documents, () => {
      throw Object.assign(new Error('not you'), { name: 'AccessDeniedException' });
    });

    await expect(run()).rejects.toThrow(
      /could not be made equal to exp-abc123 \(AccessDeniedException: not you\)\. The next run writes what is missing/,
    );
    stop();

    expect(published()).toHaveLength(0);
  });

  it('because the topic refuses names the topic', async () => {
    experienceHolds(['prod-a']);
    topic.on(PublishCommand).rejects(Object.assign(new Error('gone'), { name: 'NotFoundException' }));

    await expect(run()).rejects.toThrow(
      `The members could not be notified through ${topicArn} (NotFoundException: gone).`,
    );
  });
});
