import { type ProductId, productId } from '../../shared/identifiers.js';
import { LETTERS_AND_DIGITS, type Random, randomText } from '../random.js';

/** The share of older products, whose ids are UUIDs. */
const SHARE_OF_UUIDS = 0.3;

/**
 * Makes product ids of both kinds that the Marketplace has: `prod-` then 13 lower-case letters and digits, and UUIDs.
 *
 * @returns `count` different ids; the same ones for the same random source.
 */
export function makeProducts(random: Random, count: number): ProductId[] {
  const ids = new Set<string>();
  while (ids.size < count) {
    ids.add(
      random() < SHARE_OF_UUIDS ? randomUuid(random) : `prod-${randomText(random, LETTERS_AND_DIGITS, 13)}`,
    );
  }
  return [...ids].map(productId);
}

/** A UUID of version 4. */
export function randomUuid(random: Random): string {
  const hex = randomText(random, '0123456789abcdef', 30);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(12, 15)}`,
    `${randomText(random, '89ab', 1)}${hex.slice(15, 18)}`,
    hex.slice(18, 30),
  ].join('-');
}
