import type { Operation } from './settings.js';

/** Requests a second for each account: "Quotas for the AWS Marketplace API". No number is published for the one left out. */
const REQUESTS_PER_SECOND: Partial<Record<Operation, number>> = {
  ListEntities: 10,
  DescribeEntity: 20,
  StartChangeSet: 5,
  DescribeChangeSet: 10,
  ListChangeSets: 5,
  CancelChangeSet: 5,
};

interface Bucket {
  tokens: number;
  filledAt: number;
}

/**
 * The request quotas: a token bucket for each account and operation, that holds one second's requests.
 *
 * In compressed time the bucket fills as many times faster and holds as many requests as ever.
 */
export class RequestQuotas {
  readonly #scale: number;
  readonly #buckets = new Map<string, Bucket>();

  /** @param scale a factor to the published quotas. */
  constructor(scale: number) {
    this.#scale = scale;
  }

  /** Whether one more request fits at `now` (milliseconds since 1970). A request that does not fit costs nothing. */
  admits(account: string, operation: Operation, now: number): boolean {
    const rate = REQUESTS_PER_SECOND[operation];
    if (rate === undefined) return true;
    const key = `${account} ${operation}`;
    let bucket = this.#buckets.get(key);
    if (!bucket) {
      bucket = { tokens: rate, filledAt: now };
      this.#buckets.set(key, bucket);
    }
    bucket.tokens = Math.min(rate, bucket.tokens + ((now - bucket.filledAt) * rate * this.#scale) / 1000);
    bucket.filledAt = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}
