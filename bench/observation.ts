import type { CatalogEvent } from '../local/catalog/events.js';
import type { Operation } from '../local/catalog/settings.js';

/** A change set that came to its end. Times in milliseconds since 1970. */
interface Span {
  readonly startedAt: number;
  readonly endedAt: number;
}

/** What one account did to the catalog, from the catalog's own events. All times in milliseconds. */
export class Observation {
  readonly #account: string;
  readonly #calls = new Map<Operation, number>();
  readonly #spans = new Map<string, Span[]>();
  #throttled = 0;

  /** @param account whose requests and change sets count. */
  constructor(account: string) {
    this.#account = account;
  }

  /** Takes note of an event; they have to come in the order of time, as the catalog tells them. */
  note(event: CatalogEvent): void {
    if (event.kind === 'request' && event.account === this.#account) {
      this.#calls.set(event.operation, (this.#calls.get(event.operation) ?? 0) + 1);
      if (event.error === 'ThrottlingException') this.#throttled += 1;
    }
    if (event.kind === 'change set ended' && event.account === this.#account) {
      for (const experience of event.experiences) {
        const spans = this.#spans.get(experience) ?? [];
        spans.push({ startedAt: event.startedAt, endedAt: event.at });
        this.#spans.set(experience, spans);
      }
    }
  }

  /** Requests by operation, the throttled ones included. */
  get callsByOperation(): Partial<Record<Operation, number>> {
    return Object.fromEntries(this.#calls);
  }

  get calls(): number {
    return [...this.#calls.values()].reduce((sum, count) => sum + count, 0);
  }

  get throttled(): number {
    return this.#throttled;
  }

  get changeSets(): number {
    return [...this.#spans.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /**
   * The critical path: of all experiences, the longest sum of the durations of its change sets. An experience takes one
   * at a time, so nothing is faster than that.
   */
  get criticalPathMs(): number {
    const chains = [...this.#spans.values()].map((spans) =>
      spans.reduce((sum, { startedAt, endedAt }) => sum + endedAt - startedAt, 0),
    );
    return Math.max(0, ...chains);
  }

  /** How long an experience stands still between one change set and its next, on average; 0 when there is no such pair. */
  get meanGapMs(): number {
    const gaps = [...this.#spans.values()].flatMap((spans) =>
      spans.slice(1).map(({ startedAt }, index) => startedAt - (spans[index]?.endedAt ?? startedAt)),
    );
    return gaps.length === 0 ? 0 : gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  }
}
