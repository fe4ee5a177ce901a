import fc from 'fast-check';
import type { ProductId } from '../../shared/identifiers.js';
import { manyProducts } from '../../shared/testing/products.js';
import { type Plan, size } from './plan.js';
import { type Pairing, PRODUCTS_A_CHANGE, type Suspects, Work } from './work.js';

/** How a Marketplace refuses change sets. It answers with a message, or with nothing where it takes the batch. */
interface Marketplace {
  readonly refused: ReadonlySet<ProductId>;
  /** Whether it names the refused products, and how many of them at the most. */
  readonly names: number;
  readonly takesPairs: boolean;
  /** Whether its limit of 50 ids is for the whole change set. */
  readonly fiftyInAll?: boolean;
}

function answer({ refused, names, takesPairs, fiftyInAll }: Marketplace, batch: Plan): string | undefined {
  const all = [...batch.approve, ...batch.deny];
  if (!takesPairs && batch.approve.length > 0 && batch.deny.length > 0) return 'Not in the same change set';
  if (fiftyInAll && all.length > 50) return 'Cumulative number of values must be less than or equal to 50';
  const wrong = all.filter((id) => refused.has(id));
  if (wrong.length === 0) return undefined;
  return `Products are not available for procurement: ${wrong.slice(0, names).join(', ')}`;
}

/** Sends all batches of a plan to a Marketplace. */
function drive(
  planned: Plan,
  marketplace: Marketplace,
  pairing: Pairing = { accepted: true },
  suspects: Suspects = [],
) {
  const work = new Work(planned, pairing, suspects);
  const sent: Plan[] = [];
  const approved: ProductId[] = [];
  const denied: ProductId[] = [];
  for (let batch = work.next(); batch; batch = work.next()) {
    sent.push(batch);
    // A bound on what a search may cost, so that one that never ends is an error and not a test that never ends.
    if (sent.length > 20 * (size(planned) + 1)) throw new Error('The work does not end.');
    const refusal = answer(marketplace, batch);
    if (refusal === undefined) {
      approved.push(...batch.approve);
      denied.push(...batch.deny);
      work.succeeded();
    } else work.refused(refusal);
  }
  return { sent, approved, denied, refusals: work.refusals, pairing, work };
}

const AGREEABLE: Marketplace = { refused: new Set(), names: 0, takesPairs: true };
const approvals = (count: number): Plan => ({ approve: manyProducts(count), deny: [] });
const denials = (count: number): Plan => ({ approve: [], deny: manyProducts(count, 'old-') });
const both = (approve: number, deny: number): Plan => ({
  approve: manyProducts(approve),
  deny: manyProducts(deny, 'old-'),
});
const nth = (ids: readonly ProductId[], index: number): ProductId => {
  const id = ids[index];
  if (id === undefined) throw new Error(`There is no product ${index}.`);
  return id;
};

/** A plan, and some of its products. */
const aPlanWithRefused = fc
  .record({
    approve: fc.integer({ min: 0, max: 130 }),
    deny: fc.integer({ min: 0, max: 130 }),
    refused: fc.array(fc.nat(), { maxLength: 12 }),
  })
  .map(({ approve, deny, refused }) => {
    const planned = both(approve, deny);
    const all = [...planned.approve, ...planned.deny];
    return {
      planned,
      refused: new Set(refused.flatMap((index) => (all.length > 0 ? [nth(all, index % all.length)] : []))),
    };
  });

describe('Where nothing is refused, a plan', () => {
  it('of nothing takes no change set', () => {
    expect(drive(approvals(0), AGREEABLE).sent).toEqual([]);
  });

  it.each([
    [1, 0, 1],
    [50, 0, 1],
    [51, 0, 2],
    [0, 101, 3],
    [50, 50, 1],
    [51, 50, 2],
    [100, 250, 5],
    [500, 500, 10],
  ])('of %i approvals and %i denials takes %i change sets', (approve, deny, changeSets) => {
    const { sent, approved, denied } = drive(both(approve, deny), AGREEABLE);

    expect(sent).toHaveLength(changeSets);
    expect(approved).toEqual(both(approve, deny).approve);
    expect(denied).toEqual(both(approve, deny).deny);
  });

  it('counts what remains while it is worked through', () => {
    const work = new Work(both(60, 10), { accepted: true });
    expect(work.remaining).toBe(70);
    expect(work.searching).toBe(false);

    work.next();
    work.succeeded();

    expect(work.remaining).toBe(10);
  });

  it('keeps the same batch next until it is said what became of it', () => {
    const work = new Work(both(60, 10), { accepted: true });

    expect(work.next()).toBe(work.next());
  });
});

describe('Whatever the Marketplace refuses, and however it says so,', () => {
  const anyMarketplace = fc.record({
    names: fc.constantFrom(0, 1, 2, Number.POSITIVE_INFINITY),
    takesPairs: fc.boolean(),
    fiftyInAll: fc.boolean(),
    known: fc.boolean(),
  });

  it('all other products are applied, once, and exactly the refused ones are reported', () => {
    fc.assert(
      fc.property(aPlanWithRefused, anyMarketplace, ({ planned, refused }, { known, ...how }) => {
        const { approved, denied, refusals } = drive(planned, { refused, ...how }, { accepted: !known });

        const applied = (ids: readonly ProductId[]) => ids.filter((id) => !refused.has(id));
        expect([...approved].sort()).toEqual(applied(planned.approve).sort());
        expect([...denied].sort()).toEqual(applied(planned.deny).sort());
        expect(refusals.map(({ product }) => product).sort()).toEqual([...refused].sort());
        for (const { product, change } of refusals) {
          expect((change === 'approve' ? planned.approve : planned.deny).includes(product)).toBe(true);
        }
      }),
    );
  });

  it('no change set has more than 50 products of one kind, or none at all', () => {
    fc.assert(
      fc.property(aPlanWithRefused, anyMarketplace, ({ planned, refused }, { known, ...how }) => {
        for (const batch of drive(planned, { refused, ...how }, { accepted: !known }).sent) {
          expect(batch.approve.length).toBeLessThanOrEqual(PRODUCTS_A_CHANGE);
          expect(batch.deny.length).toBeLessThanOrEqual(PRODUCTS_A_CHANGE);
          expect(size(batch)).toBeGreaterThan(0);
        }
      }),
    );
  });

  it('no batch is sent twice', () => {
    fc.assert(
      fc.property(aPlanWithRefused, anyMarketplace, ({ planned, refused }, { known, ...how }) => {
        const { sent } = drive(planned, { refused, ...how }, { accepted: !known });
        expect(new Set(sent.map((batch) => JSON.stringify(batch))).size).toBe(sent.length);
      }),
    );
  });

  it('the search costs a few change sets for each refused product, not one for each product', () => {
    fc.assert(
      fc.property(aPlanWithRefused, anyMarketplace, ({ planned, refused }, { known, ...how }) => {
        const without = drive(planned, { ...how, refused: new Set() }, { accepted: !known }).sent.length;
        const withThem = drive(planned, { ...how, refused }, { accepted: !known }).sent.length;
        // A pair goes apart first; then each of the refused is one of at most 50, which takes 6 halvings. At the end it
        // is sent alone, to hear the reason, and what was set aside on the way is sent together.
        expect(withThem - without).toBeLessThanOrEqual(refused.size * (2 + 6 + 2));
      }),
    );
  });
});

describe('One refused product among 50', () => {
  it.each(Array.from({ length: 50 }, (_, index) => [index]))(
    'that is not named is found with at most 8 change sets more, wherever it stands (%i)',
    (index) => {
      const planned = approvals(50);
      const guilty = nth(planned.approve, index);

      const { sent, refusals } = drive(planned, { ...AGREEABLE, refused: new Set([guilty]) });

      expect(refusals.map(({ product }) => product)).toEqual([guilty]);
      expect(sent.length - 1).toBeLessThanOrEqual(8);
    },
  );

  it('takes the others with it that were set aside on the way, together', () => {
    const planned = approvals(50);
    const guilty = nth(planned.approve, 0);

    const { sent } = drive(planned, { ...AGREEABLE, refused: new Set([guilty]) });

    expect(sent.map(size)).toEqual([50, 25, 13, 7, 4, 2, 1, 49]);
  });

  it('that is named costs one change set more', () => {
    const planned = both(50, 50);
    const guilty = nth(planned.deny, 17);

    const { sent, refusals } = drive(planned, { ...AGREEABLE, names: 1, refused: new Set([guilty]) });

    expect(sent).toHaveLength(2);
    expect(refusals).toEqual([{ product: guilty, change: 'deny', reason: expect.stringContaining(guilty) }]);
  });

  it('is never asked for again once the other half has turned out fine', () => {
    const planned = approvals(2);
    const guilty = nth(planned.approve, 1);

    const { sent } = drive(planned, { ...AGREEABLE, refused: new Set([guilty]) });

    // The pair of products, the first of them, and the refused one alone, to hear the reason.
    expect(sent.map(size)).toEqual([2, 1, 1]);
  });
});

describe('A search for refused products that is broken off', () => {
  /** Works through a plan, starting anew with what is left after every few batches, as invocations follow each other. */
  function driveInSteps(planned: Plan, marketplace: Marketplace, batchesEach: number) {
    const applied = new Set<ProductId>();
    const refusals: ProductId[] = [];
    const pairing: Pairing = { accepted: true };
    let suspects: Suspects = [];
    let sent = 0;
    const left = (ids: readonly ProductId[]) =>
      ids.filter((id) => !applied.has(id) && !refusals.includes(id));
    for (let stretch = 0; ; stretch += 1) {
      if (stretch > 20 * (size(planned) + 1)) throw new Error('The work does not end.');
      const work = new Work({ approve: left(planned.approve), deny: left(planned.deny) }, pairing, suspects);
      if (!work.next()) return { applied, refusals, sent };
      for (let count = 0; count < batchesEach; count += 1) {
        const batch = work.next();
        if (!batch) break;
        sent += 1;
        const refusal = answer(marketplace, batch);
        if (refusal === undefined) {
          for (const id of [...batch.approve, ...batch.deny]) applied.add(id);
          work.succeeded();
        } else work.refused(refusal);
      }
      refusals.push(...work.refusals.map(({ product }) => product));
      suspects = work.suspects;
    }
  }

  it('ends with the same result, however often it is broken off', () => {
    fc.assert(
      fc.property(
        aPlanWithRefused,
        fc.constantFrom(0, 1, Number.POSITIVE_INFINITY),
        fc.boolean(),
        fc.integer({ min: 1, max: 5 }),
        ({ planned, refused }, names, takesPairs, batchesEach) => {
          const result = driveInSteps(planned, { refused, names, takesPairs }, batchesEach);

          expect(result.applied).toEqual(new Set([...planned.approve, ...planned.deny]).difference(refused));
          expect(result.refusals.sort()).toEqual([...refused].sort());
        },
      ),
    );
  });

  it.each([1, 2, 3])(
    'goes on where it stood, even when only %i batches at a time are possible',
    (batches) => {
      const planned = approvals(50);
      for (const guilty of planned.approve) {
        const { sent } = driveInSteps(planned, { ...AGREEABLE, refused: new Set([guilty]) }, batches);
        expect(sent - 1).toBeLessThanOrEqual(2 * 6 + 1);
      }
    },
  );

  it('leaves its suspects for the end, so that products nobody suspects do not wait for it', () => {
    const planned = approvals(120);
    const suspects = [planned.approve.slice(0, 5), planned.approve.slice(5, 10)];

    const { sent } = drive(planned, AGREEABLE, { accepted: true }, suspects);

    expect(sent.map(size)).toEqual([50, 50, 10, 5, 5]);
  });

  it('forgets suspects that are not to be changed any more', () => {
    const planned = approvals(3);

    const { sent } = drive(planned, AGREEABLE, { accepted: true }, [manyProducts(5, 'other-')]);

    expect(sent).toEqual([planned]);
  });
});

describe('A message of the Marketplace', () => {
  it('that names every product of the batch tells nothing, so the batch is halved', () => {
    const planned = approvals(2);
    const work = new Work(planned, { accepted: true });
    work.next();

    work.refused(`Not all of these are available: ${planned.approve.join(', ')}`);

    expect(work.refusals).toEqual([]);
    expect(work.searching).toBe(true);
    expect(work.next()).toEqual({ approve: planned.approve.slice(0, 1), deny: [] });
  });

  it('names a product only by its whole id', () => {
    const [short, long] = ['prod-abc' as ProductId, 'prod-abcdef' as ProductId];
    const work = new Work({ approve: [short, long], deny: [] }, { accepted: true });
    work.next();

    work.refused(`Not available: ${long}.`);

    expect(work.refusals.map(({ product }) => product)).toEqual([long]);
    expect(work.next()).toEqual({ approve: [short], deny: [] });
  });

  it('becomes the reason of the product that stood alone', () => {
    const planned = approvals(1);
    const work = new Work(planned, { accepted: true });
    work.next();

    work.refused('It was withdrawn');

    expect(work.refusals).toEqual([
      { product: planned.approve[0], change: 'approve', reason: 'It was withdrawn' },
    ]);
    expect(work.next()).toBeUndefined();
    expect(work.remaining).toBe(0);
  });
});

describe('Approvals and denials', () => {
  it('go in one change set as long as the Marketplace takes it', () => {
    const { sent, pairing } = drive(both(100, 100), AGREEABLE);

    expect(sent.every(({ approve, deny }) => approve.length === 50 && deny.length === 50)).toBe(true);
    expect(pairing.accepted).toBe(true);
  });

  it('go apart for good once a pair was refused whose parts were taken, and everybody learns it', () => {
    const { sent, pairing } = drive(both(150, 150), { ...AGREEABLE, takesPairs: false });

    expect(pairing.accepted).toBe(false);
    expect(sent.filter(({ approve, deny }) => approve.length > 0 && deny.length > 0)).toHaveLength(1);
    expect(drive(both(50, 50), { ...AGREEABLE, takesPairs: false }, pairing).sent).toHaveLength(2);
  });

  it('go apart as well where the limit of 50 is for both together', () => {
    const { sent, pairing } = drive(both(100, 100), { ...AGREEABLE, fiftyInAll: true });

    expect(pairing.accepted).toBe(false);
    expect(sent).toHaveLength(1 + 4);
  });

  it('stay together when a refused product was the reason, and not the pair', () => {
    const planned = both(100, 100);
    const refused = new Set([nth(planned.approve, 3)]);

    const { sent, pairing } = drive(planned, { ...AGREEABLE, refused });

    expect(pairing.accepted).toBe(true);
    expect(sent.at(-1)).toEqual({ approve: planned.approve.slice(50), deny: planned.deny.slice(50) });
  });

  it('go apart in work that is under way when another experience learns it', () => {
    const pairing: Pairing = { accepted: true };
    const work = new Work(both(10, 10), pairing);
    work.next();

    pairing.accepted = false;

    expect(work.next()).toEqual({ ...both(10, 10), deny: [] });
    work.succeeded();
    expect(work.next()).toEqual({ ...both(10, 10), approve: [] });
  });

  it('that were sent together count as sent together, although another experience learns meanwhile that they go apart', () => {
    const pairing: Pairing = { accepted: true };
    const work = new Work(both(10, 10), pairing);
    work.next();

    pairing.accepted = false;
    work.succeeded();

    expect(work.next()).toBeUndefined();
    expect(work.refusals).toEqual([]);
  });

  it('that were refused together go apart, although another experience learned meanwhile that they must', () => {
    const pairing: Pairing = { accepted: true };
    const work = new Work(both(10, 10), pairing);
    work.next();

    pairing.accepted = false;
    work.refused('Not in the same change set');

    expect(work.next()).toEqual({ ...both(10, 10), deny: [] });
    expect(work.remaining).toBe(20);
  });

  it('that are of one kind only say nothing about pairs', () => {
    const planned = denials(50);

    const { pairing } = drive(planned, { ...AGREEABLE, refused: new Set([nth(planned.deny, 0)]) });

    expect(pairing.accepted).toBe(true);
  });
});
