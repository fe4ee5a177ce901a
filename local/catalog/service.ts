/**
 * A Marketplace Catalog API on this machine, for what Private Marketplace needs of it: the documented limits, locks,
 * quotas, errors and the asynchronous change sets of the real one, and on request its faults.
 *
 * It has no timers, sockets or global state. Time is what its clock says, so a test can drive it in virtual time;
 * chance is what its random source says, so a seed repeats a run exactly.
 *
 * ```ts
 * const random = seededRandom(7);
 * const service = new CatalogService({
 *   clock,                                          // shared/clock.ts
 *   random,
 *   settings: {                                     // settings.ts: each is optional
 *     durationMs: [20_000, 40_000],
 *     mixed: 'fail-later',
 *     refused: new Map([['prod-withdrawn00', { how: 'later-unnamed', change: 'approve' }]]),
 *     faults: randomFaults(random, { throttled: 0.02, lostAfter: 0.01, cancelled: 0.05 }),   // faults.ts
 *     keepLog: false,                               // thousands of runs: look at the events as they come
 *   },
 *   observe: (event) => {                           // events.ts: every request and every change of product lists
 *     if (event.kind === 'products') expect(event.denied.filter((id) => snapshot.approved.has(id))).toEqual([]);
 *   },
 * });
 * const experience = service.addExperience({ owner: '111111111111', sharedWith: ['222222222222'], approved, rejected });
 *
 * // In process, with the real SDK client:
 * const client = new MarketplaceCatalogClient({
 *   region: 'us-east-1',
 *   credentials: { accessKeyId: '222222222222', secretAccessKey: 'none' },
 *   maxAttempts: 1,
 *   requestHandler: inProcessHandler(service, '222222222222'),    // in-process.ts
 * });
 * // Or over HTTP: const { url, stop } = await serveCatalog(service);    // server.ts
 *
 * service.products(experience);     // { approved, rejected } as they are now
 * service.log;                      // the events so far
 * ```
 */
import type { Clock } from '../../shared/clock.js';
import { between, type Random } from '../random.js';
import {
  accessDenied,
  CatalogError,
  internalFault,
  invalid,
  openRequestsExceeded,
  throttled,
} from './errors.js';
import type { CatalogEvent, Observer } from './events.js';
import type { FaultyRequest, RequestFault } from './faults.js';
import { type Fields, fields, withoutRevision } from './fields.js';
import { Marketplace, type NewExperience, productsOf, replaceProducts } from './marketplace.js';
import { batchDescribeEntities } from './operations/batch-describe-entities.js';
import { cancelChangeSet } from './operations/cancel-change-set.js';
import { describeChangeSet } from './operations/describe-change-set.js';
import { describeEntity } from './operations/describe-entity.js';
import { listChangeSets } from './operations/list-change-sets.js';
import { listEntities } from './operations/list-entities.js';
import type { OperationContext, Run } from './operations/operation.js';
import { startChangeSet } from './operations/start-change-set.js';
import { RequestQuotas } from './quota.js';
import { type CatalogSettings, DEFAULT_SETTINGS, OPERATIONS, type Operation } from './settings.js';

/** A request in the REST-JSON protocol, as any HTTP server or client has it at hand. */
export interface CatalogRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: string | Uint8Array | undefined;
  /** Whose credentials signed it. */
  readonly account: string;
}

/** The answer to a request, or what became of it. */
export type CatalogAnswer =
  | {
      readonly lost: false;
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    }
  /** The connection breaks, before or after the service did what was asked. */
  | { readonly lost: true };

/** What a {@link CatalogService} is made of. */
export interface CatalogServiceOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** What differs from {@link DEFAULT_SETTINGS}. */
  readonly settings?: Partial<CatalogSettings>;
  readonly observe?: Observer;
}

const RUN: Readonly<Record<Operation, { readonly method: string; readonly run: Run }>> = {
  ListEntities: { method: 'POST', run: listEntities },
  DescribeEntity: { method: 'GET', run: describeEntity },
  BatchDescribeEntities: { method: 'POST', run: batchDescribeEntities },
  StartChangeSet: { method: 'POST', run: startChangeSet },
  DescribeChangeSet: { method: 'GET', run: describeChangeSet },
  ListChangeSets: { method: 'POST', run: listChangeSets },
  CancelChangeSet: { method: 'PATCH', run: cancelChangeSet },
};

/** See the head of this file. */
export class CatalogService {
  readonly clock: Clock;
  readonly log: CatalogEvent[] = [];
  readonly #settings: CatalogSettings;
  readonly #random: Random;
  readonly #observe: Observer | undefined;
  readonly #marketplace: Marketplace;
  readonly #quotas: RequestQuotas | undefined;
  readonly #tokens: OperationContext['tokens'] = new Map();
  #requests = 0;

  constructor({ clock, random, settings, observe }: CatalogServiceOptions) {
    this.clock = clock;
    this.#settings = { ...DEFAULT_SETTINGS, ...settings };
    this.#random = random;
    this.#observe = observe;
    this.#marketplace = new Marketplace(this.#settings, random, (event) => this.#tell(event));
    const { quotas } = this.#settings;
    this.#quotas = quotas === 'off' ? undefined : new RequestQuotas(quotas);
  }

  /** Adds an experience. @returns its id. */
  addExperience(experience: NewExperience): string {
    return this.#marketplace.add(experience, this.clock.now()).id;
  }

  /** The products that an experience approves and rejects now, over all its policies: copies. */
  products(experience: string): { readonly approved: Set<string>; readonly rejected: Set<string> } {
    return productsOf(this.#experience(experience));
  }

  /** The ids of an experience's procurement policies. */
  policiesOf(experience: string): string[] {
    return this.#experience(experience).policies.map(({ id }) => id);
  }

  /** Whether an experience is archived now. */
  isArchived(experience: string): boolean {
    return this.#experience(experience).archived;
  }

  /** The change set that runs on an experience now. */
  lockedBy(experience: string): string | undefined {
    return this.#experience(experience).lockedBy?.id;
  }

  /** Puts other product lists into an experience, as an administrator would in the console. */
  setProducts(
    experience: string,
    lists: { readonly approved: Iterable<string>; readonly rejected: Iterable<string> },
  ): void {
    replaceProducts(this.#experience(experience), lists, this.clock.now());
  }

  /** Archives an experience. */
  archive(experience: string): void {
    this.#marketplace.archive(this.#experience(experience), this.clock.now());
  }

  /** Locks an experience with an administrator's own change set, for so long. @returns that change set's id. */
  lock(experience: string, durationMs: number): string {
    return this.#marketplace.startByHand(this.#experience(experience), durationMs, this.clock.now()).id;
  }

  /** How long the next request is under way, in milliseconds. The faces wait this long; {@link handle} does not. */
  drawLatencyMs(): number {
    const { latencyMs } = this.#settings;
    return latencyMs[1] === 0 ? 0 : between(this.#random, latencyMs);
  }

  /** Answers a request, at the time that the clock shows. */
  handle(request: CatalogRequest): CatalogAnswer {
    const now = this.clock.now();
    this.#marketplace.advance(now);
    const operation = OPERATIONS.find((name) => request.path === `/${name}`);
    if (!operation || RUN[operation].method !== request.method) {
      return answer(404, unknownOperation(request), this.#requestId());
    }
    const { account } = request;
    const lost = (status: number): CatalogAnswer => {
      this.#tell({ kind: 'request', at: now, account, operation, status, lost: true });
      return { lost: true };
    };
    try {
      if (this.#quotas?.admits(account, operation, now) === false) throw throttled();
      const input = inputOf(request);
      const faulty = this.#settings.faults && faultyRequest(operation, account, input, now);
      const fault = faulty && this.#settings.faults?.request?.(faulty);
      if (fault === 'lost before') return lost(0);
      if (fault) this.#strike(fault, faulty);
      const body = RUN[operation].run(this.#context(account, now, faulty), input);
      if (fault === 'lost after') return lost(200);
      this.#tell({ kind: 'request', at: now, account, operation, status: 200 });
      return {
        lost: false,
        status: 200,
        headers: { 'content-type': 'application/json', 'x-amzn-requestid': this.#requestId() },
        body,
      };
    } catch (error) {
      if (!(error instanceof CatalogError)) throw error;
      this.#tell({ kind: 'request', at: now, account, operation, status: error.status, error: error.name });
      return answer(error.status, error, this.#requestId());
    }
  }

  /** What a fault does before the operation runs. @throws CatalogError when it is to be answered with one. */
  #strike(fault: RequestFault, request: FaultyRequest): void {
    if (fault === 'throttled') throw throttled();
    if (fault === 'server error') throw internalFault();
    if (fault === 'too many open') throw openRequestsExceeded();
    if (fault === 'access denied') {
      throw accessDenied(
        `User: arn:aws:iam::${request.account}:root is not authorized to perform: aws-marketplace:${request.operation}`,
      );
    }
    for (const id of request.entities) {
      const experience = this.#marketplace.experiences.get(id);
      if (!experience) continue;
      if (fault === 'archived') this.#marketplace.archive(experience, request.at);
      if (typeof fault === 'object' && !experience.lockedBy) {
        this.#marketplace.startByHand(experience, fault.administratorsChangeSetMs, request.at);
      }
    }
  }

  #context(account: string, now: number, faulty: FaultyRequest | undefined): OperationContext {
    return {
      marketplace: this.#marketplace,
      settings: this.#settings,
      random: this.#random,
      account,
      now,
      changeSetFault: () => faulty && this.#settings.faults?.changeSet?.(faulty),
      tokens: this.#tokens,
    };
  }

  #experience(id: string) {
    this.#marketplace.advance(this.clock.now());
    const experience = this.#marketplace.experiences.get(id);
    if (!experience) throw new Error(`There is no experience ${id} in this catalog.`);
    return experience;
  }

  #tell(event: CatalogEvent): void {
    if (this.#settings.keepLog) this.log.push(event);
    this.#observe?.(event);
  }

  #requestId(): string {
    this.#requests += 1;
    return `request-${this.#requests}`;
  }
}

/** The fields of a request: a GET or PATCH has them in its query, a POST in its body. */
function inputOf({ method, query, body }: CatalogRequest): Fields {
  if (method !== 'POST') return query;
  try {
    return fields(JSON.parse(typeof body === 'string' ? body : new TextDecoder().decode(body)), 'The body');
  } catch (error) {
    if (error instanceof SyntaxError) throw invalid('Document not valid JSON format');
    throw error;
  }
}

function faultyRequest(operation: Operation, account: string, input: Fields, at: number): FaultyRequest {
  const identifiers: unknown[] =
    operation === 'StartChangeSet' && Array.isArray(input.ChangeSet)
      ? input.ChangeSet.map((change) => change?.Entity?.Identifier)
      : [input.entityId];
  const entities = identifiers.filter((id) => typeof id === 'string').map(withoutRevision);
  return { operation, account, entities: [...new Set(entities)], at };
}

function unknownOperation({ method, path }: CatalogRequest): CatalogError {
  return new CatalogError('UnknownOperationException', 404, `This catalog has no ${method} ${path}.`);
}

function answer(status: number, error: CatalogError, requestId: string): CatalogAnswer {
  return {
    lost: false,
    status,
    headers: {
      'content-type': 'application/json',
      'x-amzn-errortype': error.name,
      'x-amzn-requestid': requestId,
    },
    // The model's member is `Message`; the services' front door writes `message`.
    body: JSON.stringify({ message: error.message, Message: error.message }),
  };
}
