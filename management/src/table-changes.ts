import type { ProductId, TableName } from '../../shared/identifiers.js';
import type { ProductLists } from '../../shared/product-lists.js';
import type { SnapshotTables } from '../../shared/snapshot-tables.js';

/** One product to be put into a table, or to be deleted from it. */
export interface TableChange {
  readonly table: TableName;
  readonly product: ProductId;
  readonly kind: 'put' | 'delete';
}

/**
 * What makes the tables equal to the experience. All additions, to both tables, come before the first deletion.
 *
 * So whatever a member reads in between, a product that moves from one list to the other is in one of the tables
 * or in both, never in neither:
 *
 * | move                 | before   | after the additions       | after the deletions |
 * | -------------------- | -------- | ------------------------- | ------------------- |
 * | rejected to approved | rejected | both, counts as rejected  | approved            |
 * | approved to rejected | approved | both, counts as rejected  | rejected            |
 * | newly approved       | neither  | approved                  | approved            |
 * | no longer approved   | approved | approved                  | neither             |
 */
export interface TableChanges {
  readonly additions: readonly TableChange[];
  readonly deletions: readonly TableChange[];
}

/** Compares what the experience holds with what the tables hold. */
export function compare(
  experience: ProductLists,
  inTables: ProductLists,
  tables: SnapshotTables,
): TableChanges {
  return {
    additions: [
      ...changes('put', tables.approved, experience.approved, inTables.approved),
      ...changes('put', tables.rejected, experience.rejected, inTables.rejected),
    ],
    deletions: [
      ...changes('delete', tables.approved, inTables.approved, experience.approved),
      ...changes('delete', tables.rejected, inTables.rejected, experience.rejected),
    ],
  };
}

/**
 * Sets the last change aside, so that the tables keep a difference until it is written too.
 *
 * @returns the changes without it, and it alone, in an order that keeps additions before deletions; nothing is held
 * where there is no change at all.
 */
export function holdBackLast({ additions, deletions }: TableChanges): {
  readonly now: TableChanges;
  readonly held: readonly TableChange[];
} {
  if (deletions.length > 0) {
    return { now: { additions, deletions: deletions.slice(0, -1) }, held: deletions.slice(-1) };
  }
  return { now: { additions: additions.slice(0, -1), deletions }, held: additions.slice(-1) };
}

function changes(
  kind: TableChange['kind'],
  table: TableName,
  present: ReadonlySet<ProductId>,
  absent: ReadonlySet<ProductId>,
): TableChange[] {
  return [...present].filter((product) => !absent.has(product)).map((product) => ({ table, product, kind }));
}
