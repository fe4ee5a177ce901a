import fc from 'fast-check';
import { later, matches, readSeal, type SnapshotSeal, seal } from './notification.js';
import { anyLists, lists } from './testing/products.js';

describe('The seal of a snapshot', () => {
  it('says how many products are in each list, which ones, and when that was so', () => {
    const sealed = seal(lists(['prod-a', 'prod-b'], ['prod-c']), 1_900_000_000_000);

    expect(sealed).toEqual({
      ApprovedCount: 2,
      ApprovedDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
      RejectedCount: 1,
      RejectedDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
      Taken: 1_900_000_000_000,
    });
  });

  it('fits the same lists only, whatever order they were read in', () => {
    const same = (a: ReadonlySet<string>, b: ReadonlySet<string>) =>
      a.size === b.size && [...a].every((id) => b.has(id));
    fc.assert(
      fc.property(anyLists, anyLists, (one, other) => {
        const reversed = {
          approved: new Set([...one.approved].reverse()),
          rejected: new Set([...one.rejected].reverse()),
        };
        expect(matches(reversed, seal(one, 0))).toBe(true);
        expect(matches(other, seal(one, 0))).toBe(
          same(one.approved, other.approved) && same(one.rejected, other.rejected),
        );
      }),
    );
  });

  it('fits no lists that are swapped', () => {
    expect(matches(lists(['prod-a'], ['prod-b']), seal(lists(['prod-b'], ['prod-a']), 0))).toBe(false);
  });

  it('survives the way through JSON', () => {
    fc.assert(
      fc.property(anyLists, fc.nat(), (snapshot, taken) => {
        const sealed = seal(snapshot, taken);
        const message = JSON.stringify({ Action: 'Products-Updated', Snapshot: sealed });
        expect(readSeal(JSON.parse(message))).toEqual(sealed);
      }),
    );
  });
});

describe('A message without a usable seal', () => {
  const whole: SnapshotSeal = seal(lists(['prod-a']), 1);

  it.each([
    ['of a Python management stack', { Action: 'Products-Updated' }],
    ['that is a text', 'anything'],
    ['that is nothing', null],
    ['whose snapshot is nothing', { Snapshot: null }],
    ['whose snapshot is a text', { Snapshot: 'all of it' }],
  ])('is accepted: one %s', (_, message) => {
    expect(readSeal(message)).toBeUndefined();
  });

  it('is accepted when a single field of the seal is missing or has another type', () => {
    for (const field of Object.keys(whole)) {
      const { [field as keyof SnapshotSeal]: _, ...rest } = whole; // each of its own keys
      expect(readSeal({ Snapshot: rest })).toBeUndefined();
      expect(readSeal({ Snapshot: { ...whole, [field]: true } })).toBeUndefined();
    }
  });
});

describe('Of two seals', () => {
  const early = seal(lists(['prod-a']), 1);
  const late = seal(lists(['prod-b']), 2);

  it('the one of the later snapshot counts, whichever comes first', () => {
    expect(later(early, late)).toBe(late);
    expect(later(late, early)).toBe(late);
  });

  it('the only one counts', () => {
    expect(later(undefined, early)).toBe(early);
    expect(later(early, undefined)).toBe(early);
    expect(later(undefined, undefined)).toBeUndefined();
  });
});
