import { MarketplaceCatalogClient } from '@aws-sdk/client-marketplace-catalog';
import type { OrganizationsClient } from '@aws-sdk/client-organizations';
import type { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { STSClient } from '@aws-sdk/client-sts';
import { BatchWriteCommand, type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import type { CatalogEvent } from '../../../local/catalog/events.js';
import { inProcessHandler } from '../../../local/catalog/in-process.js';
import { CatalogService } from '../../../local/catalog/service.js';
import type { CatalogSettings } from '../../../local/catalog/settings.js';
import type { IdleClock } from '../../../local/idle-clock.js';
import type { Random } from '../../../local/random.js';
import { type AccountId, type ProductId, productId, type TableName } from '../../../shared/identifiers.js';
import { seal } from '../../../shared/notification.js';
import type { ProductLists } from '../../../shared/product-lists.js';
import type { SyncTimestampsItem } from '../../../shared/sync-timestamps.js';
import type { Log } from '../../../shared/telemetry.js';
import type { Configuration } from '../configuration.js';
import type { Summary } from '../report.js';
import { type Clients, synchronizeOrganization } from '../synchronize-organization.js';
import { readTrigger } from '../trigger.js';

/** The account in which the member stack of a {@link World} runs. */
export const MEMBER_ACCOUNT = '222222222222';
/** The management account of its organization, which owns the experiences. */
export const ORGANIZATION_ACCOUNT = '333333333333';

/** SQS and its event source as the member template sets them, in milliseconds. */
const VISIBILITY_MS = 1_020_000;
const MAX_RECEIVES = 5;
const CONCURRENT_INVOCATIONS = 2;

/** What a world is made of. */
export interface WorldOptions {
  readonly clock: IdleClock;
  readonly random: Random;
  readonly catalog: Partial<CatalogSettings>;
  /** A real DynamoDB-compatible store with the tables named in `configuration`. */
  readonly tables: DynamoDBDocumentClient;
  readonly configuration: Configuration;
  /** Names this world's item in the SyncTimestamps table. */
  readonly organization: AccountId;
  /** The member function's time limit, in milliseconds. */
  readonly limitMs: number;
}

/** How an invocation ended. */
export type Ending =
  | { readonly kind: 'returned'; readonly summary: Summary }
  | { readonly kind: 'threw'; readonly error: unknown }
  | { readonly kind: 'killed by a fault' }
  | { readonly kind: 'killed by the limit' };

/** When an invocation is killed: at one of its requests, before it is sent or before its answer arrives. */
export interface Kill {
  readonly atRequest: number;
  readonly answered: boolean;
}

interface Message {
  readonly body: string;
  visibleAt: number;
  receives: number;
}

interface SnapshotVersion {
  readonly lists: ProductLists;
  /** When it started to be written, and when the next one was announced; milliseconds since 1970. */
  readonly from: number;
  until: number;
}

/**
 * A member organization, its stack and the management stack's tables, in virtual time: the whole member function
 * with the real SDK clients, against the local catalog and a real DynamoDB-compatible store. Invocations can be
 * killed at any request, overlap, and come back through a queue that behaves as the template configures it.
 *
 * At every change of an experience it checks that nothing is denied that the snapshot approves, and nothing approved
 * that it does not.
 */
export class World {
  readonly service: CatalogService;
  readonly endings: Ending[] = [];
  readonly violations: string[] = [];
  readonly deadLetters: Message[] = [];
  readonly events: CatalogEvent[] = [];
  readonly #options: WorldOptions;
  readonly #messages: Message[] = [];
  readonly #versions: SnapshotVersion[] = [];
  readonly #changeSetsStarted = new Map<string, number>();
  #sourceStopped = false;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.service = new CatalogService({
      clock: options.clock,
      random: options.random,
      settings: { keepLog: false, ...options.catalog },
      observe: (event) => this.#observe(event),
    });
  }

  /** The newest snapshot. */
  get snapshot(): ProductLists {
    const version = this.#versions.at(-1);
    if (!version) throw new Error('No snapshot was published yet.');
    return version.lists;
  }

  /** Messages in the queue, visible or not. */
  get queued(): number {
    return this.#messages.length;
  }

  /** Writes a snapshot into the tables as the management function does, and announces it. */
  async publish(lists: ProductLists, pauseMs: number, sealed: boolean): Promise<void> {
    const { clock, tables, configuration } = this.#options;
    const before = this.#versions.at(-1);
    const none: ProductLists = { approved: new Set(), rejected: new Set() };
    const old = before?.lists ?? none;
    // No two snapshots are taken in the same millisecond, though here no time may pass between them.
    const from = clock.now() + this.#versions.length;
    const version: SnapshotVersion = { lists, from, until: Number.POSITIVE_INFINITY };
    this.#versions.push(version);
    const { approved, rejected } = configuration.tables;
    await this.#write(tables, approved, lists.approved.difference(old.approved), new Set());
    await clock.sleep(pauseMs);
    await this.#write(tables, rejected, lists.rejected.difference(old.rejected), new Set());
    await clock.sleep(pauseMs);
    await this.#write(tables, approved, new Set(), old.approved.difference(lists.approved));
    await clock.sleep(pauseMs);
    await this.#write(tables, rejected, new Set(), old.rejected.difference(lists.rejected));
    await clock.sleep(pauseMs);
    if (before) before.until = clock.now();
    this.notify(sealed, version.from);
  }

  /** Announces the newest snapshot once more, as the management function does every hour. */
  notify(sealed: boolean, taken: number): void {
    const message = {
      Action: 'Products-Updated',
      ...(sealed && { Snapshot: seal(this.snapshot, taken) }),
    };
    this.#enqueue(JSON.stringify({ Type: 'Notification', Message: JSON.stringify(message) }), 0);
  }

  /** Takes the oldest message out of the queue. @returns it, as the event that starts an invocation. */
  takeMessage(): unknown {
    const message = this.#messages.shift();
    if (!message) throw new Error('There is no message in the queue.');
    return { Records: [{ body: message.body }] };
  }

  /** Runs the queue's event source until {@link stopEventSource}. `kill` decides for each invocation. */
  async runEventSource(kill: () => Kill | undefined): Promise<void> {
    const { clock } = this.#options;
    const poll = async () => {
      while (!this.#sourceStopped) {
        const message = this.#messages.find(({ visibleAt }) => visibleAt <= clock.now());
        if (!message) {
          await clock.sleep(1000);
          continue;
        }
        message.receives += 1;
        if (message.receives > MAX_RECEIVES) {
          this.#messages.splice(this.#messages.indexOf(message), 1);
          this.deadLetters.push(message);
          continue;
        }
        message.visibleAt = clock.now() + VISIBILITY_MS;
        const ending = await this.invoke({ Records: [{ body: message.body }] }, kill());
        if (ending.kind === 'returned') this.#messages.splice(this.#messages.indexOf(message), 1);
      }
    };
    await Promise.all(Array.from({ length: CONCURRENT_INVOCATIONS }, poll));
  }

  stopEventSource(): void {
    this.#sourceStopped = true;
  }

  /**
   * Invokes the member function once.
   *
   * @param onRequest is told before each request to a service, with how many there have been.
   */
  async invoke(event: unknown, kill?: Kill, onRequest?: (count: number) => void): Promise<Ending> {
    const { clock, limitMs, configuration } = this.#options;
    const life = new Life(kill, onRequest);
    const startedAt = clock.now();
    const clients = this.#clients(life);
    const work = (async () =>
      synchronizeOrganization(
        configuration,
        clients,
        { now: () => clock.now(), sleep: (ms) => life.whileAlive(clock.sleep(ms)) },
        SILENT,
        { trigger: readTrigger(event), endsAt: startedAt + limitMs, account: undefined },
      ))();
    const ending = await Promise.race([
      work.then(
        (summary): Ending => ({ kind: 'returned', summary }),
        (error): Ending => ({ kind: 'threw', error }),
      ),
      clock.sleep(limitMs).then((): Ending => ({ kind: 'killed by the limit' })),
      life.killed.then((): Ending => ({ kind: 'killed by a fault' })),
    ]);
    life.end();
    this.endings.push(ending);
    return ending;
  }

  /** The organization's item in SyncTimestamps. */
  async item(): Promise<SyncTimestampsItem | undefined> {
    const { clock, tables, configuration, organization } = this.#options;
    const { Item } = await clock.tracked(
      tables.send(
        new GetCommand({ TableName: configuration.syncTimestampsTable, Key: { ID: organization } }),
      ),
    );
    return Item as SyncTimestampsItem | undefined; // written by the function under test
  }

  #clients(life: Life): Clients {
    const { clock, tables, organization } = this.#options;
    const catalog = new MarketplaceCatalogClient({
      region: 'us-east-1',
      credentials: { accessKeyId: MEMBER_ACCOUNT, secretAccessKey: 'none' },
      maxAttempts: 1,
      requestHandler: inProcessHandler(this.service, MEMBER_ACCOUNT),
    });
    // Only `send` of a client is used, so an object with that method stands for it.
    const through = <Client>(send: (command: never) => Promise<unknown>) =>
      ({ send: (command: never) => life.request(() => clock.tracked(send(command))) }) as Client;
    return {
      catalog: through<MarketplaceCatalogClient>((command) => catalog.send(command)),
      tables: Object.assign(
        Object.create(tables), // the paginators of lib-dynamodb insist on its own class
        through<DynamoDBDocumentClient>((command) => tables.send(command)),
      ),
      organizations: through<OrganizationsClient>(async () => ({
        Organization: { MasterAccountId: organization, MasterAccountEmail: 'marketplace@example.com' },
      })),
      sts: through<STSClient>(() => Promise.reject(new Error('STS is not asked here.'))),
      sqs: through<SQSClient>(async ({ input }: SendMessageCommand) => {
        this.#enqueue(input.MessageBody ?? '', (input.DelaySeconds ?? 0) * 1000);
      }),
    };
  }

  #enqueue(body: string, delayMs: number): void {
    this.#messages.push({ body, visibleAt: this.#options.clock.now() + delayMs, receives: 0 });
  }

  #observe(event: CatalogEvent): void {
    this.events.push(event);
    if (event.kind === 'change set started') this.#changeSetsStarted.set(event.id, event.at);
    if (event.kind !== 'products') return;
    // An invocation works with the snapshot that it read: one that was current at some time since it began.
    const since = (this.#changeSetsStarted.get(event.changeSet) ?? event.at) - this.#options.limitMs;
    const current = this.#versions.filter(({ until }) => until >= since).map(({ lists }) => lists);
    const approves = ({ approved, rejected }: ProductLists, id: ProductId) =>
      approved.has(id) && !rejected.has(id);
    for (const id of event.denied.map(productId)) {
      if (current.every((lists) => approves(lists, id))) {
        this.violations.push(`${event.experience}: ${id} was denied, but the snapshot approves it`);
      }
    }
    for (const id of event.approved.map(productId)) {
      if (!current.some((lists) => approves(lists, id))) {
        this.violations.push(`${event.experience}: ${id} was approved, but the snapshot does not approve it`);
      }
    }
  }

  async #write(
    client: DynamoDBDocumentClient,
    table: TableName,
    add: ReadonlySet<ProductId>,
    remove: ReadonlySet<ProductId>,
  ): Promise<void> {
    const requests = [
      ...[...add].map((ID) => ({ PutRequest: { Item: { ID } } })),
      ...[...remove].map((ID) => ({ DeleteRequest: { Key: { ID } } })),
    ];
    for (let at = 0; at < requests.length; at += 25) {
      await this.#options.clock.tracked(
        client.send(new BatchWriteCommand({ RequestItems: { [table]: requests.slice(at, at + 25) } })),
      );
    }
  }
}

/** The life of one invocation's process: after its end nothing it waits for ever comes back. */
class Life {
  readonly killed: Promise<void>;
  readonly #kill: Kill | undefined;
  readonly #onRequest: ((count: number) => void) | undefined;
  #die: () => void = () => {};
  #over = false;
  #requests = 0;

  constructor(kill: Kill | undefined, onRequest: ((count: number) => void) | undefined) {
    this.#kill = kill;
    this.#onRequest = onRequest;
    this.killed = new Promise((resolve) => {
      this.#die = resolve;
    });
  }

  end(): void {
    this.#over = true;
    this.#die();
  }

  /** Sends a request, unless the process ends before it, or before its answer. */
  request<Answer>(send: () => Promise<Answer>): Promise<Answer> {
    if (this.#over) return new Promise(() => {});
    this.#requests += 1;
    this.#onRequest?.(this.#requests);
    const last = this.#requests === this.#kill?.atRequest;
    if (last && !this.#kill?.answered) {
      this.end();
      return new Promise(() => {});
    }
    const answer = send();
    if (last) {
      answer.then(
        () => this.end(),
        () => this.end(),
      );
    }
    return this.whileAlive(answer);
  }

  /** The same promise, as long as the process lives; one that never settles after that. */
  whileAlive<Result>(promise: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      promise.then(
        (result) => this.#over || resolve(result),
        (error) => this.#over || reject(error),
      );
    });
  }
}

const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
