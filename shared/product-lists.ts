import { createHash } from 'node:crypto';
import type { ProductId } from './identifiers.js';

/** The approved and the rejected products of an experience, or of a snapshot. */
export interface ProductLists {
  readonly approved: ReadonlySet<ProductId>;
  readonly rejected: ReadonlySet<ProductId>;
}

/**
 * A digest of a list of products that does not depend on their order.
 *
 * @returns SHA-256 in hexadecimal, over the sorted ids, each followed by a line feed.
 */
export function digest(products: Iterable<ProductId>): string {
  const hash = createHash('sha256');
  for (const id of [...new Set(products)].sort()) hash.update(id).update('\n');
  return hash.digest('hex');
}
