import type { Clock } from './clock.js';

/** The operations of the Catalog API that this software calls. */
export type CatalogOperation = 'ListEntities' | 'DescribeEntity' | 'StartChangeSet' | 'DescribeChangeSet';

/** Requests a second for each account: "Quotas for the AWS Marketplace API". */
export const REQUESTS_PER_SECOND: Readonly<Record<CatalogOperation, number>> = {
  ListEntities: 10,
  DescribeEntity: 20,
  StartChangeSet: 5,
  DescribeChangeSet: 10,
};

/** The length of a unit of waiting, in milliseconds, at which the quotas above hold as they stand. */
const REAL_UNIT_MS = 2000;
/** Part of each quota that is used; the rest is for the account's other users and for the jitter of the network. */
const SHARE = 0.95;
/** How late a timer may fire, in milliseconds, without its caller losing its place. */
const TIMER_SLACK_MS = 5;

interface Waiting {
  readonly priority: number;
  readonly admit: () => void;
}

/**
 * Lets requests out no faster than the Catalog API's published quotas, whoever asks for them: one budget is
 * shared by all experiences. Requests of an operation are spaced evenly, so there are no bursts to be throttled.
 *
 * It keeps time in units, as every wait of this software does: a shorter unit (a cloud on this machine, where
 * time is compressed) shortens the spaces as well.
 */
export class RequestBudget {
  readonly #clock: Clock;
  readonly #unitMs: number;
  readonly #lanes = new Map<CatalogOperation, Lane>();

  constructor(clock: Clock, unitMs: number) {
    this.#clock = clock;
    this.#unitMs = unitMs;
  }

  /**
   * Resolves when a request of this operation may be sent.
   *
   * @param priority of those who wait for the same operation, the lowest goes first; equals in order of arrival.
   */
  async admit(operation: CatalogOperation, priority: number): Promise<void> {
    await this.#lane(operation).admit(priority);
  }

  /** After the service throttled a request: the operation pauses for `units`, for all. */
  pause(operation: CatalogOperation, units: number): void {
    this.#lane(operation).pause(units * this.#unitMs);
  }

  #lane(operation: CatalogOperation): Lane {
    let lane = this.#lanes.get(operation);
    if (!lane) {
      const spaceMs = ((1000 / (REQUESTS_PER_SECOND[operation] * SHARE)) * this.#unitMs) / REAL_UNIT_MS;
      lane = new Lane(this.#clock, spaceMs);
      this.#lanes.set(operation, lane);
    }
    return lane;
  }
}

class Lane {
  readonly #clock: Clock;
  readonly #spaceMs: number;
  readonly #queue: Waiting[] = [];
  #next = 0;
  #running = false;

  constructor(clock: Clock, spaceMs: number) {
    this.#clock = clock;
    this.#spaceMs = spaceMs;
  }

  admit(priority: number): Promise<void> {
    return new Promise((admit) => {
      const after = this.#queue.findIndex((other) => other.priority > priority);
      this.#queue.splice(after < 0 ? this.#queue.length : after, 0, { priority, admit });
      if (!this.#running) void this.#run();
    });
  }

  pause(ms: number): void {
    this.#next = Math.max(this.#next, this.#clock.now() + ms);
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#queue.length > 0) {
      const wait = this.#next - this.#clock.now();
      if (wait > 0) {
        await this.#clock.sleep(wait);
        continue; // somebody more urgent may have come, or the service may have asked for a pause
      }
      this.#next = Math.max(this.#next, this.#clock.now() - TIMER_SLACK_MS) + this.#spaceMs;
      this.#queue.shift()?.admit();
    }
    this.#running = false;
  }
}
