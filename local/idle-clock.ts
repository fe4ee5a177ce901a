import type { Clock } from '../shared/clock.js';

interface Sleeper {
  readonly at: number;
  readonly order: number;
  readonly wake: () => void;
}

/**
 * Time that passes only when nobody is doing anything: hours of waiting take as long as the work in them. What goes
 * over a real network (a DynamoDB server, say) counts as doing something while it is {@link tracked}.
 */
export class IdleClock implements Clock {
  readonly #sleepers: Sleeper[] = [];
  #now: number;
  #order = 0;
  #busy = 0;

  /** @param start the time to begin with, in milliseconds since 1970. */
  constructor(start: number) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((wake) => {
      this.#order += 1;
      const sleeper = { at: this.#now + Math.max(ms, 0), order: this.#order, wake };
      const before = this.#sleepers.findLastIndex(({ at }) => at <= sleeper.at);
      this.#sleepers.splice(before + 1, 0, sleeper);
    });
  }

  /** Time stands still until `work` has ended. */
  async tracked<Result>(work: Promise<Result>): Promise<Result> {
    this.#busy += 1;
    try {
      return await work;
    } finally {
      this.#busy -= 1;
    }
  }

  /**
   * Lets time pass until `work` has ended.
   *
   * @throws Error when it waits for something that no passing of time will bring.
   */
  async run<Result>(work: Promise<Result>): Promise<Result> {
    let ended = false;
    const end = () => {
      ended = true;
    };
    work.then(end, end);
    let idle = 0;
    while (!ended) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (ended) break;
      if (this.#busy > 0) {
        idle = 0;
        continue;
      }
      idle += 1;
      if (idle < 2) continue; // what was just answered may still lead to more work
      const next = this.#sleepers.shift();
      if (!next) throw new Error('Nothing is left to wait for, and the work has not ended.');
      this.#now = Math.max(this.#now, next.at);
      next.wake();
      idle = 0;
    }
    return work;
  }
}
