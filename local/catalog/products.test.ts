import { seededRandom } from '../random.js';
import { makeProducts } from './products.js';

test('products have ids of both kinds, each once, and the same for the same seed', () => {
  const ids = makeProducts(seededRandom(1), 1_000);

  const named = ids.filter((id) => /^prod-[a-z0-9]{13}$/.test(id));
  const uuids = ids.filter((id) =>
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id),
  );
  expect(named.length + uuids.length).toBe(1_000);
  expect(uuids.length).toBeGreaterThan(200);
  expect(new Set(ids).size).toBe(1_000);
  expect(makeProducts(seededRandom(1), 1_000)).toEqual(ids);
});
