import fc from 'fast-check';
import type { ProductId, TableName } from '../../shared/identifiers.js';
import type { ProductLists } from '../../shared/product-lists.js';
import { anyLists, lists } from '../../shared/testing/products.js';
import { compare, holdBackLast, type TableChange } from './table-changes.js';

const tables = { approved: 'approved-table' as TableName, rejected: 'rejected-table' as TableName };

/** What the tables hold after changes, each of which has to be one that changes something. */
function apply(inTables: ProductLists, changes: readonly TableChange[]): ProductLists {
  const approved = new Set(inTables.approved);
  const rejected = new Set(inTables.rejected);
  for (const { table, product, kind } of changes) {
    const list = table === tables.approved ? approved : rejected;
    expect(list.has(product)).toBe(kind === 'delete');
    if (kind === 'put') list.add(product);
    else list.delete(product);
  }
  return { approved, rejected };
}

/** What a member takes a product for: one in both lists counts as rejected. */
function state(
  { approved, rejected }: ProductLists,
  product: ProductId,
): 'approved' | 'rejected' | 'neither' {
  if (rejected.has(product)) return 'rejected';
  return approved.has(product) ? 'approved' : 'neither';
}

describe('The changes to the tables', () => {
  it('are the differences only: rejections, approvals, then what is deleted from either', () => {
    const experience = lists(['prod-stays', 'prod-new', 'prod-freed'], ['prod-banned']);
    const inTables = lists(['prod-stays', 'prod-gone', 'prod-banned'], ['prod-freed']);

    expect(compare(experience, inTables, tables)).toEqual([
      [{ table: 'rejected-table', product: 'prod-banned', kind: 'put' }],
      [
        { table: 'approved-table', product: 'prod-new', kind: 'put' },
        { table: 'approved-table', product: 'prod-freed', kind: 'put' },
      ],
      [
        { table: 'approved-table', product: 'prod-gone', kind: 'delete' },
        { table: 'approved-table', product: 'prod-banned', kind: 'delete' },
      ],
      [{ table: 'rejected-table', product: 'prod-freed', kind: 'delete' }],
    ]);
  });

  it('make the tables equal to any experience, each change changing something', () => {
    fc.assert(
      fc.property(anyLists, anyLists, (experience, inTables) => {
        expect(apply(inTables, compare(experience, inTables, tables).flat())).toEqual(experience);
      }),
    );
  });

  it('are none where the tables are equal already', () => {
    fc.assert(
      fc.property(anyLists, (same) => {
        expect(compare(same, same, tables).flat()).toEqual([]);
      }),
    );
  });

  it('never delete before everything is added', () => {
    fc.assert(
      fc.property(anyLists, anyLists, (experience, inTables) => {
        const kinds = compare(experience, inTables, tables)
          .flat()
          .map(({ kind }) => kind);
        expect(kinds.lastIndexOf('put')).toBeLessThan(
          kinds.includes('delete') ? kinds.indexOf('delete') : kinds.length,
        );
      }),
    );
  });

  it('leave no moment at which a product is taken for anything but what it was or what it becomes', () => {
    const history = fc.tuple(anyLists, anyLists).chain(([from, to]) => {
      const anyOrder = compare(to, from, tables).map((stage) =>
        fc.shuffledSubarray([...stage], { minLength: stage.length }),
      );
      return fc.tuple(fc.constant(from), fc.constant(to), fc.tuple(...anyOrder));
    });
    fc.assert(
      fc.property(history, ([from, to, stages]) => {
        const changes = stages.flat();
        for (let written = 0; written <= changes.length; written += 1) {
          const between = apply(from, changes.slice(0, written));
          for (const { product } of changes) {
            expect([state(from, product), state(to, product)]).toContain(state(between, product));
          }
        }
      }),
    );
  });
});

describe('Holding the last change back', () => {
  it('leaves everything else to be done first, in the same order, and exactly one change where there is any', () => {
    fc.assert(
      fc.property(anyLists, anyLists, (experience, inTables) => {
        const all = compare(experience, inTables, tables);

        const { first, held } = holdBackLast(all);

        expect([...first.flat(), ...held]).toEqual(all.flat());
        expect(held).toHaveLength(Math.min(1, all.flat().length));
      }),
    );
  });
});
