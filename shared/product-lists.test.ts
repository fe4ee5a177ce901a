import fc from 'fast-check';
import { productId } from './identifiers.js';
import { digest } from './product-lists.js';
import { aProduct } from './testing/products.js';

describe('The digest of a list of products', () => {
  it('is SHA-256 over the sorted ids, each with a line feed', () => {
    // printf 'prod-a\nprod-b\n' | sha256sum
    expect(digest(['prod-b', 'prod-a'].map(productId))).toBe(
      '2c1e8f60b3be8d9a12cbae562dc49655bec9ef8708c051911991d3915267b47a',
    );
    // printf '' | sha256sum
    expect(digest([])).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  it('depends on neither order nor repetition', () => {
    fc.assert(
      fc.property(
        fc
          .array(aProduct)
          .chain((ids) => fc.tuple(fc.constant(ids), fc.shuffledSubarray(ids, { minLength: ids.length }))),
        ([ids, shuffled]) => {
          expect(digest([...shuffled, ...ids])).toBe(digest(ids));
        },
      ),
    );
  });

  it('differs when a product is missing', () => {
    fc.assert(
      fc.property(fc.uniqueArray(aProduct, { minLength: 1 }), (ids) => {
        expect(digest(ids.slice(1))).not.toBe(digest(ids));
      }),
    );
  });

  it('tells two ids from one that is both', () => {
    expect(digest(['prod-a', 'prod-b'].map(productId))).not.toBe(digest([productId('prod-aprod-b')]));
  });
});
