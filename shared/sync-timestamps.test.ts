import fc from 'fast-check';
import { REASON_LENGTH, shortened } from './sync-timestamps.js';

it('A short reason stays as it is', () => {
  expect(shortened('The Marketplace refused it.')).toBe('The Marketplace refused it.');
});

it('A long reason is cut, and says so', () => {
  fc.assert(
    fc.property(fc.string({ minLength: REASON_LENGTH + 1, maxLength: 2 * REASON_LENGTH }), (reason) => {
      const text = shortened(reason);
      expect(text).toHaveLength(REASON_LENGTH);
      expect(text.endsWith('…')).toBe(true);
      expect(reason.startsWith(text.slice(0, -1))).toBe(true);
    }),
  );
});
