import type { Refusal } from '../../local/catalog/settings.js';
import { changeSetId, type ExperienceId, type ProductId } from '../../shared/identifiers.js';
import type { ProductLists } from '../../shared/product-lists.js';
import type { RefusedProduct } from '../../shared/sync-timestamps.js';
import { lists, manyProducts } from '../../shared/testing/products.js';
import { plan, size } from './plan.js';
import { KnownRefusals } from './refusals.js';
import {
  findTargets,
  type RunContext,
  synchronizeExperience,
  type Target,
} from './synchronize-experience.js';
import { CHANGE_SET, createMarketplace, MEMBER, type TestMarketplace } from './testing/marketplace.js';

/** What a run has in common, unless a test says otherwise. */
function runOf(
  marketplace: TestMarketplace,
  snapshot: ProductLists,
  more: Partial<RunContext> = {},
): RunContext {
  return {
    ...marketplace,
    snapshot,
    policy: { mode: 'sync', maxDeniedPercent: 100, allowEmptySnapshot: false },
    pairing: { accepted: true },
    known: new KnownRefusals([], marketplace.clock.now()),
    ...more,
  };
}

/** Synchronizes an experience that `MemberExperienceIds` does not name, in virtual time. */
function synchronize(
  marketplace: TestMarketplace,
  experience: ExperienceId,
  snapshot: ProductLists,
  more: Partial<RunContext> = {},
  target: Partial<Target> = {},
) {
  return marketplace.clock.run(
    synchronizeExperience(runOf(marketplace, snapshot, more), { id: experience, listed: false, ...target }),
  );
}

/** An experience's lists as they are now, and what they lack to equal the snapshot. */
function lack({ service }: TestMarketplace, experience: ExperienceId, snapshot: ProductLists): number {
  const { approved, rejected } = service.products(experience);
  return size(plan(snapshot, lists([...approved], [...rejected])));
}

const NEW = manyProducts(120);
const OLD = manyProducts(70, 'old-');
const REJECTED = manyProducts(30, 'bad-');
const KEPT = manyProducts(10, 'kept-');
/** 220 changes: 120 to approve, and 100 to deny. */
const SNAPSHOT = lists([...KEPT, ...NEW], REJECTED);
const BEFORE = { approved: [...KEPT, ...OLD] };

describe('An experience', () => {
  it('is made equal to the snapshot, with no more change sets than the batches of 50 and 50 take', async () => {
    const marketplace = createMarketplace();
    const experience = marketplace.add(BEFORE);

    const report = await synchronize(marketplace, experience, SNAPSHOT);

    expect(report).toMatchObject({
      outcome: 'synchronized',
      changeSets: 3,
      refusals: [],
      remaining: { approve: [], deny: [] },
    });
    expect(report.reason).toBeUndefined();
    expect([...report.approved].sort()).toEqual([...NEW].sort());
    expect([...report.denied].sort()).toEqual([...OLD, ...REJECTED].sort());
    expect(lack(marketplace, experience, SNAPSHOT)).toBe(0);
  });

  it('has its change sets one right after the other', async () => {
    const marketplace = createMarketplace();
    const experience = marketplace.add(BEFORE);

    await synchronize(marketplace, experience, SNAPSHOT);

    expect(marketplace.elapsed()).toBeLessThan(3 * CHANGE_SET * 1.2);
  });

  it('that equals the snapshot takes two looks and no change set', async () => {
    const marketplace = createMarketplace();
    const experience = marketplace.add({ approved: SNAPSHOT.approved, rejected: SNAPSHOT.rejected });

    const report = await synchronize(marketplace, experience, SNAPSHOT);

    expect(report).toMatchObject({
      outcome: 'synchronized',
      changeSets: 0,
      sizes: { approved: SNAPSHOT.approved.size, rejected: SNAPSHOT.rejected.size },
    });
    expect(marketplace.events('request').map(({ operation }) => operation)).toEqual([
      'DescribeEntity',
      'DescribeEntity',
    ]);
  });

  it('keeps products rejected that the snapshot does not know', async () => {
    const marketplace = createMarketplace();
    const experience = marketplace.add({ approved: KEPT, rejected: ['prod-local'] });

    await synchronize(marketplace, experience, SNAPSHOT);

    expect(marketplace.service.products(experience).rejected).toContain('prod-local');
  });

  it('counts as synchronized only by what it shows after its last change set', async () => {
    const short = lists([...KEPT, ...NEW.slice(0, 5)]);
    let ended = 0;
    const marketplace = createMarketplace(
      {},
      {
        // An administrator takes the products out again as soon as the first change set has ended.
        whenEnded: (service) => {
          ended += 1;
          if (ended === 1) service.setProducts('exp-a', { approved: KEPT, rejected: [] });
        },
      },
    );
    const experience = marketplace.add({ id: 'exp-a', approved: KEPT });

    const report = await synchronize(marketplace, experience, short);

    expect(report).toMatchObject({ outcome: 'synchronized', changeSets: 2 });
    expect(lack(marketplace, experience, short)).toBe(0);
  });

  it('that never becomes equal, whatever succeeds, is failed, and a later try may help', async () => {
    const short = lists([...KEPT, ...NEW.slice(0, 5)]);
    const marketplace = createMarketplace(
      {},
      {
        // Somebody else's software undoes all of it, for ever.
        whenEnded: (service) => service.setProducts('exp-a', { approved: KEPT, rejected: [] }),
      },
    );
    const experience = marketplace.add({ id: 'exp-a', approved: KEPT });

    const report = await synchronize(marketplace, experience, short);

    expect(report).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('do not show in the experience'),
      retryable: true,
    });
    expect(report.changeSets).toBeLessThan(10);
  });
});

describe('Four refused products among 220', () => {
  /** Time for one search without a continuation, which is tested with the whole organization. */
  const LONG_ENOUGH = 40 * 60_000;
  const refused: ProductId[] = [NEW[7], NEW[77], OLD[3], REJECTED[29]].filter((id) => id !== undefined);

  it.each<Refusal['how']>(['at-once-named', 'at-once-unnamed', 'later-named', 'later-unnamed'])(
    'are reported by id and reason, and all others are applied in the same run (%s)',
    async (how) => {
      const marketplace = createMarketplace(
        { refused: new Map(refused.map((id) => [id, { how }])) },
        {},
        LONG_ENOUGH,
      );
      const experience = marketplace.add(BEFORE);

      const report = await synchronize(marketplace, experience, SNAPSHOT);

      expect(report.outcome).toBe('synchronized');
      expect(report.refusals.map(({ product }) => product).sort()).toEqual([...refused].sort());
      expect(report.newRefusals).toBe(4);
      for (const { product, change, reason } of report.refusals) {
        expect(change).toBe(NEW.includes(product) ? 'approve' : 'deny');
        expect(reason).toContain('not available for procurement');
      }
      expect(lack(marketplace, experience, SNAPSHOT)).toBe(4);
      expect(report.approved.length + report.denied.length).toBe(216);
    },
  );

  it('cost no change set in the next run, which knows them', async () => {
    const how = 'later-unnamed' as const;
    const marketplace = createMarketplace(
      { refused: new Map(refused.map((id) => [id, { how }])) },
      {},
      LONG_ENOUGH,
    );
    const experience = marketplace.add(BEFORE);
    const first = await synchronize(marketplace, experience, SNAPSHOT);
    const now = marketplace.clock.now();
    const known = new KnownRefusals(
      first.refusals.map((refusal): RefusedProduct => ({ ...refusal, experience, at: now })),
      now,
    );

    const second = await synchronize(marketplace, experience, SNAPSHOT, { known });

    expect(second).toMatchObject({ outcome: 'synchronized', changeSets: 0, newRefusals: 0 });
    expect(second.refusals.map(({ product }) => product).sort()).toEqual([...refused].sort());
  });

  it('are written to the log, each by its id', async () => {
    const marketplace = createMarketplace({
      refused: new Map(refused.map((id) => [id, { how: 'later-named' as const }])),
    });
    const experience = marketplace.add(BEFORE);

    await synchronize(marketplace, experience, SNAPSHOT);

    const errors = marketplace.lines.filter(({ level }) => level === 'error');
    expect(errors.map(({ fields }) => fields.product_id).sort()).toEqual([...refused].sort());
  });
});

describe('A Marketplace that takes no approvals and denials together', () => {
  it.each(['refuse-at-once', 'fail-later'] as const)('gets them apart from then on (%s)', async (mixed) => {
    const marketplace = createMarketplace({ mixed });
    const experience = marketplace.add(BEFORE);
    const pairing = { accepted: true };

    const report = await synchronize(marketplace, experience, SNAPSHOT, { pairing });

    expect(report).toMatchObject({ outcome: 'synchronized', refusals: [] });
    expect(pairing.accepted).toBe(false);
    expect(marketplace.starts.filter(({ ChangeSet }) => ChangeSet?.length === 2)).toHaveLength(1);
  });

  it('and one that counts 50 for both together gets them apart as well', async () => {
    const marketplace = createMarketplace({ fiftyCountFor: 'each experience' });
    const experience = marketplace.add(BEFORE);

    expect(await synchronize(marketplace, experience, SNAPSHOT)).toMatchObject({
      outcome: 'synchronized',
      refusals: [],
    });
  });
});

describe('A reason that lies in the experience is reported at once, and not searched for among the products:', () => {
  it('it was archived meanwhile', async () => {
    const marketplace = createMarketplace({}, { requests: { StartChangeSet: [undefined, 'archived'] } });
    const experience = marketplace.add(BEFORE);

    const report = await synchronize(marketplace, experience, SNAPSHOT);

    expect(report).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('archived') });
    expect(report.retryable ?? false).toBe(false);
    expect(report.refusals).toEqual([]);
    expect(marketplace.requested('StartChangeSet')).toBeLessThanOrEqual(2);
  });

  it('it was archived, and the Marketplace says nothing but that it does not want the change set', async () => {
    const guilty = NEW[0] ?? '';
    const marketplace = createMarketplace(
      { refused: new Map([[guilty, { how: 'at-once-unnamed' }]]) },
      { requests: { StartChangeSet: ['archived'] } },
    );
    const experience = marketplace.add(BEFORE);

    const report = await synchronize(marketplace, experience, SNAPSHOT);

    expect(report).toMatchObject({
      outcome: 'failed',
      reason: expect.stringMatching(/^the experience is archived/),
      changeSets: 0,
    });
  });

  it('the account may not change it', async () => {
    const marketplace = createMarketplace();
    const experience = marketplace.add({ ...BEFORE, denied: ['StartChangeSet'] });

    const report = await synchronize(marketplace, experience, SNAPSHOT);

    expect(report).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('AccessDenied') });
    expect(report.retryable ?? false).toBe(false);
    expect(marketplace.requested('StartChangeSet')).toBe(1);
  });

  it('the account may not read it', async () => {
    const marketplace = createMarketplace();
    const experience = marketplace.add({ ...BEFORE, denied: ['DescribeEntity'] });

    const report = await synchronize(marketplace, experience, SNAPSHOT);

    expect(report).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('delegated administrator'),
      retryable: false,
    });
  });

  it('it does not exist', async () => {
    const marketplace = createMarketplace();

    const report = await synchronize(marketplace, 'exp-typo' as ExperienceId, SNAPSHOT, {}, { listed: true });

    expect(report).toMatchObject({
      outcome: 'failed',
      reason: expect.stringMatching(/ResourceNotFound.*MemberExperienceIds/),
      retryable: false,
    });
  });
});

describe('An experience that is not live', () => {
  it.each([
    ['archived', { archived: true }, 'the experience is archived'],
    ['without a procurement policy', { policies: [] }, 'the experience has no procurement policy'],
    ['disabled', { status: 'Disabled' as const }, 'the experience is not live (its status is not Enabled)'],
  ])('(%s) is skipped when every live one is asked for', async (_, state, reason) => {
    const marketplace = createMarketplace();
    const experience = marketplace.add({ ...BEFORE, ...state });

    expect(await synchronize(marketplace, experience, SNAPSHOT)).toMatchObject({
      outcome: 'skipped',
      reason,
    });
    expect(marketplace.requested('StartChangeSet')).toBe(0);
  });

  it.each([
    ['archived', { archived: true }],
    ['without a procurement policy', { policies: [] }],
  ])('(%s) is failed when it is asked for by its id', async (_, state) => {
    const marketplace = createMarketplace();
    const experience = marketplace.add({ ...BEFORE, ...state });

    expect(await synchronize(marketplace, experience, SNAPSHOT, {}, { listed: true })).toMatchObject({
      outcome: 'failed',
    });
  });

  it('(disabled) is synchronized when it is asked for by its id, so that it can be prepared', async () => {
    const marketplace = createMarketplace();
    const experience = marketplace.add({ ...BEFORE, status: 'Disabled' });

    const report = await synchronize(marketplace, experience, SNAPSHOT, {}, { listed: true });

    expect(report.outcome).toBe('synchronized');
    expect(lack(marketplace, experience, SNAPSHOT)).toBe(0);
  });
});

describe('What may be changed', () => {
  it('is held back where it would deny more than MaxDeniedPercent permits, and nothing at all is changed', async () => {
    const marketplace = createMarketplace();
    const experience = marketplace.add(BEFORE); // 70 of 80 are to be denied: 87.5 %

    const report = await synchronize(marketplace, experience, SNAPSHOT, {
      policy: { mode: 'sync', maxDeniedPercent: 87, allowEmptySnapshot: false },
    });

    expect(report).toMatchObject({
      outcome: 'held back',
      reason: expect.stringContaining('deny 70 of 80 approved products (87.5 %)'),
      changeSets: 0,
    });
    expect(size(report.remaining)).toBe(220);
    expect(marketplace.requested('StartChangeSet')).toBe(0);
  });

  it('is everything where exactly MaxDeniedPercent is denied', async () => {
    const marketplace = createMarketplace();
    const experience = marketplace.add({ approved: [...KEPT, ...OLD.slice(0, 10)] });

    const report = await synchronize(marketplace, experience, SNAPSHOT, {
      policy: { mode: 'sync', maxDeniedPercent: 50, allowEmptySnapshot: false },
    });

    expect(report.outcome).toBe('synchronized');
  });

  it('is nothing for an empty snapshot', async () => {
    const marketplace = createMarketplace();
    const experience = marketplace.add(BEFORE);

    const report = await synchronize(marketplace, experience, lists([]));

    expect(report).toMatchObject({
      outcome: 'held back',
      reason: expect.stringContaining('AllowEmptySnapshot'),
    });
    expect(marketplace.service.products(experience).approved.size).toBe(80);
  });

  it('is everything for an empty snapshot where that is said to be meant', async () => {
    const marketplace = createMarketplace();
    const experience = marketplace.add(BEFORE);

    const report = await synchronize(marketplace, experience, lists([]), {
      policy: { mode: 'sync', maxDeniedPercent: 100, allowEmptySnapshot: true },
    });

    expect(report.outcome).toBe('synchronized');
    expect(marketplace.service.products(experience).approved.size).toBe(0);
  });

  it('is approvals only in the mode add-only, and then the experience does not count as synchronized', async () => {
    const marketplace = createMarketplace();
    const experience = marketplace.add(BEFORE);

    const report = await synchronize(marketplace, experience, SNAPSHOT, {
      policy: { mode: 'add-only', maxDeniedPercent: 1, allowEmptySnapshot: false },
    });

    expect(report).toMatchObject({
      outcome: 'held back',
      reason: expect.stringContaining('add-only leaves 100 products'),
      denied: [],
    });
    expect(marketplace.service.products(experience)).toEqual({
      approved: new Set([...KEPT, ...OLD, ...NEW]),
      rejected: new Set(),
    });
  });

  it('is nothing in the mode dry-run, which reports what would be done', async () => {
    const marketplace = createMarketplace();
    const experience = marketplace.add(BEFORE);
    const running = changeSetId(marketplace.service.lock(experience, 300_000));

    const report = await synchronize(
      marketplace,
      experience,
      SNAPSHOT,
      { policy: { mode: 'dry-run', maxDeniedPercent: 100, allowEmptySnapshot: false } },
      { inFlight: running },
    );

    expect([...report.remaining.approve].sort()).toEqual([...NEW].sort());
    expect([...report.remaining.deny].sort()).toEqual([...OLD, ...REJECTED].sort());
    expect(report).toMatchObject({ approved: [], denied: [], changeSets: 0 });
    expect(new Set(marketplace.events('request').map(({ operation }) => operation))).toEqual(
      new Set(['DescribeEntity']),
    );
    expect(marketplace.elapsed()).toBeLessThan(5_000); // it waits for nobody
  });
});

describe('Another change set', () => {
  it('of an administrator is waited for, and what it changed is taken into account', async () => {
    const marketplace = createMarketplace();
    const experience = marketplace.add({ approved: KEPT });
    marketplace.service.lock(experience, 60_000);
    const meddle = marketplace.clock.sleep(30_000).then(() => {
      marketplace.service.setProducts(experience, { approved: [...KEPT, ...NEW], rejected: [] });
    });

    const report = await synchronize(marketplace, experience, lists([...KEPT, ...NEW.slice(1)]));
    await meddle;

    expect(report).toMatchObject({ outcome: 'synchronized', approved: [], denied: [NEW[0]] });
  });

  it('of an administrator that comes between two of ours does no harm', async () => {
    const marketplace = createMarketplace(
      {},
      { requests: { StartChangeSet: [undefined, { administratorsChangeSetMs: 20_000 }] } },
    );
    const experience = marketplace.add(BEFORE);

    expect(await synchronize(marketplace, experience, SNAPSHOT)).toMatchObject({ outcome: 'synchronized' });
    expect(lack(marketplace, experience, SNAPSHOT)).toBe(0);
  });

  it('that an earlier invocation left running is waited for before anything is read', async () => {
    const marketplace = createMarketplace();
    const experience = marketplace.add(BEFORE);
    const inFlight = changeSetId(marketplace.service.lock(experience, 60_000));

    const report = await synchronize(marketplace, experience, SNAPSHOT, {}, { inFlight });

    expect(report.outcome).toBe('synchronized');
    expect(marketplace.events('request')[0]?.operation).toBe('DescribeChangeSet');
    expect(marketplace.requested('StartChangeSet')).toBe(3); // it never ran into the lock
  });

  it('that an earlier invocation left running, and that cannot be read, is no obstacle', async () => {
    const marketplace = createMarketplace();
    const experience = marketplace.add(BEFORE);

    const report = await synchronize(
      marketplace,
      experience,
      SNAPSHOT,
      {},
      {
        inFlight: changeSetId('cs-forgotten'),
      },
    );

    expect(report.outcome).toBe('synchronized');
    expect(marketplace.lines[0]).toMatchObject({
      level: 'warn',
      message: 'The change set of an earlier invocation cannot be read',
    });
  });
});

describe('When the time is over', () => {
  it('the report says what was done, what remains, and which change set still runs', async () => {
    const marketplace = createMarketplace({}, {}, CHANGE_SET * 1.5);
    const experience = marketplace.add(BEFORE);

    const report = await synchronize(marketplace, experience, SNAPSHOT);

    const running = marketplace.service.lockedBy(experience);
    expect(report).toMatchObject({
      outcome: 'in progress',
      reason: `change set ${running} still runs`,
      inFlight: running,
      changeSets: 2,
    });
    expect(report.approved.length + report.denied.length).toBe(100);
    expect(size(report.remaining)).toBe(120);
    expect(marketplace.elapsed()).toBeLessThanOrEqual(CHANGE_SET * 1.5);
  });

  it('before the experience was read, nothing is known of it', async () => {
    const marketplace = createMarketplace({}, {}, 0);
    const experience = marketplace.add(BEFORE);

    expect(await synchronize(marketplace, experience, SNAPSHOT)).toMatchObject({
      outcome: 'in progress',
      reason: 'the time was over',
      remaining: { approve: [], deny: [] },
    });
  });

  it('in the middle of a search, the report says where the search stood, and the next one goes on there', async () => {
    const guilty = NEW[0] ?? ('' as ProductId);
    const settings = { refused: new Map([[guilty, { how: 'later-unnamed' as const }]]) };
    const short = lists([...KEPT, ...NEW.slice(0, 50)]);
    const first = createMarketplace(settings, {}, CHANGE_SET * 3.5);
    const experience = first.add({ id: 'exp-same', approved: KEPT });
    const broken = await synchronize(first, experience, short);
    expect(broken).toMatchObject({ outcome: 'in progress', refusals: [], narrowed: 3 });
    expect(broken.suspects.flat()).toContain(guilty);
    expect(broken.suspects.flat().length).toBeLessThanOrEqual(50);

    const second = createMarketplace(settings);
    second.add({ id: 'exp-same', approved: first.service.products(experience).approved });
    const whole = createMarketplace(settings);
    whole.add({ id: 'exp-same', approved: KEPT });
    const report = await synchronize(second, experience, short, {}, { suspects: broken.suspects });
    const inOneGo = await synchronize(whole, experience, short);

    expect(report).toMatchObject({ outcome: 'synchronized', suspects: [] });
    expect(report.refusals.map(({ product }) => product)).toEqual([guilty]);
    // The one that was under way, and the groups that were set aside, which are now tried one by one.
    expect(broken.changeSets + report.changeSets).toBeLessThanOrEqual(inOneGo.changeSets + 1 + 3);
  });
});

describe('What a later try may mend', () => {
  it('is a Marketplace that has nothing but faults: it is given up, and says so', async () => {
    const marketplace = createMarketplace(
      {},
      { requests: { StartChangeSet: Array(100).fill('server error') } },
    );
    const experience = marketplace.add(BEFORE);

    const report = await synchronize(marketplace, experience, SNAPSHOT);

    expect(report).toMatchObject({ outcome: 'failed', retryable: true });
    expect(size(report.remaining)).toBe(220);
  });

  it('is one that cannot be read for faults', async () => {
    const marketplace = createMarketplace(
      {},
      { requests: { DescribeEntity: Array(100).fill('server error') } },
    );
    const experience = marketplace.add(BEFORE);

    expect(await synchronize(marketplace, experience, SNAPSHOT)).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('InternalServiceException'),
      retryable: true,
    });
  });

  it('includes what was done until then', async () => {
    const marketplace = createMarketplace(
      {},
      { requests: { StartChangeSet: [undefined, ...Array(100).fill('server error')] } },
    );
    const experience = marketplace.add(BEFORE);

    const report = await synchronize(marketplace, experience, SNAPSHOT);

    expect(report.approved.length + report.denied.length).toBe(100);
    expect(size(report.remaining)).toBe(120);
  });
});

describe('The experiences to synchronize', () => {
  const NOTHING_LEFT = { inFlight: new Map(), suspects: new Map() };

  it('are those that MemberExperienceIds names, without asking for others', async () => {
    const marketplace = createMarketplace();
    const [one, two] = [marketplace.add(), marketplace.add()];

    const targets = await findTargets(marketplace.catalog, [two], {
      ...NOTHING_LEFT,
      inFlight: new Map([
        [one, changeSetId('cs-one')],
        [two, changeSetId('cs-two')],
      ]),
      suspects: new Map([[two, [NEW.slice(0, 3)]]]),
    });

    expect(targets).toEqual([{ id: two, listed: true, inFlight: 'cs-two', suspects: [NEW.slice(0, 3)] }]);
    expect(marketplace.requested('ListEntities')).toBe(0);
  });

  it('are otherwise all that are shared with the account or its own, each once', async () => {
    const marketplace = createMarketplace();
    const shared = marketplace.add();
    const own = marketplace.add({ owner: MEMBER, sharedWith: [] });
    const both = marketplace.add({ owner: MEMBER, sharedWith: [MEMBER] });
    marketplace.add({ sharedWith: [] });

    const targets = await marketplace.clock.run(findTargets(marketplace.catalog, undefined, NOTHING_LEFT));

    expect(targets.map(({ id }) => id).sort()).toEqual([shared, own, both].sort());
    expect(targets.every(({ listed }) => !listed)).toBe(true);
  });

  it('are all pages of them', async () => {
    const marketplace = createMarketplace();
    const ids = Array.from({ length: 120 }, () => marketplace.add());

    const targets = await marketplace.clock.run(findTargets(marketplace.catalog, undefined, NOTHING_LEFT));

    expect(targets.map(({ id }) => id).sort()).toEqual(ids.sort());
  });
});

it('Experiences side by side take as long as the longest of them', async () => {
  const marketplace = createMarketplace();
  const experiences = Array.from({ length: 10 }, () => marketplace.add(BEFORE));
  const run = runOf(marketplace, SNAPSHOT);

  const reports = await marketplace.clock.run(
    Promise.all(experiences.map((id) => synchronizeExperience(run, { id, listed: true }))),
  );

  expect(reports.every(({ outcome }) => outcome === 'synchronized')).toBe(true);
  expect(marketplace.elapsed()).toBeLessThan(3 * CHANGE_SET * 1.3);
  expect(marketplace.events('request').filter(({ status }) => status === 429)).toEqual([]);
});

it('An experience that fails leaves the others alone', async () => {
  const marketplace = createMarketplace();
  const good = marketplace.add(BEFORE);
  const bad = marketplace.add({ ...BEFORE, denied: ['StartChangeSet'] });
  const run = runOf(marketplace, SNAPSHOT);

  const reports = await marketplace.clock.run(
    Promise.all([bad, good].map((id) => synchronizeExperience(run, { id, listed: true }))),
  );

  expect(reports.map(({ outcome }) => outcome)).toEqual(['failed', 'synchronized']);
});
