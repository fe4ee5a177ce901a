import { type ExperienceId, productId } from '../../shared/identifiers.js';
import type { RefusedProduct } from '../../shared/sync-timestamps.js';
import { KnownRefusals } from './refusals.js';

const HOUR = 60 * 60 * 1000;
const NOW = Date.UTC(2026, 0, 2);
const experience = 'exp-abc' as ExperienceId;
const other = 'exp-def' as ExperienceId;
const [a, b] = [productId('prod-a'), productId('prod-b')];

const refused = (more: Partial<RefusedProduct> = {}): RefusedProduct => ({
  experience,
  product: a,
  change: 'approve',
  reason: 'withdrawn',
  at: NOW - HOUR,
  ...more,
});

describe('A product that was refused', () => {
  it('is known among the changes of a plan, with its reason', () => {
    const known = new KnownRefusals([refused()], NOW);

    expect(known.among(experience, { approve: [a, b], deny: [] })).toEqual([refused()]);
  });

  it('is not known for another experience', () => {
    const known = new KnownRefusals([refused()], NOW);

    expect(known.among(other, { approve: [a], deny: [] })).toEqual([]);
    expect(known.of(other)).toEqual([]);
  });

  it('is not known for the other change: what cannot be approved may still be denied', () => {
    const known = new KnownRefusals([refused()], NOW);

    expect(known.among(experience, { approve: [], deny: [a] })).toEqual([]);
  });

  it('is not reported when the plan does not want it any more', () => {
    expect(new KnownRefusals([refused()], NOW).among(experience, { approve: [b], deny: [] })).toEqual([]);
  });

  it.each([
    [24 * HOUR - 1, 1],
    [24 * HOUR, 0],
    [48 * HOUR, 0],
  ])('is forgotten after a day, so that it is tried again (%i ms ago: %i known)', (age, count) => {
    const known = new KnownRefusals([refused({ at: NOW - age })], NOW);

    expect(known.among(experience, { approve: [a], deny: [] })).toHaveLength(count);
    expect(known.of(experience)).toHaveLength(count);
  });

  it('keeps the moment of its refusal, so that a day does not begin anew every hour', () => {
    const known = new KnownRefusals([refused()], NOW);

    expect(known.refusedAt(experience, { product: a, change: 'approve', reason: '' }, NOW)).toBe(NOW - HOUR);
    expect(known.refusedAt(experience, { product: a, change: 'deny', reason: '' }, NOW)).toBe(NOW);
    expect(known.refusedAt(experience, { product: b, change: 'approve', reason: '' }, NOW)).toBe(NOW);
    expect(known.refusedAt(other, { product: a, change: 'approve', reason: '' }, NOW)).toBe(NOW);
  });
});

it('All refused products of an experience are known even where it is not known what it lacks', () => {
  const both = [refused(), refused({ product: b, change: 'deny' })];

  expect(new KnownRefusals([...both, refused({ experience: other })], NOW).of(experience)).toEqual(both);
});
