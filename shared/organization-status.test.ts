import { accountId, type ExperienceId, productId } from './identifiers.js';
import { judgeOrganization, type Yardstick } from './organization-status.js';
import type { SyncTimestampsItem } from './sync-timestamps.js';

const NOW = Date.UTC(2026, 0, 2, 12);
const HOUR = 3_600_000;
const YARDSTICK: Yardstick = { now: NOW, staleAfterHours: 3 };
const experience = 'exp-a' as ExperienceId; // its form does not matter here

const judge = (item: Omit<SyncTimestampsItem, 'ID'>, yardstick: Partial<Yardstick> = {}) =>
  judgeOrganization({ ID: accountId('222222222222'), ...item }, { ...YARDSTICK, ...yardstick });
const stamp = (hoursAgo: number) => String((NOW - hoursAgo * HOUR) / 1000);

describe('An organization is behind', () => {
  it.each([
    [2.99, false],
    [3, false],
    [3.01, true],
  ])('when its last synchronization is %d hours ago: %s', (hoursAgo, behind) => {
    expect(judge({ stamp: stamp(hoursAgo), outcome: 'synchronized' })).toMatchObject({
      behind,
      hours: hoursAgo,
    });
  });

  it('when it was never synchronized, counted from its first attempt', () => {
    const first = (hoursAgo: number) => new Date(NOW - hoursAgo * HOUR).toISOString();

    expect(judge({ first_attempt_utc: first(1), outcome: 'in progress' })).toMatchObject({
      behind: false,
      hours: 1,
    });
    expect(judge({ first_attempt_utc: first(4), outcome: 'in progress' })).toMatchObject({
      behind: true,
      hours: 4,
      lastSynchronized: undefined,
    });
  });

  it('when nothing at all is known of it', () => {
    expect(judge({})).toMatchObject({ behind: true, hours: undefined, outcome: undefined, failed: false });
    expect(judge({ stamp: 'yesterday' })).toMatchObject({ behind: true, lastSynchronized: undefined });
  });

  it('but not with the clock of its account ahead of this one', () => {
    expect(judge({ stamp: stamp(-1) })).toMatchObject({ behind: false, hours: 0 });
  });
});

describe('Where members are notified of changes only, an organization that was synchronized days ago', () => {
  const announced = { ApprovedDigest: 'a', RejectedDigest: 'r' };
  const seal = { ...announced, ApprovedCount: 1, RejectedCount: 1, Taken: 0 };
  const item = { stamp: stamp(100), outcome: 'synchronized', snapshot_seal: seal } as const;

  it('is not behind with the snapshot that was announced last', () => {
    expect(judge(item, { announced }).behind).toBe(false);
    expect(judge(item).behind).toBe(true);
  });

  it.each([
    ['another snapshot', { snapshot_seal: { ...seal, ApprovedDigest: 'b' } }],
    ['other rejections', { snapshot_seal: { ...seal, RejectedDigest: 'b' } }],
    ['an attempt that failed', { outcome: 'failed' as const }],
  ])('is behind with %s', (_, other) => {
    expect(judge({ ...item, ...other }, { announced }).behind).toBe(true);
  });

  it('is behind when its member is a Python one, which does not say with what it was synchronized', () => {
    expect(judge({ stamp: stamp(100), experiences_updated: 1 }, { announced }).behind).toBe(true);
  });
});

describe('What an item says', () => {
  it('is taken from the five attributes of the Python sample', () => {
    const item = {
      member_org_email: 'cloud@example.com',
      stamp: stamp(1),
      update_time_utc: '2026-01-02T11:00:00',
      experiences_updated: 4,
    };

    expect(judge(item)).toEqual({
      organization: '222222222222',
      email: 'cloud@example.com',
      lastSynchronized: '2026-01-02T11:00:00.000Z',
      hours: 1,
      experiences: 4,
      experiencesSynchronized: undefined,
      outcome: 'synchronized',
      lastAttempt: '2026-01-02T11:00:00.000Z',
      behind: false,
      failed: false,
      reason: undefined,
      refused: 0,
      refusedProducts: [],
      outOfStep: [],
    });
  });

  it('counts the synchronized experiences, unless their list was cut short', () => {
    const experiences = [
      { id: experience, outcome: 'synchronized' as const },
      { id: experience, outcome: 'failed' as const, reason: 'archived' },
    ];

    expect(judge({ experiences, experience_count: 2 })).toMatchObject({
      experiences: 2,
      experiencesSynchronized: 1,
    });
    expect(judge({ experiences, experience_count: 150 }).experiencesSynchronized).toBeUndefined();
    expect(judge({ experiences, experience_count: 2 }).outOfStep).toEqual([experiences[1]]);
  });

  it('names refused products where there is no worse reason', () => {
    const product = {
      experience,
      product: productId('prod-x'),
      change: 'approve',
      reason: 'gone',
      at: 0,
    } as const;
    const refused = { refused: [product], refused_count: 3 };

    expect(judge({ stamp: stamp(1), outcome: 'synchronized', ...refused }).reason).toBe(
      'refused to approve prod-x in exp-a: gone (and 2 more)',
    );
    expect(judge({ stamp: stamp(1), outcome: 'failed', reason: 'no role', ...refused }).reason).toBe(
      'no role',
    );
  });

  it('is told to be old when nothing was reported for too long', () => {
    const silent = /^nothing was reported since 2026-01-02 07:00 UTC: the member function is not started/;

    expect(judge({ stamp: stamp(5) }).reason).toMatch(silent);
    expect(judge({ stamp: stamp(5), last_attempt_utc: '2026-01-02T11:30:00.000Z' }).reason).toBeUndefined();
    expect(
      judge({ outcome: 'failed', reason: 'no role', last_attempt_utc: '2026-01-02T07:00:00.000Z' }).reason,
    ).toMatch(/^no role; nothing was reported since 2026-01-02 07:00 UTC/);
    expect(judge({}).reason).toMatch(/^nothing was reported: /);
  });

  it.each(['failed', 'partly failed'] as const)('counts as a failure: %s', (outcome) => {
    expect(judge({ stamp: stamp(1), outcome }).failed).toBe(true);
  });
});
