import fc from 'fast-check';
import { type CatalogOperation, REQUESTS_PER_SECOND, RequestBudget } from './request-budget.js';
import { VirtualClock } from './testing/virtual-clock.js';

const OPERATIONS = Object.keys(REQUESTS_PER_SECOND) as CatalogOperation[]; // the record's own keys

/** Asks for many requests of an operation at once. @returns when each was let out, in milliseconds from the start. */
async function admissions(operation: CatalogOperation, count: number, unitMs: number): Promise<number[]> {
  const clock = new VirtualClock();
  const budget = new RequestBudget(clock, unitMs);
  const start = clock.now();
  const times: number[] = [];
  await Promise.all(
    Array.from({ length: count }, async () => {
      await budget.admit(operation, 0);
      times.push(clock.now() - start);
    }),
  );
  return times;
}

describe('The request budget', () => {
  it.each(OPERATIONS)(
    'keeps %s under its quota in any second, and uses nearly all of it',
    async (operation) => {
      const quota = REQUESTS_PER_SECOND[operation];

      const times = await admissions(operation, quota * 10, 2000);

      const busiest = Math.max(
        ...times.map((from) => times.filter((time) => time >= from && time < from + 1000).length),
      );
      expect(busiest).toBeLessThanOrEqual(quota);
      expect(times.at(-1)).toBeLessThan(11_000);
    },
  );

  it('is in proportion with the unit of waiting: half the unit, twice the pace', async () => {
    const whole = await admissions('StartChangeSet', 50, 2000);
    const half = await admissions('StartChangeSet', 50, 1000);

    expect(half.at(-1)).toBeCloseTo((whole.at(-1) ?? 0) / 2, -2);
  });

  it('lets the first request out at once, after a rest as well, but no burst', async () => {
    const clock = new VirtualClock();
    const budget = new RequestBudget(clock, 2000);
    await budget.admit('ListEntities', 0);
    await clock.sleep(3_600_000);
    const rested = clock.now();

    await budget.admit('ListEntities', 0);
    const first = clock.now();
    await budget.admit('ListEntities', 0);
    await budget.admit('ListEntities', 0);

    expect(first).toBe(rested);
    expect(clock.now() - rested).toBeGreaterThan(200);
  });

  it('has a budget for each operation, so that none waits for another', async () => {
    const clock = new VirtualClock();
    const budget = new RequestBudget(clock, 2000);
    const start = clock.now();

    await Promise.all(OPERATIONS.map((operation) => budget.admit(operation, 0)));

    expect(clock.now()).toBe(start);
  });

  it('lets the lowest priority go first, and equals in order of arrival', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 12 }), async (priorities) => {
        const budget = new RequestBudget(new VirtualClock(), 2000);
        const first = budget.admit('StartChangeSet', 9); // it goes at once; the others queue up behind it
        const order: number[] = [];

        const rest = priorities.map((priority, index) =>
          budget.admit('StartChangeSet', priority).then(() => order.push(index)),
        );
        await Promise.all([first, ...rest]);

        const byPriority = priorities
          .map((priority, index) => ({ priority, index }))
          .sort((a, b) => a.priority - b.priority || a.index - b.index);
        expect(order).toEqual(byPriority.map(({ index }) => index));
      }),
      { numRuns: 50 },
    );
  });

  it('pauses an operation for everybody who waits for it, and for nobody else', async () => {
    const clock = new VirtualClock();
    const budget = new RequestBudget(clock, 2000);
    const start = clock.now();
    await budget.admit('StartChangeSet', 0);
    const waiting = [budget.admit('StartChangeSet', 0), budget.admit('StartChangeSet', 0)];

    budget.pause('StartChangeSet', 4);
    await budget.admit('DescribeEntity', 0);
    const other = clock.now() - start;
    await Promise.all(waiting);

    expect(other).toBe(0);
    expect(clock.now() - start).toBeGreaterThanOrEqual(8_000);
  });

  it('does not shorten a pause by a shorter one', async () => {
    const clock = new VirtualClock();
    const budget = new RequestBudget(clock, 2000);
    const start = clock.now();

    budget.pause('ListEntities', 8);
    budget.pause('ListEntities', 1);
    await budget.admit('ListEntities', 0);

    expect(clock.now() - start).toBe(16_000);
  });
});
