import fc from 'fast-check';
import type { ProductId } from '../../shared/identifiers.js';
import type { ProductLists } from '../../shared/product-lists.js';
import { anyLists, lists, manyProducts } from '../../shared/testing/products.js';
import { heldBack, type Plan, type Policy, permitted, plan, size } from './plan.js';

/** What the template's defaults permit. */
const POLICY: Policy = { mode: 'sync', maxDeniedPercent: 100, allowEmptySnapshot: false };

/** An experience after a plan, as "Work with the private marketplace" says that the two change types work. */
function applied({ approve, deny }: Plan, local: ProductLists): ProductLists {
  const approved = new Set(local.approved);
  const rejected = new Set(local.rejected);
  for (const id of approve) {
    rejected.delete(id);
    approved.add(id);
  }
  for (const id of deny) {
    approved.delete(id);
    rejected.add(id);
  }
  return { approved, rejected };
}

const approvedIn = ({ approved, rejected }: ProductLists) => approved.difference(rejected);

describe('A product that', () => {
  const APPROVED = lists(['prod-a']);
  const REJECTED = lists([], ['prod-a']);
  const BOTH = lists(['prod-a'], ['prod-a']);
  const NEITHER = lists([]);

  it.each([
    ['is approved in the snapshot', APPROVED, 'approved locally', APPROVED, 'nothing'],
    ['is approved in the snapshot', APPROVED, 'rejected locally', REJECTED, 'approve'],
    ['is approved in the snapshot', APPROVED, 'new here', NEITHER, 'approve'],
    ['is rejected in the snapshot', REJECTED, 'approved locally', APPROVED, 'deny'],
    ['is rejected in the snapshot', REJECTED, 'rejected locally', REJECTED, 'nothing'],
    ['is rejected in the snapshot', REJECTED, 'new here', NEITHER, 'deny'],
    ['is in both lists of the snapshot', BOTH, 'approved locally', APPROVED, 'deny'],
    ['is in both lists of the snapshot', BOTH, 'rejected locally', REJECTED, 'nothing'],
    ['is in both lists of the snapshot', BOTH, 'new here', NEITHER, 'deny'],
    ['is in neither list of the snapshot', NEITHER, 'approved locally', APPROVED, 'deny'],
    ['is in neither list of the snapshot', NEITHER, 'rejected locally', REJECTED, 'nothing'],
    ['is in neither list of the snapshot', NEITHER, 'new here', NEITHER, 'nothing'],
    // Several policies, or statements, of one experience can contradict each other.
    ['is in neither list of the snapshot', NEITHER, 'approved and rejected locally', BOTH, 'deny'],
    ['is rejected in the snapshot', REJECTED, 'approved and rejected locally', BOTH, 'deny'],
  ])('%s %p and %s %p needs: %s', (_, snapshot, __, local, change) => {
    expect(plan(snapshot, local)).toEqual({
      approve: change === 'approve' ? ['prod-a'] : [],
      deny: change === 'deny' ? ['prod-a'] : [],
    });
  });
});

describe('For any two pairs of lists, a plan', () => {
  it('makes the approved products exactly those that the snapshot approves', () => {
    fc.assert(
      fc.property(anyLists, anyLists, (snapshot, local) => {
        expect(applied(plan(snapshot, local), local).approved).toEqual(approvedIn(snapshot));
      }),
    );
  });

  it('makes all products rejected that the snapshot rejects, and lets others be rejected only as they were or because they were approved', () => {
    fc.assert(
      fc.property(anyLists, anyLists, (snapshot, local) => {
        const { rejected } = applied(plan(snapshot, local), local);
        expect(snapshot.rejected.isSubsetOf(rejected)).toBe(true);
        expect(rejected.isSubsetOf(snapshot.rejected.union(local.rejected).union(local.approved))).toBe(true);
      }),
    );
  });

  it('leaves nothing to do once it is applied', () => {
    fc.assert(
      fc.property(anyLists, anyLists, (snapshot, local) => {
        expect(size(plan(snapshot, applied(plan(snapshot, local), local)))).toBe(0);
      }),
    );
  });

  it('never denies what the snapshot approves, and never approves what it does not', () => {
    fc.assert(
      fc.property(anyLists, anyLists, (snapshot, local) => {
        const { approve, deny } = plan(snapshot, local);
        expect(deny.filter((id) => approvedIn(snapshot).has(id))).toEqual([]);
        expect(approve.filter((id) => !approvedIn(snapshot).has(id))).toEqual([]);
      }),
    );
  });

  it('changes each product once, one way, and only one that is not as it should be', () => {
    fc.assert(
      fc.property(anyLists, anyLists, (snapshot, local) => {
        const planned = plan(snapshot, local);
        expect(new Set([...planned.approve, ...planned.deny]).size).toBe(size(planned));
        expect(planned.approve.filter((id) => local.approved.has(id))).toEqual([]);
        expect(planned.deny.filter((id) => !local.approved.has(id) && local.rejected.has(id))).toEqual([]);
      }),
    );
  });

  it('is the same in whatever order the lists come', () => {
    const reversed = ({ approved, rejected }: ProductLists): ProductLists => ({
      approved: new Set([...approved].reverse()),
      rejected: new Set([...rejected].reverse()),
    });
    fc.assert(
      fc.property(anyLists, anyLists, (snapshot, local) => {
        expect(plan(reversed(snapshot), reversed(local))).toEqual(plan(snapshot, local));
      }),
    );
  });
});

describe('Of a plan', () => {
  const planned: Plan = { approve: manyProducts(2), deny: manyProducts(3, 'other-') };

  it.each(['sync', 'dry-run'] as const)('everything is permitted in the mode %s', (mode) => {
    expect(permitted(planned, { ...POLICY, mode })).toEqual(planned);
  });

  it('only the approvals are permitted in the mode add-only', () => {
    expect(permitted(planned, { ...POLICY, mode: 'add-only' })).toEqual({
      approve: planned.approve,
      deny: [],
    });
  });

  it('the size is the number of products that it changes', () => {
    expect(size(planned)).toBe(5);
  });
});

describe('A plan is held back', () => {
  const judged = (snapshot: ProductLists, local: ProductLists, policy: Partial<Policy> = {}) => {
    const whole = { ...POLICY, ...policy };
    return heldBack(permitted(plan(snapshot, local), whole), snapshot, local, whole);
  };
  /** An experience of so many approved products, of which a snapshot that is never empty keeps the first ones. */
  const keeping = (kept: number, of: number): [ProductLists, ProductLists] => {
    const products = manyProducts(of);
    return [lists([...products.slice(0, kept), 'prod-new']), lists(products)];
  };

  it.each([
    // of, denied, the most that is permitted in percent, whether it is held back
    [10, 5, 50, false],
    [10, 5, 49, true],
    [10, 6, 50, true],
    [3, 1, 33, true], // 33.3 %
    [3, 1, 34, false],
    [100, 1, 1, false],
    [100, 2, 1, true],
    [1000, 11, 1, true], // 1.1 %
    [1000, 10, 1, false],
    [1, 1, 99, true],
    [1, 1, 100, false],
    [500, 499, 100, false],
  ])('of %p approved products %p are to be denied and %p percent may: %p', (of, denied, percent, held) => {
    const reason = judged(...keeping(of - denied, of), { maxDeniedPercent: percent });
    if (held) {
      expect(reason).toContain(`deny ${denied} of ${of} approved products`);
      expect(reason).toContain(`MaxDeniedPercent (${percent})`);
      expect(reason).toContain('raise MaxDeniedPercent');
    } else expect(reason).toBeUndefined();
  });

  it('for the approved products that it denies, not for those that were never approved', () => {
    const rejectedEverywhere = manyProducts(90, 'never-');
    const snapshot = lists(['prod-a'], rejectedEverywhere);

    expect(judged(snapshot, lists(['prod-a']), { maxDeniedPercent: 1 })).toBeUndefined();
  });

  it('never when it denies nothing, whatever the numbers', () => {
    fc.assert(
      fc.property(anyLists, anyLists, fc.integer({ min: 1, max: 100 }), (snapshot, local, percent) => {
        expect(judged(snapshot, local, { mode: 'add-only', maxDeniedPercent: percent })).toBeUndefined();
      }),
    );
  });

  it('never by its share when 100 percent may be denied', () => {
    fc.assert(
      fc.property(anyLists, anyLists, (snapshot, local) => {
        expect(judged(snapshot, local, { allowEmptySnapshot: true })).toBeUndefined();
      }),
    );
  });

  it('when its share is larger than what is permitted, and only then', () => {
    fc.assert(
      fc.property(anyLists, anyLists, fc.integer({ min: 1, max: 100 }), (snapshot, local, percent) => {
        const denied = [...local.approved].filter((id: ProductId) => !approvedIn(snapshot).has(id)).length;
        const tooMany = denied * 100 > percent * local.approved.size;
        const reason = judged(snapshot, local, { maxDeniedPercent: percent, allowEmptySnapshot: true });
        expect(reason !== undefined).toBe(tooMany);
      }),
    );
  });

  it('when the snapshot is empty, even where everything may be denied', () => {
    expect(judged(lists([]), lists(['prod-a', 'prod-b']))).toMatch(
      /^the snapshot approves nothing, .* all 2 approved products.*AllowEmptySnapshot to yes/,
    );
  });

  it('when the snapshot is empty and may be, only for the share that it denies', () => {
    const empty: [ProductLists, ProductLists] = [lists([]), lists(['prod-a'])];

    expect(judged(...empty, { allowEmptySnapshot: true })).toBeUndefined();
    expect(judged(...empty, { allowEmptySnapshot: true, maxDeniedPercent: 50 })).toContain('deny 1 of 1');
  });

  it.each([
    ['only rejects', lists([], ['prod-z'])],
    ['rejects all that it approves', lists(['prod-a'], ['prod-a'])],
  ])('when the snapshot %s: it takes away everything just the same', (_, snapshot) => {
    expect(judged(snapshot, lists(['prod-a']))).toContain('AllowEmptySnapshot');
  });

  it('not when the snapshot only rejects what is not approved here', () => {
    expect(judged(lists([], ['prod-z']), lists([], ['prod-a']))).toBeUndefined();
  });

  it('not when the snapshot is empty and nothing is approved here', () => {
    expect(judged(lists([]), lists([], ['prod-a']))).toBeUndefined();
  });
});
