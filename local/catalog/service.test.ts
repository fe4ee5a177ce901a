import { DescribeEntityCommand, ListEntitiesCommand } from '@aws-sdk/client-marketplace-catalog';
import { HandClock } from '../hand-clock.js';
import { seededRandom } from '../random.js';
import type { CatalogEvent } from './events.js';
import { type RequestFault, randomFaults } from './faults.js';
import { allow, createLaboratory, DELEGATE, deny, OWNER, products, start } from './laboratory.js';
import { CatalogService } from './service.js';

const shared = { owner: OWNER, sharedWith: [DELEGATE] };

describe('request quotas', () => {
  const listOnce = new ListEntitiesCommand({ Catalog: 'AWSMarketplace', EntityType: 'Experience' });

  test('let a second of requests through at once, then as many as the quota, for each account and operation', async () => {
    const { client, clientOf, clock } = createLaboratory({ quotas: 1 });
    const tenMore = () =>
      Promise.allSettled(Array.from({ length: 10 }, () => client.send(listOnce))).then(
        (all) => all.filter(({ status }) => status === 'fulfilled').length,
      );

    expect(await tenMore()).toBe(10);
    await expect(client.send(listOnce)).rejects.toMatchObject({
      name: 'ThrottlingException',
      $metadata: { httpStatusCode: 429 },
    });
    await expect(clientOf(OWNER).send(listOnce)).resolves.toBeDefined();
    clock.pass(300);
    expect(await tenMore()).toBe(3);
    clock.pass(3_600_000);
    expect(await tenMore()).toBe(10);
  });

  test('grow with the factor by which time is compressed', async () => {
    const { client, clock } = createLaboratory({ quotas: 20 });
    await Promise.all(Array.from({ length: 10 }, () => client.send(listOnce)));

    clock.pass(5);

    await expect(client.send(listOnce)).resolves.toBeDefined();
    await expect(client.send(listOnce)).rejects.toThrow('Too many requests');
  });
});

describe('faults', () => {
  const withFault = (fault: RequestFault) => {
    const laboratory = createLaboratory({ faults: { request: () => fault } });
    return { ...laboratory, experience: laboratory.service.addExperience(shared) };
  };

  test.each([
    ['throttled', 'ThrottlingException', 429],
    ['server error', 'InternalServiceException', 500],
    ['too many open', 'ServiceQuotaExceededException', 402],
    ['access denied', 'AccessDeniedException', 403],
  ] as const)('%s is answered with %s and changes nothing', async (fault, name, httpStatusCode) => {
    const { client, service, experience } = withFault(fault);

    await expect(client.send(start([allow(experience, ['prod-a'])]))).rejects.toMatchObject({
      name,
      $metadata: { httpStatusCode },
    });
    expect(service.lockedBy(experience)).toBeUndefined();
  });

  test.each([
    ['lost before', false],
    ['lost after', true],
  ] as const)('an answer %s: the connection breaks', async (fault, done) => {
    const { client, service, experience } = withFault(fault);

    await expect(client.send(start([allow(experience, ['prod-a'])]))).rejects.toMatchObject({
      code: 'ECONNRESET',
    });
    expect(service.lockedBy(experience) !== undefined).toBe(done);
    expect(service.log.at(-1)).toMatchObject({ kind: 'request', lost: true });
  });

  test("an administrator's change set comes first", async () => {
    const { client, service, clock, experience } = withFault({ administratorsChangeSetMs: 3_000 });

    await expect(client.send(start([allow(experience, ['prod-a'])]))).rejects.toThrow('locked');
    expect(service.lockedBy(experience)).toBeDefined();
    clock.pass(3_000);
    expect(service.lockedBy(experience)).toBeUndefined();
  });

  test('an experience is archived just before a change set, or while it runs', async () => {
    const before = withFault('archived');
    await before.client.send(start([allow(before.experience, ['prod-a'])]));
    expect(before.service.isArchived(before.experience)).toBe(true);

    const meanwhile = createLaboratory({ faults: { changeSet: () => 'archived' } });
    const experience = meanwhile.service.addExperience(shared);
    await meanwhile.client.send(start([allow(experience, ['prod-a'])]));
    expect(meanwhile.service.isArchived(experience)).toBe(false);
    meanwhile.clock.pass(10_000);
    expect(meanwhile.service.isArchived(experience)).toBe(true);
    expect(meanwhile.service.products(experience).approved).toEqual(new Set());
  });

  test('a random plan strikes about as often as it is told to', () => {
    const plan = randomFaults(seededRandom(5), { throttled: 0.1, tooManyOpen: 0.2, serverFault: 0.3 });
    const request = { operation: 'StartChangeSet', account: DELEGATE, entities: [], at: 0 } as const;
    const drawn = Array.from({ length: 5_000 }, () => plan.request?.(request));
    const share = (fault: RequestFault) => drawn.filter((one) => one === fault).length / drawn.length;

    expect(share('throttled')).toBeCloseTo(0.1, 1);
    expect(share('too many open')).toBeCloseTo(0.18, 1);
    expect(share('lost after')).toBe(0);
    expect(plan.request?.({ ...request, operation: 'DescribeEntity' })).not.toBe('too many open');
  });
});

describe('what an observer is told', () => {
  test('of every request, change set and change of product lists, in order', async () => {
    const events: CatalogEvent[] = [];
    const { service, client, clock } = createLaboratory({}, (event) => events.push(event));
    const experience = service.addExperience({ ...shared, approved: ['prod-a', 'prod-b'] });

    await client.send(
      start([allow(experience, ['prod-a', 'prod-c']), deny(experience, ['prod-b', 'prod-d'])]),
    );
    clock.pass(20_000);
    await client.send(new DescribeEntityCommand({ Catalog: 'AWSMarketplace', EntityId: experience }));

    const began = Date.UTC(2026, 0, 1);
    expect(events).toMatchObject([
      { kind: 'change set started', at: began, endsAt: began + 10_000 },
      { kind: 'request', at: began, operation: 'StartChangeSet', account: DELEGATE, status: 200 },
      { kind: 'products', at: began + 10_000, experience, approved: ['prod-c'], denied: [] },
      { kind: 'products', at: began + 10_000, experience, approved: [], denied: ['prod-b', 'prod-d'] },
      { kind: 'change set ended', at: began + 10_000, status: 'SUCCEEDED' },
      { kind: 'request', at: began + 20_000, operation: 'DescribeEntity', status: 200 },
    ]);
    expect(service.log).toEqual(events);
  });
});

test('a request is under way for its latency, half of it before the service acts', async () => {
  const { service, client, clock } = createLaboratory({ latencyMs: [100, 100] });
  const experience = service.addExperience(shared);
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  const answer = client.send(start([allow(experience, ['prod-a'])]));
  await settled();
  expect(service.lockedBy(experience)).toBeUndefined();
  clock.pass(50);
  await settled();
  expect(service.lockedBy(experience)).toBeDefined();
  clock.pass(50);

  await expect(answer).resolves.toHaveProperty('ChangeSetId');
});

test('products move between all policies of an experience', async () => {
  const { service, client, clock } = createLaboratory();
  const experience = service.addExperience({
    ...shared,
    policies: [{ approved: ['prod-a'] }, { approved: ['prod-b'], rejected: ['prod-c'] }],
  });

  await client.send(start([allow(experience, ['prod-c']), deny(experience, ['prod-b'])]));
  clock.pass(10_000);

  expect(service.products(experience)).toEqual({
    approved: new Set(['prod-a', 'prod-c']),
    rejected: new Set(['prod-b']),
  });
});

test('the same seed repeats everything, ids and durations included', () => {
  const build = () => {
    const service = new CatalogService({ clock: new HandClock(), random: seededRandom(42) });
    const experience = service.addExperience({ owner: OWNER, approved: products(3) });
    return [experience, service.policiesOf(experience), service.lock(experience, 1_000)];
  };

  expect(build()).toEqual(build());
});

test('an operation that is not simulated is refused by name', () => {
  const { service } = createLaboratory();

  const answer = service.handle({
    method: 'POST',
    path: '/TagResource',
    query: {},
    body: '{}',
    account: OWNER,
  });

  expect(answer).toMatchObject({ status: 404, body: expect.stringContaining('TagResource') });
});
