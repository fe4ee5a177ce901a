import { OutOfTime } from '../../shared/catalog.js';
import type { Clock } from '../../shared/clock.js';

/** The time an invocation has, and its waits: all of them multiples of one unit, none beyond the invocation's end. */
export class InvocationTime {
  readonly #clock: Clock;
  /** The unit of every wait, in milliseconds. */
  readonly unitMs: number;
  /** From when on nothing is started any more, in milliseconds since 1970. */
  readonly stopAt: number;

  constructor(clock: Clock, unitMs: number, stopAt: number) {
    this.#clock = clock;
    this.unitMs = unitMs;
    this.stopAt = stopAt;
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#clock.now();
  }

  /** Whether nothing may be started any more. */
  get over(): boolean {
    return this.#clock.now() >= this.stopAt;
  }

  /** How many units have passed since a moment (milliseconds since 1970). */
  unitsSince(moment: number): number {
    return (this.#clock.now() - moment) / this.unitMs;
  }

  /** Lets `units` pass. @throws OutOfTime when the invocation has to end before that; then it has waited till there. */
  async wait(units: number): Promise<void> {
    const left = this.stopAt - this.#clock.now();
    if (left > 0) await this.#clock.sleep(Math.min(units * this.unitMs, left));
    if (this.over) throw new OutOfTime('The invocation has no time left.');
  }
}
