import { OrganizationsClient } from '@aws-sdk/client-organizations';
import { type SendMessageCommandInput, SQSClient } from '@aws-sdk/client-sqs';
import { STSClient } from '@aws-sdk/client-sts';
import { BatchWriteCommand, DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import type { MiddlewareStack } from '@aws-sdk/types';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { Accounts, serveOrganizations, serveSts } from '../../local/accounts.js';
import type { CatalogSettings } from '../../local/catalog/settings.js';
import type { LocalServer } from '../../local/http.js';
import { seededRandom } from '../../local/random.js';
import { systemClock } from '../../shared/clock.js';
import { accountId, type TableName } from '../../shared/identifiers.js';
import { seal } from '../../shared/notification.js';
import type { ProductLists } from '../../shared/product-lists.js';
import { readSnapshot } from '../../shared/snapshot-tables.js';
import { createDynamoDBClient, type LocalDynamoDB, startDynamoDB } from '../../shared/testing/dynamodb.js';
import { lists, manyProducts } from '../../shared/testing/products.js';
import { readConfiguration } from './configuration.js';
import { plan, size } from './plan.js';
import { type Clients, synchronizeOrganization } from './synchronize-organization.js';
import { CHANGE_SET, createMarketplace, MEMBER, type Mishaps, OWNER } from './testing/marketplace.js';
import { readTrigger } from './trigger.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** The member function's time limit, and how long before it nothing is started any more. */
const LIMIT = 15 * MINUTE;
const MARGIN = MINUTE;

const NEW = manyProducts(120);
const OLD = manyProducts(70, 'old-');
const KEPT = manyProducts(10, 'kept-');
const SNAPSHOT = lists([...KEPT, ...NEW], ['prod-bad']);
const BEFORE = { approved: [...KEPT, ...OLD] };

let dynamodb: LocalDynamoDB;
let queues: FauxqsServer;
let organizations: LocalServer;
let sts: LocalServer;
let stacks = 0;

/** An account whose organization does not let it ask which organization it is in. */
const UNTOLD = '444444444444';

beforeAll(async () => {
  dynamodb = await startDynamoDB();
  queues = await startFauxqs({ port: 0, logger: false, defaultRegion: 'eu-central-1' });
  const accounts = new Accounts({ clock: systemClock, random: seededRandom(1) });
  const organization = { managementAccount: OWNER, managementEmail: 'owner@example.com' };
  accounts.addToOrganization(MEMBER, organization);
  accounts.addToOrganization(UNTOLD, { ...organization, refusedTo: [UNTOLD] });
  organizations = await serveOrganizations(accounts);
  sts = await serveSts(accounts);
});

afterAll(async () => {
  await Promise.all([dynamodb.close(), queues.stop(), organizations.stop(), sts.stop()]);
});

/** What a test says of its member stack. */
interface StackOptions {
  readonly settings?: Partial<CatalogSettings>;
  readonly mishaps?: Mishaps;
  /** Variables of the function beside those that it needs. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly account?: string;
}

/**
 * A member stack: its function as far as it can be called without Lambda, on real servers of DynamoDB, SQS, STS and
 * Organizations, with the local Marketplace, in virtual time.
 */
async function createStack({ settings, mishaps, environment, account = MEMBER }: StackOptions = {}) {
  stacks += 1;
  const marketplace = createMarketplace(settings, mishaps);
  const { clock } = marketplace;
  const queue = `queue-${stacks}`;
  const { queueUrl } = queues.createQueue(queue, { region: 'eu-central-1' });
  const tables = {
    approved: await dynamodb.createTable(`stack-${stacks}-ApprovedProducts`),
    rejected: await dynamodb.createTable(`stack-${stacks}-RejectedProducts`),
  };
  const configuration = readConfiguration({
    CROSS_ACCOUNT_ACCESS_ROLE_ARN: 'arn:aws:iam::111111111111:role/member',
    SNS_TOPIC_ARN: 'arn:aws:sns:eu-central-1:111111111111:exp-abc123-PrivateMarketplace',
    APPROVED_TABLE_NAME: tables.approved,
    REJECTED_TABLE_NAME: tables.rejected,
    SYNC_TIMESTAMPS_TABLE_NAME: await dynamodb.createTable(`stack-${stacks}-SyncTimestamps`),
    QUEUE_URL: `http://127.0.0.1:${queues.port}${new URL(queueUrl).pathname}`,
    ...environment,
  });
  const credentials = { accessKeyId: account, secretAccessKey: 'local' };
  const region = 'eu-central-1';
  const clients: Clients = {
    catalog: marketplace.client,
    tables: DynamoDBDocumentClient.from(createDynamoDBClient(dynamodb.endpoint)),
    organizations: new OrganizationsClient({ region, credentials, endpoint: organizations.url }),
    sts: new STSClient({ region, credentials, endpoint: sts.url }),
    sqs: new SQSClient({ region, credentials, endpoint: `http://127.0.0.1:${queues.port}` }),
  };
  const standStill = <Input extends object, Output extends object>(client: {
    readonly middlewareStack: MiddlewareStack<Input, Output>;
  }) =>
    client.middlewareStack.add((next) => (args) => clock.tracked(next(args)), {
      step: 'initialize',
      name: 'timeStandsStill',
      priority: 'low',
    });
  // Time stands still while one of these servers works.
  standStill(clients.tables);
  standStill(clients.organizations);
  standStill(clients.sts);
  standStill(clients.sqs);
  /** What happens as soon as a message is in the queue, before its sender knows that it is. */
  const arrivals: ((body: string) => Promise<unknown>)[] = [];
  clients.sqs.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args);
      await arrivals.shift()?.((args.input as SendMessageCommandInput).MessageBody ?? ''); // nothing else is sent
      return answer;
    },
    { step: 'initialize', name: 'arrive', priority: 'high' },
  );
  let received = 0;

  const stack = {
    ...marketplace,
    arrivals,
    /** Invokes the function now. */
    invoke: (event: unknown, limitMs = LIMIT) =>
      synchronizeOrganization(configuration, clients, clock, marketplace.log, {
        trigger: readTrigger(event),
        endsAt: clock.now() + limitMs,
        account: accountId(account),
      }),
    /** Makes the tables hold a snapshot. @returns the event that announces it. */
    async publish(snapshot: ProductLists) {
      const before = await readSnapshot(dynamodb.documents, tables);
      await write(tables.approved, snapshot.approved, before.approved);
      await write(tables.rejected, snapshot.rejected, before.rejected);
      return notification(snapshot, clock.now());
    },
    async item(organization = OWNER): Promise<Record<string, unknown>> {
      const { Item } = await clock.tracked(
        dynamodb.documents.send(
          new GetCommand({ TableName: configuration.syncTimestampsTable, Key: { ID: organization } }),
        ),
      );
      return Item ?? {};
    },
    /** The messages that came since the last look, as events; those that are delayed, too. */
    messages() {
      const { ready = [], delayed = [] } = queues.inspectQueue(queue)?.messages ?? {};
      const all = [...ready, ...delayed].slice(received);
      received += all.length;
      return all.map(({ body }) => ({ Records: [{ body }] }));
    },
    delayed: () => queues.inspectQueue(queue)?.messages.delayed ?? [],
    lack(experience: string, snapshot: ProductLists): number {
      const { approved, rejected } = marketplace.service.products(experience);
      return size(plan(snapshot, lists([...approved], [...rejected])));
    },
    errors: () => marketplace.lines.filter(({ level }) => level === 'error'),
  };
  return stack;
}

async function write(table: TableName, wanted: ReadonlySet<string>, before: ReadonlySet<string>) {
  const requests = [
    ...[...wanted.difference(before)].map((ID) => ({ PutRequest: { Item: { ID } } })),
    ...[...before.difference(wanted)].map((ID) => ({ DeleteRequest: { Key: { ID } } })),
  ];
  for (let at = 0; at < requests.length; at += 25) {
    await dynamodb.documents.send(
      new BatchWriteCommand({ RequestItems: { [table]: requests.slice(at, at + 25) } }),
    );
  }
}

/** A notification of a snapshot, as it comes out of the queue. */
function notification(snapshot: ProductLists, taken: number) {
  const Message = JSON.stringify({ Action: 'Products-Updated', Snapshot: seal(snapshot, taken) });
  return { Records: [{ body: JSON.stringify({ Type: 'Notification', MessageId: 'note-1', Message }) }] };
}

const bodyOf = (event: { Records: { body: string }[] } | undefined) =>
  JSON.parse(event?.Records[0]?.body ?? '{}');

describe('A synchronization', () => {
  it('makes the experiences equal to the snapshot, and says so in its summary and in SyncTimestamps', async () => {
    const stack = await createStack();
    const experience = stack.add(BEFORE);
    const archived = stack.add({ archived: true });
    const event = await stack.publish(SNAPSHOT);

    const summary = await stack.clock.run(stack.invoke(event));

    expect(stack.lack(experience, SNAPSHOT)).toBe(0);
    expect(summary).toEqual({
      outcome: 'synchronized',
      mode: 'sync',
      organization: OWNER,
      snapshot: { approved: 130, rejected: 1 },
      experiences: [
        {
          id: experience,
          outcome: 'synchronized',
          approvedCount: 120,
          approved: expect.arrayContaining([...NEW]),
          deniedCount: 71,
          denied: expect.arrayContaining([...OLD, 'prod-bad']),
          refused: [],
          refusedCount: 0,
          changeSets: 3,
          remaining: 0,
        },
      ],
      skipped: [{ id: archived, reason: 'the experience is archived' }],
    });
    const now = stack.clock.now();
    expect(await stack.item()).toEqual({
      ID: OWNER,
      member_org_email: 'owner@example.com',
      stamp: String(now / 1000),
      update_time_utc: new Date(now).toISOString(),
      experiences_updated: 1,
      experience_ids: [experience],
      first_attempt_utc: expect.any(String),
      last_attempt_utc: new Date(now).toISOString(),
      outcome: 'synchronized',
      remaining: 0,
      experiences: [{ id: experience, outcome: 'synchronized', approved: 130, rejected: 71, remaining: 0 }],
      experience_count: 1,
      refused: [],
      refused_count: 0,
      snapshot_approved: 130,
      snapshot_rejected: 1,
      snapshot_seal: seal(SNAPSHOT, Date.UTC(2026, 0, 1)),
      member_account_id: MEMBER,
      software_version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    });
    expect(stack.messages()).toEqual([]);
  });

  it('of what is in step already takes a few reads and no change set', async () => {
    const stack = await createStack();
    const experiences = Array.from({ length: 20 }, () => stack.add(SNAPSHOT));
    const event = await stack.publish(SNAPSHOT);

    const summary = await stack.clock.run(stack.invoke(event));

    expect(summary.experiences.map(({ outcome }) => outcome)).toEqual(experiences.map(() => 'synchronized'));
    expect(stack.requested('StartChangeSet')).toBe(0);
    expect(stack.events('request').length).toBeLessThanOrEqual(45);
  });

  it.each([
    [
      'a Python management stack',
      { Records: [{ body: '{"Message":"{\\"Action\\":\\"Products-Updated\\"}"}' }] },
    ],
    ['a manual test', { key1: 'value1' }],
    ['a manual test of nothing', null],
  ])('takes the tables as they are when it is started by %s', async (_, event) => {
    const stack = await createStack();
    const experience = stack.add(BEFORE);
    await stack.publish(SNAPSHOT);

    await stack.clock.run(stack.invoke(event));

    expect(stack.lack(experience, SNAPSHOT)).toBe(0);
    expect(await stack.item()).not.toHaveProperty('snapshot_seal');
  });

  it('is of the experiences that MemberExperienceIds names, and no others', async () => {
    const stack = await createStack({ environment: { MEMBER_EXPERIENCE_IDS: 'exp-listed' } });
    stack.add({ ...BEFORE, id: 'exp-listed' });
    const other = stack.add(BEFORE);
    const event = await stack.publish(SNAPSHOT);

    await stack.clock.run(stack.invoke(event));

    expect(stack.lack('exp-listed', SNAPSHOT)).toBe(0);
    expect(stack.service.products(other).approved).toEqual(new Set(BEFORE.approved));
  });

  it('stands under the account’s own id where the organization may not be described, with a warning', async () => {
    const stack = await createStack({ account: UNTOLD });
    const event = await stack.publish(SNAPSHOT);

    const summary = await stack.clock.run(stack.invoke(event));

    expect(summary.organization).toBe(UNTOLD);
    expect(await stack.item(UNTOLD)).toMatchObject({ reason: expect.stringContaining('no live experience') });
    expect(stack.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', message: expect.stringContaining('cannot be described') }),
    );
  });
});

describe('A dry run', () => {
  it('returns what would be approved and denied in each experience, and changes nothing anywhere', async () => {
    const stack = await createStack();
    const experience = stack.add(BEFORE);
    const inStep = stack.add(SNAPSHOT);
    await stack.publish(SNAPSHOT);

    const summary = await stack.clock.run(stack.invoke({ mode: 'dry-run' }));

    expect(summary).toMatchObject({
      outcome: 'dry run',
      mode: 'dry-run',
      snapshot: { approved: 130, rejected: 1 },
    });
    expect(summary.experiences.find(({ id }) => id === experience)).toMatchObject({
      outcome: 'would change',
      approvedCount: 120,
      approved: [...NEW].sort(),
      deniedCount: 71,
      denied: [...OLD, 'prod-bad'].sort(),
      changeSets: 0,
    });
    expect(summary.experiences.find(({ id }) => id === inStep)).toMatchObject({
      outcome: 'synchronized',
      approvedCount: 0,
      deniedCount: 0,
    });
    expect(stack.service.products(experience).approved).toEqual(new Set(BEFORE.approved));
    expect(stack.requested('StartChangeSet')).toBe(0);
    expect(await stack.item()).toEqual({});
    expect(stack.messages()).toEqual([]);
  });

  it('is what every invocation is where the stack’s mode is dry-run, whatever the test event asks for', async () => {
    const stack = await createStack({ environment: { MODE: 'dry-run' } });
    const experience = stack.add(BEFORE);
    await stack.publish(SNAPSHOT);

    expect((await stack.clock.run(stack.invoke({ mode: 'sync' }))).outcome).toBe('dry run');
    expect(stack.service.products(experience).approved).toEqual(new Set(BEFORE.approved));
  });

  it('shows what would be held back as held back', async () => {
    const stack = await createStack({ environment: { MAX_DENIED_PERCENT: '10' } });
    stack.add(BEFORE);
    await stack.publish(SNAPSHOT);

    const { experiences } = await stack.clock.run(stack.invoke({ mode: 'dry-run' }));

    expect(experiences).toEqual([
      expect.objectContaining({
        outcome: 'held back',
        reason: expect.stringContaining('MaxDeniedPercent (10)'),
      }),
    ]);
  });
});

describe('A synchronization that is held back', () => {
  it('for MaxDeniedPercent is no error, but has an alarm-worthy log line and leaves the stamps as they were', async () => {
    const stack = await createStack({ environment: { MAX_DENIED_PERCENT: '10' } });
    const experience = stack.add(BEFORE);
    const event = await stack.publish(SNAPSHOT);

    const summary = await stack.clock.run(stack.invoke(event));

    expect(summary).toMatchObject({ outcome: 'held back', reason: expect.stringContaining(experience) });
    expect(stack.service.products(experience).approved).toEqual(new Set(BEFORE.approved));
    expect(stack.errors()).toEqual([
      {
        level: 'error',
        message: 'Experience held back',
        fields: {
          experience_id: experience,
          reason: expect.stringContaining('raise MaxDeniedPercent'),
          retryable: false,
        },
      },
    ]);
    const item = await stack.item();
    expect(item).toMatchObject({ outcome: 'held back', remaining: 191 });
    for (const name of ['stamp', 'update_time_utc', 'experiences_updated', 'experience_ids']) {
      expect(item).not.toHaveProperty(name);
    }
  });

  it('for an empty snapshot leaves all experiences alone', async () => {
    const stack = await createStack();
    const experience = stack.add(BEFORE);
    const event = await stack.publish(lists([]));

    expect(await stack.clock.run(stack.invoke(event))).toMatchObject({ outcome: 'held back' });
    expect(stack.service.products(experience).approved).toEqual(new Set(BEFORE.approved));
  });

  it('because the tables do not hold the snapshot that was announced changes nothing, and says so', async () => {
    const stack = await createStack();
    const experience = stack.add(BEFORE);
    await stack.publish(SNAPSHOT);
    const other = notification(lists(['prod-a']), stack.clock.now());

    const summary = await stack.clock.run(stack.invoke(other));

    expect(summary).toMatchObject({
      outcome: 'held back',
      reason: expect.stringContaining('do not hold the snapshot that was announced'),
      experiences: [],
    });
    expect(stack.service.products(experience).approved).toEqual(new Set(BEFORE.approved));
    expect(stack.events('request')).toEqual([]);
    expect(await stack.item()).toMatchObject({ outcome: 'held back' });
    expect(await stack.item()).not.toHaveProperty('snapshot_seal');
  });

  it('reads the tables again first: the management function may still be writing', async () => {
    const stack = await createStack();
    const experience = stack.add(BEFORE);
    await stack.publish(lists([...SNAPSHOT.approved].slice(1)));
    const event = notification(SNAPSHOT, stack.clock.now());
    const late = stack.clock.sleep(3 * SECOND).then(() => stack.clock.tracked(stack.publish(SNAPSHOT)));

    const summary = await stack.clock.run(stack.invoke(event));
    await late;

    expect(summary.outcome).toBe('synchronized');
    expect(stack.lack(experience, SNAPSHOT)).toBe(0);
  });

  it('does not let an older notification that comes late work against a newer snapshot', async () => {
    const stack = await createStack();
    const experience = stack.add(BEFORE);
    const old = notification(lists(BEFORE.approved), stack.clock.now() - HOUR);
    await stack.clock.run(stack.invoke(await stack.publish(SNAPSHOT)));

    const summary = await stack.clock.run(stack.invoke(old));

    expect(summary.outcome).toBe('synchronized');
    expect(stack.lack(experience, SNAPSHOT)).toBe(0);
  });
});

describe('An invocation that runs out of time', () => {
  /** Three change sets do not fit into this. */
  const SHORT = MARGIN + CHANGE_SET * 1.5;

  it('stops before its margin, records where things stand, and queues a continuation', async () => {
    const stack = await createStack();
    const experience = stack.add(BEFORE);
    const event = await stack.publish(SNAPSHOT);

    const summary = await stack.clock.run(stack.invoke(event, SHORT));

    const running = stack.service.lockedBy(experience);
    expect(stack.elapsed()).toBeLessThanOrEqual(SHORT - MARGIN);
    expect(summary).toMatchObject({
      outcome: 'in progress',
      reason: expect.stringContaining(`${running} still runs`),
    });
    const item = await stack.item();
    expect(item).toMatchObject({ outcome: 'in progress', remaining: 91 });
    expect(item).not.toHaveProperty('stamp');
    expect(item).not.toHaveProperty('turn_holder');
    const messages = stack.messages();
    expect(messages.map(bodyOf)).toEqual([
      {
        Action: 'Continue-Synchronization',
        NotificationId: 'note-1',
        Snapshot: seal(SNAPSHOT, Date.UTC(2026, 0, 1)),
        InFlight: { [experience]: running },
        Suspects: {},
      },
    ]);
  });

  it.each([
    ['a notification', true],
    ['a manual test', false],
  ])('is continued until all is done, without anybody’s help (%s)', async (_, fromQueue) => {
    const stack = await createStack();
    const experiences = [stack.add(BEFORE), stack.add({ approved: KEPT }), stack.add(SNAPSHOT)];
    const event = await stack.publish(SNAPSHOT);
    let next: unknown = fromQueue ? event : {};
    const outcomes: string[] = [];

    while (next) {
      const begun = stack.clock.now();
      outcomes.push((await stack.clock.run(stack.invoke(next, SHORT))).outcome);
      expect(stack.clock.now() - begun).toBeLessThan(SHORT);
      const messages: unknown[] = stack.messages();
      expect(messages.length).toBeLessThanOrEqual(1);
      next = messages[0];
    }

    expect(outcomes.length).toBeGreaterThan(1);
    expect(outcomes.at(-1)).toBe('synchronized');
    expect(outcomes.slice(0, -1).every((outcome) => outcome === 'in progress')).toBe(true);
    for (const experience of experiences) expect(stack.lack(experience, SNAPSHOT)).toBe(0);
    expect(await stack.item()).toMatchObject({
      outcome: 'synchronized',
      experiences_updated: 3,
      remaining: 0,
    });
    expect(await stack.item()).not.toHaveProperty('reason');
    expect(stack.events('request').filter(({ error }) => error === 'ResourceInUseException')).toEqual([]);
  });

  it('gets on when every invocation has time for no more than the end of one change set and the start of the next', async () => {
    const stack = await createStack({ settings: { durationMs: [40_000, 40_000] } });
    const many = lists(manyProducts(300));
    const experience = stack.add(lists([]));
    let next: unknown = await stack.publish(many);
    let invocations = 0;

    while (next) {
      invocations += 1;
      await stack.clock.run(stack.invoke(next, MARGIN + 43 * SECOND));
      next = stack.messages()[0];
    }

    expect(stack.lack(experience, many)).toBe(0);
    expect(invocations).toBeGreaterThan(5);
  });

  it('is continued even by a continuation that starts before it has ended itself', async () => {
    const stack = await createStack();
    const experience = stack.add(BEFORE);
    const event = await stack.publish(SNAPSHOT);
    // The queue is faster than the answer to who sent the message.
    const outcomes: string[] = [];
    stack.arrivals.push(async (body) => {
      outcomes.push((await stack.invoke({ Records: [{ body }] })).outcome);
    });

    outcomes.push((await stack.clock.run(stack.invoke(event, SHORT))).outcome);

    expect(outcomes).toEqual(['synchronized', 'in progress']);
    expect(stack.lack(experience, SNAPSHOT)).toBe(0);
    expect(await stack.item()).toMatchObject({ outcome: 'synchronized' });
  });

  it('is continued in the mode that the test event asked for', async () => {
    const stack = await createStack();
    stack.add(BEFORE);
    await stack.publish(lists([...KEPT, ...NEW], ['prod-bad']));

    await stack.clock.run(stack.invoke({ mode: 'add-only' }, SHORT));

    expect(stack.messages().map(bodyOf)).toEqual([expect.objectContaining({ Mode: 'add-only' })]);
  });

  it('fails when nothing moves: the queue’s own retry and its dead-letter queue take over', async () => {
    const stack = await createStack();
    const experience = stack.add(BEFORE);
    const event = await stack.publish(SNAPSHOT);
    const theirs = stack.service.lock(experience, 10 * HOUR);

    await expect(stack.clock.run(stack.invoke(event))).rejects.toMatchObject({
      name: 'SynchronizationFailed',
      message: expect.stringMatching(new RegExp(`Nothing moves any more.*${experience}.*${theirs}`)),
    });

    expect(stack.messages()).toEqual([]);
    expect(await stack.item()).toMatchObject({ outcome: 'in progress' });
    expect(await stack.item()).not.toHaveProperty('turn_holder');
  });

  it('fails as well after a few invocations in a row that started something and brought nothing to its end', async () => {
    const stack = await createStack({ settings: { durationMs: [10 * HOUR, 10 * HOUR] } });
    stack.add(BEFORE);
    let next: unknown = await stack.publish(SNAPSHOT);
    let invocations = 0;

    const all = async () => {
      while (next) {
        invocations += 1;
        await stack.clock.run(stack.invoke(next, SHORT));
        next = stack.messages()[0];
      }
    };

    await expect(all()).rejects.toMatchObject({ name: 'SynchronizationFailed' });
    expect(invocations).toBeLessThanOrEqual(3);
  });
});

describe('A failure', () => {
  it('that a later try may mend brings the message back, after the other experiences are done', async () => {
    const stack = await createStack({
      // All that the first experience ever hears; the second one's requests come after it gave up or before.
      mishaps: { requests: { StartChangeSet: Array(6).fill('server error') } },
    });
    const bad = stack.add(BEFORE);
    const event = await stack.publish(SNAPSHOT);

    await expect(stack.clock.run(stack.invoke(event))).rejects.toMatchObject({
      name: 'SynchronizationFailed',
      message: expect.stringContaining('InternalServiceException'),
      summary: expect.objectContaining({ outcome: 'failed' }),
    });

    expect(await stack.item()).toMatchObject({ outcome: 'failed', remaining: 191 });
    expect(await stack.item()).not.toHaveProperty('stamp');
    expect(await stack.item()).not.toHaveProperty('turn_holder');

    await stack.clock.run(stack.invoke(event)); // the message is back
    expect(stack.lack(bad, SNAPSHOT)).toBe(0);
    expect(await stack.item()).toMatchObject({ outcome: 'synchronized', experiences_updated: 1 });
  });

  it('that no later try can mend does not bring it back, and has an alarm-worthy log line', async () => {
    const stack = await createStack();
    const good = stack.add(BEFORE);
    const bad = stack.add({ ...BEFORE, denied: ['StartChangeSet'] });
    const event = await stack.publish(SNAPSHOT);

    const summary = await stack.clock.run(stack.invoke(event));

    expect(summary.outcome).toBe('partly failed');
    expect(stack.lack(good, SNAPSHOT)).toBe(0);
    expect(stack.errors()).toEqual([
      {
        level: 'error',
        message: 'Experience failed',
        fields: { experience_id: bad, reason: expect.stringContaining('AccessDenied'), retryable: false },
      },
    ]);
    const item = await stack.item();
    expect(item).toMatchObject({ outcome: 'partly failed', experience_count: 2 });
    expect(item).not.toHaveProperty('stamp');
  });

  it('leaves the stamps of the last completed synchronization as they were', async () => {
    const stack = await createStack();
    const experience = stack.add(BEFORE);
    await stack.clock.run(stack.invoke(await stack.publish(SNAPSHOT)));
    const { stamp, update_time_utc, experience_ids } = await stack.item();
    stack.service.archive(experience);
    stack.add({ ...BEFORE, denied: ['StartChangeSet'] });

    await stack.clock.run(stack.invoke({}));

    expect(await stack.item()).toMatchObject({
      outcome: 'failed',
      stamp,
      update_time_utc,
      experiences_updated: 1,
      experience_ids,
    });
  });

  it('of everything is thrown as it is, with the turn given back and the failure on record', async () => {
    const stack = await createStack({
      mishaps: { requests: { ListEntities: Array(100).fill('server error') } },
    });
    const event = await stack.publish(SNAPSHOT);

    await expect(stack.clock.run(stack.invoke(event))).rejects.toMatchObject({
      name: 'InternalServiceException',
    });

    const item = await stack.item();
    expect(item).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('InternalServiceException'),
    });
    expect(item).not.toHaveProperty('turn_holder');
  });

  it('of everything does not take with it what another invocation wished for meanwhile', async () => {
    const stack = await createStack({
      mishaps: { requests: { ListEntities: Array(100).fill('server error') } },
    });
    const event = await stack.publish(SNAPSHOT);
    const wished = stack.clock
      .sleep(SECOND)
      .then(() => stack.invoke(notification(SNAPSHOT, stack.clock.now())));

    await expect(stack.clock.run(stack.invoke(event))).rejects.toThrow();

    expect((await wished).outcome).toBe('handed over');
    expect(stack.messages().map(bodyOf)).toEqual([
      expect.objectContaining({ Action: 'Continue-Synchronization' }),
    ]);
  });
});

describe('Two invocations that overlap', () => {
  const NEWER = lists([...KEPT, ...NEW.slice(0, 60)], ['prod-bad', 'prod-worse']);

  it.each([0.01, 1, 20, 45, 75, 89])(
    'end with the newer snapshot, and neither is an error (the second comes after %i s)',
    async (seconds) => {
      const stack = await createStack();
      const experience = stack.add(BEFORE);
      const event = await stack.publish(SNAPSHOT);
      const second = stack.clock.sleep(seconds * SECOND).then(async () => {
        const newer = await stack.clock.tracked(stack.publish(NEWER));
        return stack.invoke(newer);
      });

      const [first, later] = await stack.clock.run(Promise.all([stack.invoke(event), second]));

      expect([first.outcome, later.outcome]).toContain('synchronized');
      expect(stack.lack(experience, NEWER)).toBe(0);
      expect(await stack.item()).toMatchObject({ outcome: 'synchronized', remaining: 0 });
      expect(await stack.item()).not.toHaveProperty('turn_wishes');
      expect(stack.events('request').filter(({ error }) => error === 'ResourceInUseException')).toEqual([]);
    },
  );

  it('have the later one end at once, naming the one that is at work', async () => {
    const stack = await createStack();
    stack.add(BEFORE);
    const event = await stack.publish(SNAPSHOT);
    const begun = stack.clock.now();
    const second = stack.clock.sleep(10 * SECOND).then(() => stack.invoke(event));

    const running = stack.invoke(event);
    const later = await stack.clock.run(second);

    expect(later).toMatchObject({
      outcome: 'handed over',
      organization: OWNER,
      experiences: [],
      reason: expect.stringContaining(new Date(begun + LIMIT).toISOString()),
    });
    expect(stack.elapsed()).toBeLessThan(15 * SECOND);
    expect(stack.messages()).toEqual([]); // its own message need not come back
    await stack.clock.run(running);
  });

  it('leave a delayed message behind where the later one is a manual test: the other one may die', async () => {
    const stack = await createStack();
    stack.add(BEFORE);
    const event = await stack.publish(SNAPSHOT);
    const second = stack.clock.sleep(10 * SECOND).then(() => stack.invoke({}));

    const running = stack.invoke(event);
    expect((await stack.clock.run(second)).outcome).toBe('handed over');

    const [delayed] = stack.delayed();
    expect(JSON.parse(delayed?.body ?? '{}')).toEqual({ Action: 'Continue-Synchronization' });
    // It comes when the other one's time limit has ended it, and not before.
    const delaySeconds = ((delayed?.delayUntil ?? 0) - (delayed?.sentTimestamp ?? 0)) / 1000;
    expect(Math.abs(delaySeconds - 890)).toBeLessThanOrEqual(1);
    await stack.clock.run(running);
  });

  it('do all that the stack does, whatever mode the test event has that is at work', async () => {
    const stack = await createStack();
    const experience = stack.add(BEFORE);
    const event = await stack.publish(SNAPSHOT);
    const hourly = stack.clock.sleep(10 * SECOND).then(() => stack.invoke(event));

    const [test, later] = await stack.clock.run(Promise.all([stack.invoke({ mode: 'add-only' }), hourly]));

    expect(later.outcome).toBe('handed over');
    expect(test.outcome).toBe('synchronized');
    expect(stack.lack(experience, SNAPSHOT)).toBe(0);
  });
});

describe('Refused products', () => {
  const GUILTY = NEW[5] ?? '';
  const refusing = () =>
    createStack({ settings: { refused: new Map([[GUILTY, { how: 'later-unnamed' }]]) } });

  it('are in the summary and in SyncTimestamps, and the organization counts as synchronized', async () => {
    const stack = await refusing();
    const experience = stack.add(BEFORE);
    const event = await stack.publish(SNAPSHOT);

    const summary = await stack.clock.run(stack.invoke(event));

    const reason = expect.stringContaining('not available for procurement');
    expect(summary).toMatchObject({
      outcome: 'synchronized',
      experiences: [{ refused: [{ product: GUILTY, change: 'approve', reason }], remaining: 0 }],
    });
    expect(await stack.item()).toMatchObject({
      refused: [{ experience, product: GUILTY, change: 'approve', reason, at: expect.any(Number) }],
      refused_count: 1,
      experiences_updated: 1,
    });
  });

  it('are not searched for again in the next hour, are tried again after a day, and at once when that is asked for', async () => {
    const stack = await refusing();
    stack.add(BEFORE);
    const event = await stack.publish(SNAPSHOT);
    await stack.clock.run(stack.invoke(event));
    const { refused } = await stack.item();
    const changeSets = () => stack.events('change set started').length;
    const first = changeSets();

    for (let hour = 1; hour < 24; hour += 1) {
      await stack.clock.run(stack.clock.sleep(HOUR));
      await stack.clock.run(stack.invoke(event));
    }
    expect(changeSets()).toBe(first);
    expect(await stack.item()).toMatchObject({ refused });

    await stack.clock.run(stack.clock.sleep(HOUR));
    await stack.clock.run(stack.invoke(event));
    expect(changeSets()).toBe(first + 1);

    await stack.clock.run(stack.invoke({ retryRefused: true }));
    expect(changeSets()).toBe(first + 2);
  }, 30_000);

  it('are not forgotten in an hour in which the experience could not be read', async () => {
    const faults: 'server error'[] = [];
    const stack = await createStack({
      settings: { refused: new Map([[GUILTY, { how: 'later-unnamed' }]]) },
      mishaps: { requests: { DescribeEntity: faults } },
    });
    stack.add(BEFORE);
    const event = await stack.publish(SNAPSHOT);
    await stack.clock.run(stack.invoke(event));
    const first = stack.events('change set started').length;

    faults.push(...Array<'server error'>(6).fill('server error'));
    await expect(stack.clock.run(stack.invoke(event))).rejects.toThrow();
    await stack.clock.run(stack.invoke(event));

    expect(stack.events('change set started')).toHaveLength(first);
    expect(await stack.item()).toMatchObject({ outcome: 'synchronized', refused_count: 1 });
  });
});
