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
 * What makes the tables equal to the experience, in stages: one is complete before the next begins, and the order
 * inside a stage does not matter. Additions come before deletions, and what rejects comes first and goes last.
 *
 * So whatever a member reads in between, it takes each product for what it was or for what it becomes. (A product in
 * both tables counts as rejected.)
 *
 * | was      | put into rejected | put into approved | deleted from approved | deleted from rejected | becomes  |
 * | -------- | ----------------- | ----------------- | --------------------- | --------------------- | -------- |
 * | approved | both              |                   | rejected              |                       | rejected |
 * | rejected |                   | both              |                       | approved              | approved |
 * | neither  | rejected          | both              |                       |                       | both     |
 * | both     |                   |                   | rejected              | neither               | neither  |
 */
export type Stages = readonly (readonly TableChange[])[];

/** Compares what the experience holds with what the tables hold. @returns four stages; one without changes is empty. */
export function compare(experience: ProductLists, inTables: ProductLists, tables: SnapshotTables): Stages {
  return [
    changes('put', tables.rejected, experience.rejected, inTables.rejected),
    changes('put', tables.approved, experience.approved, inTables.approved),
    changes('delete', tables.approved, inTables.approved, experience.approved),
    changes('delete', tables.rejected, inTables.rejected, experience.rejected),
  ];
}

/**
 * Sets the last change aside, so that the tables keep a difference until it is written too.
 *
 * @returns the stages without it, and a stage of it alone; that one is empty where there is no change at all.
 */
export function holdBackLast(stages: Stages): {
  readonly first: Stages;
  readonly held: readonly TableChange[];
} {
  const last = stages.findLast((stage) => stage.length > 0);
  return {
    first: stages.map((stage) => (stage === last ? stage.slice(0, -1) : stage)),
    held: last?.slice(-1) ?? [],
  };
}

function changes(
  kind: TableChange['kind'],
  table: TableName,
  present: ReadonlySet<ProductId>,
  absent: ReadonlySet<ProductId>,
): TableChange[] {
  return [...present].filter((product) => !absent.has(product)).map((product) => ({ table, product, kind }));
}
