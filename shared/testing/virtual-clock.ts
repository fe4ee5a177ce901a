import type { Clock } from '../clock.js';

interface Sleeper {
  readonly wakeAt: number;
  readonly wake: () => void;
}

/**
 * A clock whose time passes only while somebody sleeps: when everything else has come to rest, it jumps to the moment
 * at which the next sleeper wakes. So hours of waiting take milliseconds, in the same order of events.
 */
export class VirtualClock implements Clock {
  /** How long each sleep was asked to take, in milliseconds, in order. */
  readonly sleeps: number[] = [];
  #now: number;
  #sleepers: Sleeper[] = [];
  #moving = false;

  /** @param start its first moment, in milliseconds since 1970. */
  constructor(start = Date.UTC(2030, 0, 1)) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number): Promise<void> {
    this.sleeps.push(ms);
    return new Promise((wake) => {
      this.#sleepers.push({ wakeAt: this.#now + Math.max(0, ms), wake });
      this.#move();
    });
  }

  #move(): void {
    if (this.#moving) return;
    this.#moving = true;
    setImmediate(() => {
      this.#moving = false;
      const next = Math.min(...this.#sleepers.map(({ wakeAt }) => wakeAt));
      this.#now = next;
      const due = this.#sleepers.find(({ wakeAt }) => wakeAt === next);
      this.#sleepers = this.#sleepers.filter((sleeper) => sleeper !== due);
      due?.wake();
      if (this.#sleepers.length > 0) this.#move();
    });
  }
}
