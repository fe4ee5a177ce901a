/** Numbers from 0 (included) to 1 (excluded), as `Math.random` gives them. */
export type Random = () => number;

/** A range to draw from: both ends included. */
export type Range = readonly [from: number, to: number];

/** A source of random numbers that gives the same ones for the same seed (the generator is Mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A number out of a range, not rounded. */
export function between(random: Random, [from, to]: Range): number {
  return from + random() * (to - from);
}

/** A text of `length` characters, each drawn from `alphabet`. */
export function randomText(random: Random, alphabet: string, length: number): string {
  let text = '';
  for (let i = 0; i < length; i += 1) text += alphabet[Math.floor(random() * alphabet.length)];
  return text;
}

/** Lower-case letters and digits. */
export const LETTERS_AND_DIGITS = 'abcdefghijklmnopqrstuvwxyz0123456789';
