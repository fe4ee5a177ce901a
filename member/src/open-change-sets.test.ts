import { OpenChangeSets } from './open-change-sets.js';

/** Lets everything run that does not wait for anything. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Asks for a place, and tells whether it was given. */
function ask(open: OpenChangeSets) {
  const place = { given: false };
  void open.enter().then(() => {
    place.given = true;
  });
  return place;
}

/** So many change sets open, of which the Marketplace refused the last one. */
async function full(open: OpenChangeSets, count: number): Promise<boolean> {
  for (let opened = 0; opened < count; opened += 1) await open.enter();
  const others = open.tooMany();
  open.leave(false);
  return others;
}

it('There is no limit as long as the Marketplace names none', async () => {
  const open = new OpenChangeSets();
  const places = Array.from({ length: 1000 }, () => ask(open));

  await settle();

  expect(places.every(({ given }) => given)).toBe(true);
});

it('When the Marketplace says too many, no more are opened than were open then', async () => {
  const open = new OpenChangeSets();
  expect(await full(open, 4)).toBe(true); // three are open

  const place = ask(open);
  await settle();
  expect(place.given).toBe(false);

  open.leave(true);
  await settle();
  expect(place.given).toBe(true);
});

it('Whoever waits gets a place as soon as one is free, and only then', async () => {
  const open = new OpenChangeSets();
  await full(open, 3); // two are open
  const places = Array.from({ length: 5 }, () => ask(open));

  open.leave(true);
  await settle();

  expect(places.filter(({ given }) => given)).toHaveLength(1);
});

it('Once as many have ended well as the limit allows, one more is tried', async () => {
  const open = new OpenChangeSets();
  await full(open, 3); // the limit is two

  open.leave(true);
  open.leave(true);
  const places = Array.from({ length: 5 }, () => ask(open));
  await settle();

  expect(places.filter(({ given }) => given)).toHaveLength(3);
});

it('A change set that was not opened after all does not count as one that ended well', async () => {
  const open = new OpenChangeSets();
  await full(open, 3); // the limit is two

  open.leave(false);
  open.leave(false);
  const places = Array.from({ length: 5 }, () => ask(open));
  await settle();

  expect(places.filter(({ given }) => given)).toHaveLength(2);
});

it('There is always room for one: where none of ours is open, the others are somebody else’s', async () => {
  const open = new OpenChangeSets();

  expect(await full(open, 1)).toBe(false);

  const [first, second] = [ask(open), ask(open)];
  await settle();
  expect([first.given, second.given]).toEqual([true, false]);
});
