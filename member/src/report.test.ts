import { marshall } from '@aws-sdk/util-dynamodb';
import { accountId, type ExperienceId, type ProductId } from '../../shared/identifiers.js';
import { seal } from '../../shared/notification.js';
import { LISTED, REASON_LENGTH } from '../../shared/sync-timestamps.js';
import { lists, manyProducts } from '../../shared/testing/products.js';
import { KnownRefusals } from './refusals.js';
import { type Attempt, judge, statusOf, statusOfFailure, summarize } from './report.js';
import type { ExperienceReport } from './synchronize-experience.js';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const ORGANIZATION = { id: accountId('333333333333'), email: 'owner@example.com' };
const [PRODUCT] = manyProducts(1) as [ProductId]; // one was asked for

/** The report of an experience that equals the snapshot, and what differs from it. */
const report = (id: string, more: Partial<ExperienceReport> = {}): ExperienceReport => ({
  id: id as ExperienceId,
  outcome: 'synchronized',
  sizes: { approved: 3, rejected: 2 },
  remaining: { approve: [], deny: [] },
  approved: [],
  denied: [],
  refusals: [],
  newRefusals: 0,
  changeSets: 0,
  narrowed: 0,
  suspects: [],
  ...more,
});

const attempt = (reports: readonly ExperienceReport[], more: Partial<Attempt> = {}): Attempt => ({
  ...judge(reports),
  organization: ORGANIZATION,
  memberAccount: accountId('222222222222'),
  reports,
  known: new KnownRefusals([], NOW),
  snapshot: lists(['prod-a', 'prod-b'], ['prod-c']),
  seal: undefined,
  endedAt: NOW,
  ...more,
});

const synchronized = report('exp-good');
const failed = report('exp-failed', {
  outcome: 'failed',
  reason: 'it rained',
  remaining: { approve: manyProducts(4), deny: [] },
});
const heldBack = report('exp-held', { outcome: 'held back', reason: 'too much' });
const inProgress = report('exp-busy', { outcome: 'in progress', reason: 'the time was over' });
const skipped = report('exp-skipped', { outcome: 'skipped', reason: 'the experience is archived' });

describe('An organization is', () => {
  it.each([
    ['synchronized', [synchronized, report('exp-other')]],
    ['synchronized', [synchronized, skipped]],
    ['failed', [failed]],
    ['failed', [failed, inProgress]],
    ['failed', [failed, heldBack, skipped]],
    ['partly failed', [synchronized, failed]],
    ['partly failed', [synchronized, failed, inProgress]],
    ['in progress', [synchronized, inProgress]],
    ['in progress', [inProgress, heldBack]],
    ['held back', [synchronized, heldBack]],
  ])('%s', (outcome, reports) => {
    expect(judge(reports).outcome).toBe(outcome);
  });

  it('synchronized for no reason, and anything else for the reasons of its experiences', () => {
    expect(judge([synchronized]).reason).toBeUndefined();
    expect(judge([synchronized, failed, heldBack]).reason).toBe(
      'exp-failed failed: it rained (4 products left); exp-held held back: too much',
    );
  });

  it('failed when it has no live experience at all', () => {
    const none = { outcome: 'failed', reason: expect.stringContaining('no live experience was found') };
    expect(judge([])).toEqual(none);
    expect(judge([skipped])).toEqual(none);
  });
});

describe('The item of an organization', () => {
  const SAMPLE = ['member_org_email', 'stamp', 'update_time_utc', 'experiences_updated', 'experience_ids'];

  it('has the attributes of the Python sample, with their types, once everything is synchronized', () => {
    const status = statusOf(attempt([synchronized, skipped]));

    expect(status).toMatchObject({
      member_org_email: 'owner@example.com',
      stamp: String(NOW / 1000),
      update_time_utc: '2026-01-02T03:04:05.000Z',
      experiences_updated: 1,
      experience_ids: ['exp-good'],
    });
  });

  it.each([
    ['failed', [failed]],
    ['partly failed', [synchronized, failed]],
    ['in progress', [synchronized, inProgress]],
    ['held back', [synchronized, heldBack]],
  ])('keeps these attributes as they were when it is %s', (outcome, reports) => {
    const status = statusOf(attempt(reports));

    expect(status.outcome).toBe(outcome);
    expect(Object.keys(status).filter((name) => SAMPLE.includes(name))).toEqual([]);
  });

  it('tells how each experience stands, and what is left to do', () => {
    expect(statusOf(attempt([synchronized, failed, skipped]))).toMatchObject({
      last_attempt_utc: '2026-01-02T03:04:05.000Z',
      outcome: 'partly failed',
      reason: 'exp-failed failed: it rained (4 products left)',
      remaining: 4,
      experiences: [
        { id: 'exp-good', outcome: 'synchronized', approved: 3, rejected: 2, remaining: 0 },
        { id: 'exp-failed', outcome: 'failed', reason: 'it rained', approved: 3, rejected: 2, remaining: 4 },
      ],
      experience_count: 2,
      snapshot_approved: 2,
      snapshot_rejected: 1,
      member_account_id: '222222222222',
    });
  });

  it('loses the reason of an earlier attempt when all is well', () => {
    const status = statusOf(attempt([synchronized]));

    expect('reason' in status).toBe(true);
    expect(status.reason).toBeUndefined(); // it is to be removed
  });

  it('names the refused products, by the moment at which each was refused first', () => {
    const known = new KnownRefusals(
      [
        {
          experience: 'exp-good' as ExperienceId,
          product: PRODUCT,
          change: 'approve',
          reason: 'old',
          at: NOW - 5,
        },
      ],
      NOW,
    );
    const refusals = [
      { product: PRODUCT, change: 'approve' as const, reason: 'old' },
      { product: PRODUCT, change: 'deny' as const, reason: 'new' },
    ];

    const status = statusOf(attempt([report('exp-good', { refusals })], { known }));

    expect(status).toMatchObject({
      outcome: 'synchronized',
      refused: [
        { experience: 'exp-good', product: PRODUCT, change: 'approve', reason: 'old', at: NOW - 5 },
        { experience: 'exp-good', product: PRODUCT, change: 'deny', reason: 'new', at: NOW },
      ],
      refused_count: 2,
    });
  });

  it('keeps what is known of the experiences when an attempt did not come to them', () => {
    const status = statusOf(attempt([], { outcome: 'held back', reason: 'not whole', snapshot: undefined }));

    for (const name of ['experiences', 'experience_count', 'refused', 'refused_count', 'snapshot_approved']) {
      expect(status).not.toHaveProperty(name);
    }
  });

  it('remembers which snapshot was worked with, where it was announced', () => {
    const announced = seal(lists(['prod-a']), NOW);

    expect(statusOf(attempt([synchronized], { seal: announced })).snapshot_seal).toEqual(announced);
    expect(statusOf(attempt([synchronized]))).not.toHaveProperty('snapshot_seal');
  });

  it('keeps its lists and texts bounded, and counts all the same', () => {
    const many = Array.from({ length: LISTED + 50 }, (_, index) =>
      report(`exp-${index}`, {
        outcome: 'failed',
        reason: 'x'.repeat(5000),
        refusals: manyProducts(10).map((product) => ({ product, change: 'deny', reason: 'y'.repeat(5000) })),
      }),
    );

    const status = statusOf(attempt(many));

    expect(status.experiences).toHaveLength(LISTED);
    expect(status.refused).toHaveLength(LISTED);
    expect(status).toMatchObject({ experience_count: LISTED + 50, refused_count: 10 * (LISTED + 50) });
    expect(status.reason).toHaveLength(REASON_LENGTH);
    expect(status.experiences?.[0]?.reason).toHaveLength(REASON_LENGTH);
    expect(status.refused?.[0]?.reason).toHaveLength(REASON_LENGTH);
  });

  it('fits into DynamoDB’s 400 KB in the worst case', () => {
    const wide = '\u{10348}漢'.repeat(2000); // characters of four and of three bytes
    const worst = (outcome: 'synchronized' | 'failed') =>
      Array.from({ length: 1000 }, (_, index) =>
        report(`exp-${String(index).padStart(40, '0')}`, {
          outcome,
          reason: wide,
          sizes: { approved: 30_000, rejected: 30_000 },
          refusals: manyProducts(20, 'a-product-id-of-a-form-that-is-not-documented-').map((product) => ({
            product,
            change: 'approve',
            reason: wide,
          })),
        }),
      );
    for (const outcome of ['synchronized', 'failed'] as const) {
      const item = {
        ...statusOf(attempt(worst(outcome), { outcome, reason: wide, seal: seal(lists(['prod-a']), NOW) })),
        ID: '333333333333',
        first_attempt_utc: new Date(NOW).toISOString(),
        turn_holder: '00000000-0000-4000-8000-000000000000',
        turn_until: NOW,
        turn_wishes: Array.from({ length: 50 }, () => ({ Snapshot: seal(lists(['prod-a']), NOW) })),
      };
      // The service counts names and values; their JSON has both, and the types' names besides.
      const bytes = Buffer.byteLength(JSON.stringify(marshall(item, { removeUndefinedValues: true })));
      expect(bytes).toBeLessThan(400 * 1024);
    }
  });

  it('says of an attempt that an error ended only that, and how', () => {
    expect(statusOfFailure(new TypeError('fetch failed'), undefined, NOW)).toEqual({
      last_attempt_utc: '2026-01-02T03:04:05.000Z',
      outcome: 'failed',
      reason: 'TypeError: fetch failed',
      software_version: expect.any(String),
    });
  });
});

describe('The summary', () => {
  const changed = report('exp-busy', {
    outcome: 'in progress',
    reason: 'dry run: nothing was changed',
    remaining: { approve: manyProducts(3), deny: manyProducts(2, 'old-') },
    approved: manyProducts(1, 'done-'),
    denied: [],
    changeSets: 1,
  });

  it('shows what was done in each experience', () => {
    const summary = summarize({ outcome: 'in progress' }, 'sync', [changed, skipped], undefined, undefined);

    expect(summary).toEqual({
      outcome: 'in progress',
      mode: 'sync',
      experiences: [
        {
          id: 'exp-busy',
          outcome: 'in progress',
          reason: 'dry run: nothing was changed',
          approvedCount: 1,
          approved: manyProducts(1, 'done-'),
          deniedCount: 0,
          denied: [],
          refused: [],
          refusedCount: 0,
          changeSets: 1,
          remaining: 5,
        },
      ],
      skipped: [{ id: 'exp-skipped', reason: 'the experience is archived' }],
    });
  });

  it('of a dry run shows what would be done', () => {
    const [experience] = summarize(
      { outcome: 'dry run' },
      'dry-run',
      [changed],
      undefined,
      undefined,
    ).experiences;

    expect(experience).toMatchObject({
      outcome: 'would change',
      approvedCount: 3,
      approved: manyProducts(3),
      deniedCount: 2,
      denied: manyProducts(2, 'old-'),
    });
  });

  it('fits into Lambda’s answer of 6 MB, however much was done in a hundred experiences', () => {
    const everything = Array.from({ length: 100 }, (_, index) =>
      report(`exp-${index}`, {
        approved: manyProducts(30_000, '0f6d3c5e-0d4c-4b52-9b0a-'),
        denied: manyProducts(30_000, '0f6d3c5e-0d4c-4b52-9b0b-'),
        refusals: manyProducts(5000).map((product) => ({
          product,
          change: 'deny',
          reason: '漢'.repeat(2000),
        })),
        changeSets: 600,
      }),
    );

    const summary = summarize({ outcome: 'synchronized' }, 'sync', everything, undefined, undefined);

    expect(Buffer.byteLength(JSON.stringify(summary))).toBeLessThan(6_291_556); // Lambda, "Quotas"
    expect(summary.experiences[0]).toMatchObject({ approvedCount: 30_000, deniedCount: 30_000 });
  });

  it('shows up to a thousand products of each kind in one experience', () => {
    const one = report('exp-one', { approved: manyProducts(1001), denied: manyProducts(1001, 'old-') });

    const [experience] = summarize(
      { outcome: 'synchronized' },
      'sync',
      [one],
      undefined,
      undefined,
    ).experiences;

    expect(experience?.approved).toHaveLength(1000);
    expect(experience?.denied).toHaveLength(1000);
  });
});
