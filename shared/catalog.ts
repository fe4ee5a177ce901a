import {
  type Change,
  DescribeChangeSetCommand,
  type DescribeChangeSetResponse,
  DescribeEntityCommand,
  type DescribeEntityResponse,
  ListEntitiesCommand,
  MarketplaceCatalogClient,
  StartChangeSetCommand,
} from '@aws-sdk/client-marketplace-catalog';
import type { Clock } from './clock.js';
import {
  type ChangeSetId,
  changeSetId,
  type ExperienceId,
  isExperienceId,
  type ProcurementPolicyId,
} from './identifiers.js';
import { type CatalogOperation, RequestBudget } from './request-budget.js';

const CATALOG = 'AWSMarketplace';
/** The Catalog API answers in this Region alone: "AWS Marketplace endpoints and quotas". */
const CATALOG_REGION = 'us-east-1';
/** ListEntities, MaxResults: 1 to 50. */
const ENTITIES_A_PAGE = 50;
/** How often one request is sent, at most, before its error counts. */
const TRIES = 6;
/** The longest wait between two tries, in units. */
const LONGEST_WAIT = 8;

/** The invocation has to end now: nothing more may be started. */
export class OutOfTime extends Error {
  override readonly name = 'OutOfTime';
}

/** Whether a list shows what is shared with the account (a delegated administrator's view) or what it owns. */
export type Scope = 'SharedWithMe' | 'Owned';

/** The SDK's client for the Catalog API, which retries nothing by itself: {@link Catalog} does. */
export function createCatalogClient(): MarketplaceCatalogClient {
  return new MarketplaceCatalogClient({
    region: CATALOG_REGION,
    maxAttempts: 1,
    // An answer that takes longer than this counts as lost, in milliseconds; without the last, it is only warned of.
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 20_000, throwOnRequestTimeout: true },
  });
}

/** What a {@link Catalog} needs. */
export interface CatalogOptions {
  readonly client: MarketplaceCatalogClient;
  readonly clock: Clock;
  /** The unit of every wait, in milliseconds. */
  readonly unitMs: number;
  /** From when on nothing is sent any more, in milliseconds since 1970. */
  readonly stopAt: number;
}

/**
 * The Marketplace Catalog API as this software uses it: inside the published request quotas, with throttling,
 * server errors and lost answers retried (the same request, so with the same idempotency token).
 *
 * Every method throws {@link OutOfTime} when the invocation has no time left, and otherwise the SDK's exception:
 * of the last try, if a retry might have helped; of the first, if not.
 */
export class Catalog {
  readonly #client: MarketplaceCatalogClient;
  readonly #clock: Clock;
  readonly #unitMs: number;
  readonly #stopAt: number;
  readonly #budget: RequestBudget;

  constructor({ client, clock, unitMs, stopAt }: CatalogOptions) {
    this.#client = client;
    this.#clock = clock;
    this.#unitMs = unitMs;
    this.#stopAt = stopAt;
    this.#budget = new RequestBudget(clock, unitMs);
  }

  /** The experiences in one scope, all pages. */
  async listExperiences(scope: Scope): Promise<ExperienceId[]> {
    const ids: ExperienceId[] = [];
    let next: string | undefined;
    do {
      const page = await this.#send('ListEntities', 0, () =>
        this.#client.send(
          new ListEntitiesCommand({
            Catalog: CATALOG,
            EntityType: 'Experience',
            MaxResults: ENTITIES_A_PAGE,
            ...(scope === 'SharedWithMe' && {
              FilterList: [{ Name: 'Scope', ValueList: ['SharedWithMe'] }],
            }),
            ...(next && { NextToken: next }),
          }),
        ),
      );
      for (const { EntityId } of page.EntitySummaryList ?? []) {
        if (EntityId && isExperienceId(EntityId)) ids.push(EntityId);
      }
      next = page.NextToken;
    } while (next);
    return ids;
  }

  /** An entity with its document. @param priority the lowest of those waiting goes first. */
  describeEntity(
    entity: ExperienceId | ProcurementPolicyId,
    priority: number,
  ): Promise<DescribeEntityResponse> {
    return this.#send('DescribeEntity', priority, () =>
      this.#client.send(new DescribeEntityCommand({ Catalog: CATALOG, EntityId: entity })),
    );
  }

  /**
   * Starts a change set.
   *
   * @param token one for each attempt: the same token never starts a second change set.
   */
  async startChangeSet(
    name: string,
    changes: readonly Change[],
    token: string,
    priority: number,
  ): Promise<ChangeSetId> {
    const { ChangeSetId } = await this.#send('StartChangeSet', priority, () =>
      this.#client.send(
        new StartChangeSetCommand({
          Catalog: CATALOG,
          ChangeSet: [...changes],
          ChangeSetName: name,
          ClientRequestToken: token,
        }),
      ),
    );
    if (!ChangeSetId) throw new Error('StartChangeSet answered without a ChangeSetId.');
    return changeSetId(ChangeSetId);
  }

  /** A change set as it stands. */
  describeChangeSet(id: ChangeSetId): Promise<DescribeChangeSetResponse> {
    return this.#send('DescribeChangeSet', 0, () =>
      this.#client.send(new DescribeChangeSetCommand({ Catalog: CATALOG, ChangeSetId: id })),
    );
  }

  async #send<Answer>(
    operation: CatalogOperation,
    priority: number,
    request: () => Promise<Answer>,
  ): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      this.#checkTime();
      await this.#budget.admit(operation, priority);
      this.#checkTime();
      try {
        return await request();
      } catch (error) {
        if (attempt === TRIES || !mayPass(error)) throw error;
        const units = Math.min(2 ** (attempt - 1), LONGEST_WAIT);
        if (isThrottling(error)) this.#budget.pause(operation, units);
        else await this.#clock.sleep(Math.min(units * this.#unitMs, this.#stopAt - this.#clock.now()));
      }
    }
  }

  #checkTime(): void {
    if (this.#clock.now() >= this.#stopAt) throw new OutOfTime('The invocation has no time left.');
  }
}

/** The name of what was thrown: the exception's name in the service's model, or the network's error code. */
export function errorName(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as NodeJS.ErrnoException).code; // the network's errors carry one
  return error.name === 'Error' && code ? code : error.name;
}

/** The text of what was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? `${errorName(error)}: ${error.message}` : String(error);
}

/** The HTTP status of a service's exception; `undefined` for one that did not come from a service. */
function status(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return undefined;
  return (error.$metadata as { httpStatusCode?: number }).httpStatusCode; // the SDK's own shape
}

/** Whether the service refused a request for coming too fast. */
export function isThrottling(error: unknown): boolean {
  return /Throttl|TooManyRequests/.test(errorName(error)) || status(error) === 429;
}

/**
 * Whether the same request may succeed a little later: throttling, a fault of the service, or an answer that
 * got lost. An exception that the service's model knows and that is the caller's fault never does.
 */
export function mayPass(error: unknown): boolean {
  if (error instanceof OutOfTime) return false;
  if (isThrottling(error)) return true;
  const code = status(error);
  if (code === undefined) return true; // no answer, or none that could be read: the network's fault
  return code >= 500 || code === 408 || (code >= 200 && code < 300);
}
