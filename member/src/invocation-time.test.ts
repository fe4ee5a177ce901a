import { OutOfTime } from '../../shared/catalog.js';
import { VirtualClock } from '../../shared/testing/virtual-clock.js';
import { InvocationTime } from './invocation-time.js';

const UNIT = 2000;

function createTime(stopAfterMs: number) {
  const clock = new VirtualClock();
  const begun = clock.now();
  return { clock, begun, time: new InvocationTime(clock, UNIT, begun + stopAfterMs) };
}

it('Waits are multiples of the unit', async () => {
  const { clock, begun, time } = createTime(60_000);

  await time.wait(3);

  expect(clock.now() - begun).toBe(3 * UNIT);
  expect(time.unitsSince(begun)).toBe(3);
  expect(time.now()).toBe(clock.now());
});

it('A wait that would go beyond the end of the invocation ends there, and says that the time is over', async () => {
  const { clock, begun, time } = createTime(5000);

  await expect(time.wait(3)).rejects.toThrow(OutOfTime);

  expect(clock.now() - begun).toBe(5000);
  expect(time.over).toBe(true);
});

it('A wait that ends exactly then says so as well: nothing may be started after it', async () => {
  const { time } = createTime(3 * UNIT);

  await expect(time.wait(3)).rejects.toThrow(OutOfTime);
});

it.each([0, -1000])('When the time is over already (%i ms left), a wait waits for nothing', async (left) => {
  const { clock, time } = createTime(left);

  expect(time.over).toBe(true);
  await expect(time.wait(1)).rejects.toThrow(OutOfTime);
  expect(clock.sleeps).toEqual([]);
});
