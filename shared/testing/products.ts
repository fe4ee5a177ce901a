import fc from 'fast-check';
import { type ProductId, productId } from '../identifiers.js';
import type { ProductLists } from '../product-lists.js';

/** Some product ids of both forms in use, few enough that two lists of them often overlap. */
export const aProduct: fc.Arbitrary<ProductId> = fc
  .oneof(
    fc.integer({ min: 0, max: 20 }).map((number) => `prod-${number.toString(36).padStart(13, '0')}`),
    fc.constantFrom('0f6d3c5e-0d4c-4b52-9b0a-0c2f3f0a6f01', '0f6d3c5e-0d4c-4b52-9b0a-0c2f3f0a6f02'),
  )
  .map(productId);

/** Any two lists, which may share products. */
export const anyLists: fc.Arbitrary<ProductLists> = fc.record({
  approved: fc.uniqueArray(aProduct).map((ids) => new Set(ids)),
  rejected: fc.uniqueArray(aProduct).map((ids) => new Set(ids)),
});

/** As many different product ids as asked for, as long as real ones. */
export function manyProducts(count: number, prefix = 'prod-'): ProductId[] {
  return Array.from({ length: count }, (_, index) =>
    productId(`${prefix}${index.toString(36).padStart(13, '0')}`),
  );
}

/** Lists of the ids given. */
export function lists(approved: readonly string[], rejected: readonly string[] = []): ProductLists {
  return { approved: new Set(approved.map(productId)), rejected: new Set(rejected.map(productId)) };
}
