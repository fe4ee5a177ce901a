import type { MarketplaceCatalogClient } from '@aws-sdk/client-marketplace-catalog';
import type { OrganizationsClient } from '@aws-sdk/client-organizations';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { STSClient } from '@aws-sdk/client-sts';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Catalog, errorText } from '../../shared/catalog.js';
import type { Clock } from '../../shared/clock.js';
import type { AccountId } from '../../shared/identifiers.js';
import type { SnapshotSeal } from '../../shared/notification.js';
import type { ProductLists } from '../../shared/product-lists.js';
import type { Log } from '../../shared/telemetry.js';
import type { Configuration } from './configuration.js';
import { InvocationTime } from './invocation-time.js';
import type { PassSeen } from './metrics.js';
import { OpenChangeSets } from './open-change-sets.js';
import { identifyOrganization, type Organization } from './organization.js';
import { Pace } from './pace.js';
import type { Mode } from './plan.js';
import { readWholeSnapshot } from './read-snapshot.js';
import { KnownRefusals } from './refusals.js';
import { judge, type Summary, statusOf, statusOfFailure, summarize, type Verdict } from './report.js';
import { type ExperienceReport, findTargets, synchronizeExperience } from './synchronize-experience.js';
import { type Continuation, stricter, type Trigger } from './trigger.js';
import { type HandedOver, type Memory, type Turn, TurnLost, takeTurn } from './turn.js';
import type { Pairing } from './work.js';

/** The clients of the services that the member function talks to. */
export interface Clients {
  readonly catalog: MarketplaceCatalogClient;
  /** In the management account, through the cross-account role. */
  readonly tables: DynamoDBDocumentClient;
  readonly organizations: OrganizationsClient;
  readonly sts: STSClient;
  readonly sqs: SQSClient;
}

/** One invocation of the member function. */
export interface Invocation {
  readonly trigger: Trigger;
  /** When Lambda's time limit ends it, in milliseconds since 1970. */
  readonly endsAt: number;
  /** The account in which it runs, where that is known. */
  readonly account: AccountId | undefined;
  /** Is told of each look at the snapshot and all experiences once it is over, whatever comes after it. */
  readonly onPass?: (pass: PassSeen) => void;
}

/** Some experiences are not synchronized, for reasons that a later try may mend: the message has to come back. */
export class SynchronizationFailed extends Error {
  override readonly name = 'SynchronizationFailed';
  /** What was done all the same. */
  readonly summary: Summary;

  constructor(message: string, summary: Summary) {
    super(message);
    this.summary = summary;
  }
}

/** How many invocations in a row may bring the experiences no closer before they end with an error. */
const STALLED_INVOCATIONS = 3;
/** SQS, SendMessage: DelaySeconds is at most 900. */
const LONGEST_DELAY_SECONDS = 900;
/** How many characters of suspects a continuation carries: an SQS message may have 256 KB, and ids are ASCII. */
const SUSPECTS_LENGTH = 200_000;
const FROM_THE_START = { inFlight: new Map<never, never>(), suspects: new Map<never, never>() };

/**
 * Makes the organization's experiences equal to the snapshot, as far as the time of this invocation goes, and
 * reports to SyncTimestamps.
 *
 * @returns what was done, for a person to read.
 * @throws SynchronizationFailed when a later try may mend what failed; whatever the clients throw before anything
 * was changed; TurnLost when another invocation has taken over.
 */
export async function synchronizeOrganization(
  configuration: Configuration,
  clients: Clients,
  clock: Clock,
  log: Log,
  invocation: Invocation,
): Promise<Summary> {
  const { trigger, endsAt } = invocation;
  const time = new InvocationTime(clock, configuration.unitMs, endsAt - configuration.stopMarginMs);
  const attempt = new Invoked(configuration, clients, clock, time, log, invocation);
  if (attempt.mode === 'dry-run') return attempt.dryRun();

  const organization = await identifyOrganization(clients.organizations, clients.sts, log);
  const place = {
    client: clients.tables,
    table: configuration.syncTimestampsTable,
    organization: organization.id,
    clock,
  };
  const turn = await takeTurn(place, endsAt, trigger.seal);
  if (turn.kind === 'handed over') return attempt.handOver(organization, turn);
  try {
    return await attempt.synchronize(organization, turn);
  } catch (error) {
    if (!(error instanceof SynchronizationFailed) && !(error instanceof TurnLost)) {
      await attempt.giveUp(turn, error);
    }
    throw error;
  }
}

/** What came of one look at the snapshot and at all experiences. */
interface Pass {
  readonly snapshot: ProductLists | undefined;
  readonly reports: readonly ExperienceReport[];
  readonly verdict: Verdict;
  readonly known: KnownRefusals;
}

class Invoked {
  readonly #configuration: Configuration;
  readonly #clients: Clients;
  readonly #time: InvocationTime;
  readonly #log: Log;
  readonly #invocation: Invocation;
  mode: Mode;
  /** The snapshot that a wish, taken from the item, asks for: it must not be forgotten should this invocation fail. */
  #wished: Memory | undefined;
  // What the passes of one invocation learn serves the next ones.
  readonly #catalog: Catalog;
  readonly #pace = new Pace();
  readonly #open = new OpenChangeSets();
  readonly #pairing: Pairing;

  constructor(
    configuration: Configuration,
    clients: Clients,
    clock: Clock,
    time: InvocationTime,
    log: Log,
    invocation: Invocation,
  ) {
    this.#configuration = configuration;
    this.#clients = clients;
    this.#time = time;
    this.#log = log;
    this.#invocation = invocation;
    this.mode = stricter(configuration.policy.mode, invocation.trigger.mode);
    this.#pairing = { accepted: !invocation.trigger.apart };
    const { unitMs, stopAt } = time;
    this.#catalog = new Catalog({ client: clients.catalog, clock, unitMs, stopAt });
  }

  /** Reports what would be done, and changes nothing anywhere. */
  async dryRun(): Promise<Summary> {
    const pass = await this.#pass(
      { refused: [], ...(this.#trigger.seal && { seal: this.#trigger.seal }) },
      FROM_THE_START,
    );
    const reason = pass.snapshot ? undefined : pass.verdict.reason;
    return summarize(
      { outcome: 'dry run', ...(reason !== undefined && { reason }) },
      this.mode,
      pass.reports,
      pass.snapshot,
      undefined,
    );
  }

  /** Another invocation is at work and knows what this one came for. */
  async handOver(organization: Organization, { holder, until }: HandedOver): Promise<Summary> {
    const reason =
      'another invocation is synchronizing this organization; it will start over from the newest snapshot ' +
      `before it ends, at the latest at ${new Date(until).toISOString()}`;
    this.#log.info('Handed over to the running invocation', { holder, until });
    if (!this.#trigger.fromQueue) {
      // A message that its invocation could not finish comes back by itself; a manual test would be forgotten with
      // the invocation that has the turn, should that one die.
      await this.#sendContinuation(
        {},
        Math.min(Math.ceil((until - this.#time.now()) / 1000), LONGEST_DELAY_SECONDS),
      );
    }
    return summarize({ outcome: 'handed over', reason }, this.mode, [], undefined, organization.id);
  }

  /** Synchronizes until no wish is left, or the time is over. */
  async synchronize(organization: Organization, turn: Turn): Promise<Summary> {
    let memory: Memory | undefined = turn.memory;
    let left: Pick<Trigger, 'inFlight' | 'suspects'> = this.#trigger;
    let reports: readonly ExperienceReport[] = [];
    for (;;) {
      const pass = await this.#pass(memory, left);
      reports = merged(reports, pass.reports);
      const { seal }: Memory = memory;
      const status = statusOf({
        ...pass.verdict,
        ...pass,
        organization,
        memberAccount: this.#invocation.account,
        seal: pass.snapshot && seal,
        endedAt: this.#time.now(),
      });
      const summary = summarize(pass.verdict, this.mode, reports, pass.snapshot, organization.id);
      if (pass.reports.some(({ outcome }) => outcome === 'in progress')) {
        return await this.#continueLater(turn, status, summary, seal, reports);
      }
      memory = await turn.finish(status);
      if (!memory) return this.#conclude(summary, pass);
      this.#wished = memory;
      this.#log.info('Starting over: a newer synchronization was asked for while this one ran');
      left = FROM_THE_START;
      this.mode = this.#configuration.policy.mode; // a wish is for what the stack does, whatever this test event narrowed
      if (this.#time.over) {
        await turn.pause(status);
        await this.#sendContinuation({ ...(memory.seal && { Snapshot: memory.seal }) }, 0);
        return this.#conclude(summary, pass);
      }
    }
  }

  /** Reports an error that ended everything, gives the turn back, and sees to it that nobody's wish is forgotten. */
  async giveUp(turn: Turn, cause: unknown): Promise<void> {
    try {
      const wishesLeft = await turn.abandon(
        statusOfFailure(cause, this.#invocation.account, this.#time.now()),
      );
      const seal = this.#wished?.seal;
      if (wishesLeft || this.#wished) await this.#sendContinuation({ ...(seal && { Snapshot: seal }) }, 0);
    } catch (error) {
      this.#log.warn('The turn could not be given back: it ends with the time limit', {
        error: errorText(error),
      });
    }
  }

  get #trigger(): Trigger {
    return this.#invocation.trigger;
  }

  async #pass(memory: Memory, left: Pick<Trigger, 'inFlight' | 'suspects'>): Promise<Pass> {
    const { tables, policy, experienceIds } = this.#configuration;
    const known = new KnownRefusals(this.#trigger.retryRefused ? [] : memory.refused, this.#time.now());
    const nothing = { snapshot: undefined, reports: [], known };
    const snapshot = await readWholeSnapshot(this.#clients.tables, tables, memory.seal, this.#time);
    if (!snapshot) {
      const reason =
        `the tables ${tables.approved} and ${tables.rejected} do not hold the snapshot that was announced: nothing was ` +
        'changed; a newer notification is on its way, or the next hour brings one';
      this.#log.warn('Snapshot not whole', { reason });
      return { ...nothing, verdict: { outcome: 'held back', reason } };
    }
    const targets = await findTargets(this.#catalog, experienceIds, left);
    const run = {
      catalog: this.#catalog,
      time: this.#time,
      pace: this.#pace,
      open: this.#open,
      pairing: this.#pairing,
      log: this.#log,
      policy: { ...policy, mode: this.mode },
      snapshot,
      known,
    };
    const reports = await Promise.all(targets.map((target) => synchronizeExperience(run, target)));
    this.#invocation.onPass?.({ snapshot, reports });
    for (const { id, outcome, reason, retryable } of reports) {
      if (outcome === 'failed' || outcome === 'held back') {
        this.#log.error(`Experience ${outcome}`, {
          experience_id: id,
          reason,
          retryable: retryable ?? false,
        });
      }
    }
    return { snapshot, reports, known, verdict: judge(reports) };
  }

  /** Queues a continuation, unless nothing moves any more. */
  async #continueLater(
    turn: Turn,
    status: Parameters<Turn['pause']>[0],
    summary: Summary,
    seal: SnapshotSeal | undefined,
    reports: readonly ExperienceReport[],
  ): Promise<Summary> {
    const suspects = reports.flatMap((report) =>
      report.suspects.length > 0 ? [[report.id, report.suspects] as const] : [],
    );
    const suspectsFit = JSON.stringify(suspects).length <= SUSPECTS_LENGTH;
    const closer = reports.some(
      ({ pickedUp, approved, denied, newRefusals, narrowed }) =>
        pickedUp || approved.length + denied.length + newRefusals + (suspectsFit ? narrowed : 0) > 0,
    );
    const stalled = closer ? 0 : this.#trigger.stalled + 1;
    const triedAnything = reports.some(({ changeSets }) => changeSets > 0);
    if (!closer && (!triedAnything || stalled >= STALLED_INVOCATIONS)) {
      await turn.pause(status);
      throw new SynchronizationFailed(`Nothing moves any more. In the way: ${summary.reason}`, summary);
    }
    // First the turn, then the message: a continuation that starts at once must not find the turn taken, hand over its
    // wish and end, when nobody is left to take the wish up.
    await turn.pause(status);
    await this.#sendContinuation(
      {
        ...(seal && { Snapshot: seal }),
        InFlight: Object.fromEntries(
          reports.flatMap(({ id, inFlight }) => (inFlight ? [[id, inFlight]] : [])),
        ),
        ...(suspectsFit && { Suspects: Object.fromEntries(suspects) }),
        ...(!this.#pairing.accepted && { Apart: true }),
        ...(this.mode !== this.#configuration.policy.mode && { Mode: this.mode }),
        ...(stalled > 0 && { Stalled: stalled }),
      },
      0,
    );
    this.#log.info('Out of time: a continuation is queued', { remaining: status.remaining });
    return summary;
  }

  /** Ends an invocation that has worked through everything. */
  #conclude(summary: Summary, pass: Pass): Summary {
    if (pass.reports.some(({ retryable }) => retryable)) {
      throw new SynchronizationFailed(`Not synchronized: ${summary.reason}`, summary);
    }
    return summary;
  }

  async #sendContinuation(more: Omit<Continuation, 'Action'>, delaySeconds: number): Promise<void> {
    const { notificationId } = this.#trigger;
    const continuation: Continuation = {
      Action: 'Continue-Synchronization',
      ...(notificationId !== undefined && { NotificationId: notificationId }),
      ...more,
    };
    await this.#clients.sqs.send(
      new SendMessageCommand({
        QueueUrl: this.#configuration.queueUrl,
        MessageBody: JSON.stringify(continuation),
        ...(delaySeconds > 0 && { DelaySeconds: delaySeconds }),
      }),
    );
  }
}

/** The reports of all passes of an invocation: the last one of each experience, with what the earlier ones did. */
function merged(
  earlier: readonly ExperienceReport[],
  latest: readonly ExperienceReport[],
): readonly ExperienceReport[] {
  const before = new Map(earlier.map((report) => [report.id, report]));
  return latest.map((report) => {
    const past = before.get(report.id);
    if (!past) return report;
    const undone = new Set([...report.approved, ...report.denied]);
    return {
      ...report,
      approved: [...past.approved.filter((id) => !undone.has(id)), ...report.approved],
      denied: [...past.denied.filter((id) => !undone.has(id)), ...report.denied],
      newRefusals: past.newRefusals + report.newRefusals,
      narrowed: past.narrowed + report.narrowed,
      changeSets: past.changeSets + report.changeSets,
    };
  });
}
