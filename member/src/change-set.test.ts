import type { RequestFault } from '../../local/catalog/faults.js';
import type { Refusal } from '../../local/catalog/settings.js';
import { changeSetId, type ExperienceId } from '../../shared/identifiers.js';
import { manyProducts } from '../../shared/testing/products.js';
import { applyBatch, awaitEnd, type ChangeSetContext, changeSetIn } from './change-set.js';
import type { Plan } from './plan.js';
import { CHANGE_SET, createMarketplace, MEMBER, type TestMarketplace, UNIT } from './testing/marketplace.js';

const BATCH: Plan = { approve: manyProducts(3), deny: manyProducts(2, 'old-') };
const FULL: Plan = { approve: manyProducts(50), deny: manyProducts(50, 'old-') };

/** Applies a batch to an experience in virtual time, and counts the change sets that were started. */
async function apply(marketplace: TestMarketplace, experience: ExperienceId, batch = BATCH, early = false) {
  let started = 0;
  const context: ChangeSetContext = {
    ...marketplace,
    onStarted: () => {
      started += 1;
    },
  };
  const result = await marketplace.clock.run(applyBatch(context, experience, batch, early));
  return { result, started };
}

const tokens = ({ starts }: TestMarketplace) => starts.map(({ ClientRequestToken }) => ClientRequestToken);
const distinct = (values: readonly unknown[]) => new Set(values).size;
const times = (count: number, fault: RequestFault) => Array<RequestFault>(count).fill(fault);

describe('A batch', () => {
  it('is one change set with the approvals and the denials of the experience', async () => {
    const marketplace = createMarketplace();
    const experience = marketplace.add({ approved: BATCH.deny });

    const { result, started } = await apply(marketplace, experience);

    expect(result).toEqual({ kind: 'succeeded' });
    expect(started).toBe(1);
    expect(marketplace.service.products(experience)).toEqual({
      approved: new Set(BATCH.approve),
      rejected: new Set(BATCH.deny),
    });
    expect(marketplace.events('change set started').map(({ changes }) => changes)).toEqual([
      [
        { experience, change: 'approve', products: BATCH.approve },
        { experience, change: 'deny', products: BATCH.deny },
      ],
    ]);
  });

  it.each([
    ['approvals', { ...BATCH, deny: [] }],
    ['denials', { ...BATCH, approve: [] }],
  ])('of %s alone is one change', async (_, batch) => {
    const marketplace = createMarketplace();

    expect((await apply(marketplace, marketplace.add(), batch)).result).toEqual({ kind: 'succeeded' });
    expect(marketplace.starts[0]?.ChangeSet).toHaveLength(1);
  });

  it('of 50 approvals and 50 denials has a name that tells administrators what it is', async () => {
    const marketplace = createMarketplace();

    expect((await apply(marketplace, marketplace.add(), FULL)).result).toEqual({ kind: 'succeeded' });
    expect(marketplace.starts[0]?.ChangeSetName).toBe('Cross-organization sync: approve 50 deny 50');
  });

  it('writes to the log how its change set ended', async () => {
    const marketplace = createMarketplace();
    const experience = marketplace.add();

    await apply(marketplace, experience);

    expect(marketplace.lines).toEqual([
      {
        level: 'info',
        message: 'Change set ended',
        fields: {
          experience_id: experience,
          change_set_id: marketplace.events('change set started')[0]?.id,
          status: 'SUCCEEDED',
          approve: 3,
          deny: 2,
          seconds: expect.any(Number),
        },
      },
    ]);
  });
});

describe('A request that gets no good answer is sent again, with its idempotency token:', () => {
  it.each<[string, RequestFault[]]>([
    ['its answer was lost', ['lost after']],
    ['its answer was lost twice', ['lost after', 'lost after']],
    ['it was lost itself', ['lost before']],
    ['the service had a fault', ['server error']],
    ['it was throttled', ['throttled', 'throttled']],
    ['all of that', ['throttled', 'lost before', 'server error', 'lost after']],
  ])('%s', async (_, faults) => {
    const marketplace = createMarketplace({}, { requests: { StartChangeSet: faults.slice() } });
    const experience = marketplace.add();

    const { result, started } = await apply(marketplace, experience);

    expect(result).toEqual({ kind: 'succeeded' });
    expect(tokens(marketplace)).toHaveLength(faults.length + 1);
    expect(distinct(tokens(marketplace))).toBe(1);
    expect(marketplace.events('change set started')).toHaveLength(1);
    expect(started).toBe(1);
  });

  it('but not for ever: then it says what the matter is, and that a later try may help', async () => {
    const marketplace = createMarketplace({}, { requests: { StartChangeSet: times(100, 'server error') } });

    const { result, started } = await apply(marketplace, marketplace.add());

    expect(result).toEqual({
      kind: 'gave up',
      message: expect.stringContaining('InternalServiceException'),
    });
    expect(started).toBe(0);
    expect(tokens(marketplace).length).toBeLessThanOrEqual(10);
  });

  it('a look at the change set as well, so that the change set is not started twice', async () => {
    const marketplace = createMarketplace(
      {},
      { requests: { DescribeChangeSet: ['throttled', 'lost after', 'server error', 'lost before'] } },
    );

    const { result, started } = await apply(marketplace, marketplace.add());

    expect(result).toEqual({ kind: 'succeeded' });
    expect(started).toBe(1);
  });

  it('a look that never succeeds leaves the change set to a later try', async () => {
    const marketplace = createMarketplace(
      {},
      { requests: { DescribeChangeSet: times(100, 'server error') } },
    );

    const { result } = await apply(marketplace, marketplace.add());

    expect(result).toEqual({
      kind: 'gave up',
      message: expect.stringContaining(marketplace.events('change set started')[0]?.id ?? 'no change set'),
    });
  });
});

describe('A change set that ends for no reason of its own is started anew, with a new token:', () => {
  it.each([
    ['an administrator cancelled it', ['cancelled'] as const],
    ['it met a fault of the service', ['server fault'] as const],
    ['both, one after the other', ['server fault', 'cancelled', 'server fault'] as const],
  ])('%s', async (_, faults) => {
    const marketplace = createMarketplace({}, { changeSets: [...faults] });
    const experience = marketplace.add();

    const { result, started } = await apply(marketplace, experience);

    expect(result).toEqual({ kind: 'succeeded' });
    expect(started).toBe(faults.length + 1);
    expect(distinct(tokens(marketplace))).toBe(faults.length + 1);
    expect(marketplace.service.products(experience).approved).toEqual(new Set(BATCH.approve));
  });

  it('after a wait that grows, so that a Marketplace in trouble is left in peace', async () => {
    const marketplace = createMarketplace(
      {},
      { changeSets: ['server fault', 'server fault', 'server fault'] },
    );

    await apply(marketplace, marketplace.add());

    const started = marketplace.events('change set started').map(({ at }) => at);
    const ended = marketplace.events('change set ended').map(({ at }) => at);
    const pauses = started.slice(1).map((at, index) => at - (ended[index] ?? 0));
    expect(pauses[0]).toBeGreaterThanOrEqual(2 * UNIT);
    expect(pauses[1]).toBeGreaterThanOrEqual(4 * UNIT);
    expect(pauses[2]).toBeGreaterThanOrEqual(8 * UNIT);
  });

  it.each([
    ['cancelled', 'CANCELLED'],
    ['server fault', 'FAILED'],
  ] as const)('five times at the most (%s)', async (fault, status) => {
    const marketplace = createMarketplace({}, { changeSets: Array(20).fill(fault) });

    const { result, started } = await apply(marketplace, marketplace.add());

    expect(result).toEqual({ kind: 'gave up', message: expect.stringContaining(status) });
    expect(started).toBe(5);
  });
});

describe('An experience that another change set has locked', () => {
  it('is waited for, and then read anew by whoever asked, because it may have changed', async () => {
    const marketplace = createMarketplace();
    const experience = marketplace.add();
    const theirs = marketplace.service.lock(experience, 45_000);

    const { result, started } = await apply(marketplace, experience);

    expect(result).toEqual({ kind: 'overtaken' });
    expect(started).toBe(0);
    expect(marketplace.service.lockedBy(experience)).toBeUndefined();
    expect(marketplace.elapsed()).toBeLessThan(45_000 * 1.5);
    expect(marketplace.lines).toContainEqual({
      level: 'info',
      message: 'Experience is locked by another change set',
      fields: expect.objectContaining({ experience_id: experience, change_set_id: theirs }),
    });
  });

  it('is not asked for again and again meanwhile', async () => {
    const marketplace = createMarketplace();
    const experience = marketplace.add();
    marketplace.service.lock(experience, 300_000);

    await apply(marketplace, experience);

    expect(marketplace.requested('StartChangeSet')).toBe(1);
    expect(marketplace.requested('DescribeChangeSet')).toBeLessThan(30);
  });

  it('is waited for just the same when that change set may not be seen', async () => {
    const marketplace = createMarketplace(
      {},
      { requests: { DescribeChangeSet: times(100, 'access denied') } },
    );
    const experience = marketplace.add();
    marketplace.service.lock(experience, 45_000);

    const { result } = await apply(marketplace, experience);

    expect(result).toEqual({ kind: 'overtaken' });
    // Whoever asked will try again: not before some time has passed.
    expect(marketplace.elapsed()).toBeGreaterThanOrEqual(8 * UNIT);
  });

  it('is left to the next invocation when the time is over first', async () => {
    const marketplace = createMarketplace({}, {}, 60_000);
    const experience = marketplace.add();
    const theirs = marketplace.service.lock(experience, 600_000);

    const { result } = await apply(marketplace, experience);

    expect(result).toEqual({ kind: 'unfinished', changeSet: theirs });
    expect(marketplace.elapsed()).toBeLessThanOrEqual(60_000);
  });
});

describe('The change set in the way', () => {
  const experience = 'exp-abc123def' as ExperienceId;

  it.each([
    [
      `Requested change set has entities locked by change sets - entity: '${experience}'  change sets: cs1a2b3c4d`,
      'cs1a2b3c4d',
    ],
    [`Entity ${experience} is locked by change set 5ucj5ko2bs9zp0dm3o5yirhy9.`, '5ucj5ko2bs9zp0dm3o5yirhy9'],
    ['The entity is locked.', undefined],
    [`The entity ${experience} is locked.`, undefined],
    ['', undefined],
  ])('is found in %p: %p', (message, expected) => {
    expect(changeSetIn(message, experience)).toBe(expected);
  });
});

describe('When too many change sets are open', () => {
  it('an experience waits until another one is through, and both get what they want', async () => {
    const marketplace = createMarketplace({ openChangeSets: 1 });
    const experiences = [marketplace.add(), marketplace.add(), marketplace.add()];
    const context: ChangeSetContext = { ...marketplace, onStarted: () => {} };

    const results = await marketplace.clock.run(
      Promise.all(experiences.map((experience) => applyBatch(context, experience, BATCH, false))),
    );

    expect(results).toEqual(experiences.map(() => ({ kind: 'succeeded' })));
    expect(marketplace.elapsed()).toBeLessThan(3 * CHANGE_SET * 1.3);
  });

  it('is tried again while they are not ours, in the hope that they end', async () => {
    const marketplace = createMarketplace({}, { requests: { StartChangeSet: times(5, 'too many open') } });

    const { result } = await apply(marketplace, marketplace.add());

    expect(result).toEqual({ kind: 'succeeded' });
  });

  it('but not for ever', async () => {
    const marketplace = createMarketplace({}, { requests: { StartChangeSet: times(1000, 'too many open') } });

    const { result } = await apply(marketplace, marketplace.add());

    expect(result).toEqual({
      kind: 'gave up',
      message: expect.stringContaining('ServiceQuotaExceededException'),
    });
    expect(marketplace.requested('StartChangeSet')).toBeLessThanOrEqual(20);
  });
});

describe('A product that the Marketplace refuses', () => {
  const guilty = BATCH.approve[1] ?? '';

  it.each<Refusal['how']>(['at-once-named', 'at-once-unnamed', 'later-named', 'later-unnamed'])(
    'makes the batch refused, in the Marketplace’s own words (%s)',
    async (how) => {
      const marketplace = createMarketplace({ refused: new Map([[guilty, { how }]]) });

      const { result, started } = await apply(marketplace, marketplace.add());

      expect(result.kind).toBe('refused');
      const message = result.kind === 'refused' ? result.message : '';
      expect(message).toContain('not available for procurement');
      expect(message.includes(guilty)).toBe(how.endsWith('-named'));
      expect(started).toBe(how.startsWith('later') ? 1 : 0);
    },
  );
});

describe('A pair that the Marketplace does not take', () => {
  it.each(['refuse-at-once', 'fail-later'] as const)('is a refused batch as well (%s)', async (mixed) => {
    const marketplace = createMarketplace({ mixed });

    const { result } = await apply(marketplace, marketplace.add());

    expect(result).toEqual({ kind: 'refused', message: expect.stringContaining('same change set') });
  });
});

describe('A reason that lies in the experience is not searched for among the products:', () => {
  it.each(['refuse-at-once', 'fail-later'] as const)('it was archived (%s)', async (archived) => {
    const marketplace = createMarketplace({ archived });
    const experience = marketplace.add();
    marketplace.service.archive(experience);

    const { result } = await apply(marketplace, experience);

    expect(result).toEqual({ kind: 'impossible', message: expect.stringContaining('is archived') });
  });

  it('it was archived while the change set ran', async () => {
    const marketplace = createMarketplace({}, { changeSets: ['archived'] });

    const { result } = await apply(marketplace, marketplace.add());

    expect(result).toEqual({ kind: 'impossible', message: expect.stringContaining('is archived') });
  });

  it('it has no procurement policy', async () => {
    const marketplace = createMarketplace();

    const { result } = await apply(marketplace, marketplace.add({ policies: [] }));

    expect(result).toEqual({ kind: 'impossible', message: expect.stringContaining('ENTITY_NOT_FOUND') });
  });

  it('this account may not change it', async () => {
    const marketplace = createMarketplace();
    const experience = marketplace.add({ denied: ['StartChangeSet'] });

    const { result } = await apply(marketplace, experience);

    expect(result).toEqual({ kind: 'impossible', message: expect.stringContaining(MEMBER) });
    expect(marketplace.requested('StartChangeSet')).toBe(1);
  });

  it('it does not exist', async () => {
    const marketplace = createMarketplace();

    const { result } = await apply(marketplace, 'exp-nowhere' as ExperienceId);

    expect(result).toEqual({
      kind: 'impossible',
      message: expect.stringContaining('ResourceNotFoundException'),
    });
  });
});

describe('When the time is over', () => {
  it('a change set that runs is left running, and named', async () => {
    const marketplace = createMarketplace({}, {}, 10_000);

    const { result } = await apply(marketplace, marketplace.add());

    expect(result).toEqual({
      kind: 'unfinished',
      changeSet: marketplace.events('change set started')[0]?.id,
    });
    expect(marketplace.elapsed()).toBeLessThanOrEqual(10_000);
    expect(marketplace.events('change set ended')).toEqual([]);
  });

  it('none is started any more', async () => {
    const marketplace = createMarketplace({}, {}, 0);

    const { result } = await apply(marketplace, marketplace.add());

    expect(result).toEqual({ kind: 'unfinished' });
    expect(marketplace.events('request')).toEqual([]);
  });

  it('none is started anew for one that was cancelled', async () => {
    const marketplace = createMarketplace(
      { durationMs: [10_000, 10_000] },
      { changeSets: ['cancelled'] },
      10_000,
    );

    const { result } = await apply(marketplace, marketplace.add());

    expect(result).toEqual({ kind: 'unfinished' });
    expect(marketplace.events('change set started')).toHaveLength(1);
  });

  it('no place among the open change sets is kept', async () => {
    const marketplace = createMarketplace({ openChangeSets: 1 }, {}, 10_000);
    const experiences = [marketplace.add(), marketplace.add()];
    const context: ChangeSetContext = { ...marketplace, onStarted: () => {} };

    const results = await marketplace.clock.run(
      Promise.all(experiences.map((experience) => applyBatch(context, experience, BATCH, false))),
    );

    expect(results.map(({ kind }) => kind)).toEqual(['unfinished', 'unfinished']);
  });
});

describe('A change set is looked at', () => {
  it('seldom, once it is known how long they take', async () => {
    const marketplace = createMarketplace({}, {}, 60 * 60_000);
    const experience = marketplace.add();
    for (let count = 0; count < 20; count += 1) {
      await apply(marketplace, experience, { approve: manyProducts(5, `${count}-`), deny: [] });
    }
    const before = marketplace.requested('DescribeChangeSet');

    await apply(marketplace, experience, { approve: manyProducts(5, 'd-'), deny: [] });

    expect(marketplace.requested('DescribeChangeSet') - before).toBeLessThanOrEqual(3);
  });

  it('soon after its end', async () => {
    const marketplace = createMarketplace();
    const experience = marketplace.add();
    await apply(marketplace, experience, { approve: manyProducts(5, 'a-'), deny: [] });
    const before = marketplace.elapsed();

    await apply(marketplace, experience, { approve: manyProducts(5, 'b-'), deny: [] });

    expect(marketplace.elapsed() - before).toBeLessThanOrEqual(CHANGE_SET + UNIT);
  });

  it('with its whole answer as the result, when an earlier invocation started it', async () => {
    const marketplace = createMarketplace();
    const id = changeSetId(marketplace.service.lock(marketplace.add(), 45_000));

    const ended = await marketplace.clock.run(
      awaitEnd({ ...marketplace, onStarted: () => {} }, id, undefined, false),
    );

    expect(ended).toMatchObject({ ChangeSetId: id, Status: 'SUCCEEDED' });
  });
});
