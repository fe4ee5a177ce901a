import { Pace } from './pace.js';

/** When a change set that takes `duration` units is looked at, and what the pace learns of it. */
function follow(pace: Pace, duration: number, early = false): number[] {
  const looks: number[] = [];
  let elapsed = 0;
  while (elapsed < duration) {
    elapsed += pace.untilLook(elapsed, early);
    looks.push(elapsed);
  }
  pace.learn(elapsed);
  return looks;
}

/** A pace that has seen change sets of these durations. */
function experienced(durations: readonly number[]): Pace {
  const pace = new Pace();
  for (const duration of durations) pace.learn(duration);
  return pace;
}

test('while nothing is known, a look is a few units late at the most', () => {
  for (let duration = 1; duration <= 60; duration += 1) {
    const looks = follow(new Pace(), duration);

    expect(Number(looks.at(-1)) - duration).toBeLessThanOrEqual(Math.max(3, duration / 8));
  }
});

test('with many durations known, it looks from about the shortest one on, once a unit', () => {
  const pace = experienced(Array.from({ length: 50 }, (_, index) => 10.5 + index / 5));

  const looks = follow(pace, 16);

  expect(looks).toEqual([12, 13, 14, 15, 16]);
});

test('with one duration known, it looks from half of it on, as the next may well be shorter', () => {
  expect(follow(experienced([20]), 12)).toEqual([10, 11, 12]);
});

test('where durations differ much, it spreads the looks over them', () => {
  const pace = experienced(Array.from({ length: 50 }, (_, index) => 3 + index));

  const looks = follow(pace, 50);

  expect(looks.length).toBeLessThanOrEqual(10);
});

test('when change sets become shorter than all before, it finds out', () => {
  const pace = experienced(Array.from({ length: 50 }, () => 30));

  for (let changeSet = 0; changeSet < 200; changeSet += 1) follow(pace, 5);

  expect(follow(pace, 5).at(-1)).toBeLessThanOrEqual(7);
});

test('when change sets become longer than all before, it stops looking so early', () => {
  const pace = experienced(Array.from({ length: 50 }, () => 5));

  for (let changeSet = 0; changeSet < 100; changeSet += 1) follow(pace, 30);

  expect(follow(pace, 30).length).toBeLessThanOrEqual(3);
});

test('one change set that takes much longer than all others is looked at less and less often', () => {
  const looks = follow(experienced(Array.from({ length: 50 }, () => 5)), 200);

  expect(looks.length).toBeLessThan(25);
});

test('a change set that is likely to fail is looked at from the beginning, whatever others took', () => {
  const pace = experienced(Array.from({ length: 50 }, () => 30));

  expect(follow(pace, 4, true)).toEqual([1, 2, 3, 4]);
});

test('a change set that was found running is looked at soon and then, at most a fifth late, less and less often', () => {
  const pace = new Pace();
  pace.learn(20); // what others take says nothing of how long this one still takes

  const waits = [0, 1, 5, 12, 20, 60, 150].map((elapsed) => pace.untilLookAtFound(elapsed));

  expect(waits).toEqual([1, 1, 1, 2, 4, 12, 30]);
});
