import { ChangeStatus } from '@aws-sdk/client-marketplace-catalog';
import { type Catalog, errorName, errorText, mayPass, OutOfTime } from '../../shared/catalog.js';
import { type Experience, readExperience, readProductLists } from '../../shared/experience.js';
import type { ChangeSetId, ExperienceId, ProductId } from '../../shared/identifiers.js';
import type { ProductLists } from '../../shared/product-lists.js';
import type { ExperienceOutcome } from '../../shared/sync-timestamps.js';
import { applyBatch, awaitEnd, type ChangeSetContext } from './change-set.js';
import { heldBack, type Plan, type Policy, permitted, plan, size } from './plan.js';
import type { KnownRefusals } from './refusals.js';
import type { Trigger } from './trigger.js';
import { type Pairing, type Refusal, type Suspects, Work } from './work.js';

/** What became of one experience. */
export interface ExperienceReport {
  readonly id: ExperienceId;
  readonly outcome: ExperienceOutcome | 'skipped';
  /** Why it is not synchronized; absent where it is. */
  readonly reason?: string;
  /** Whether a later try may mend a failure. */
  readonly retryable?: boolean;
  /** How many products the experience approved and rejected when it was read last. */
  readonly sizes?: { readonly approved: number; readonly rejected: number };
  /** What is still to be done, refused products aside. In a dry run: what would be done. */
  readonly remaining: Plan;
  readonly approved: readonly ProductId[];
  readonly denied: readonly ProductId[];
  /** Products that the Marketplace refused, now or within the last day. */
  readonly refusals: readonly Refusal[];
  /** How many of the refusals are new. */
  readonly newRefusals: number;
  readonly changeSets: number;
  /** Whether a change set that an earlier invocation had left running has succeeded meanwhile. */
  readonly pickedUp?: true;
  /** How many refused batches brought the search for refused products closer to its end. */
  readonly narrowed: number;
  /** Where the search for refused products stands. */
  readonly suspects: Suspects;
  /** The change set that was still running when the time was over. */
  readonly inFlight?: ChangeSetId;
}

/** What all experiences of a run share. */
export interface RunContext extends Omit<ChangeSetContext, 'onStarted'> {
  readonly snapshot: ProductLists;
  readonly policy: Policy;
  readonly pairing: Pairing;
  readonly known: KnownRefusals;
}

/** An experience that a run takes on. */
export interface Target {
  readonly id: ExperienceId;
  /** Whether it was asked for by its id: then it is synchronized even when it is not live yet. */
  readonly listed: boolean;
  /** The change set that an earlier invocation left running. */
  readonly inFlight?: ChangeSetId;
  /** Where an earlier invocation's search for refused products stood. */
  readonly suspects?: Suspects;
}

/** How often an experience is planned again without getting any closer to the snapshot. */
const ROUNDS_WITHOUT_PROGRESS = 4;
/** How long to wait, in units, before an experience that did not become equal is read once more. */
const SETTLE = 2;

const NOTHING: Plan = { approve: [], deny: [] };

/** The state of an experience's synchronization. It never throws: whatever happens is in its report. */
export async function synchronizeExperience(run: RunContext, target: Target): Promise<ExperienceReport> {
  const sync = new ExperienceSync(run, target);
  try {
    return await sync.run();
  } catch (error) {
    if (error instanceof OutOfTime) return sync.report('in progress', { reason: 'the time was over' });
    return sync.report('failed', { reason: explained(error, target), retryable: mayPass(error) });
  }
}

class ExperienceSync {
  readonly #run: RunContext;
  readonly #target: Target;
  readonly #approved = new Set<ProductId>();
  readonly #denied = new Set<ProductId>();
  readonly #refusals: Refusal[] = [];
  /** What the lists read last lack to equal the snapshot. The lists themselves are too large to be kept. */
  #wanted: Plan = NOTHING;
  #sizes: ExperienceReport['sizes'];
  #remaining: Plan = NOTHING;
  #changeSets = 0;
  #narrowed = 0;
  #pickedUp = false;
  #suspects: Suspects;

  constructor(run: RunContext, target: Target) {
    this.#run = run;
    this.#target = target;
    this.#suspects = target.suspects ?? [];
  }

  async run(): Promise<ExperienceReport> {
    const { catalog, policy, snapshot, time } = this.#run;
    if (policy.mode !== 'dry-run') {
      const unfinished = await this.#pickUp();
      if (unfinished) return unfinished;
    }
    let experience = await readExperience(catalog, this.#target.id);
    const unfit = whyUnfit(experience, this.#target);
    if (unfit) return this.report(unfit.outcome, { reason: unfit.reason });

    let least = Number.POSITIVE_INFINITY;
    for (let rounds = 0; rounds < ROUNDS_WITHOUT_PROGRESS; ) {
      const lists = await readProductLists(catalog, experience);
      this.#sizes = { approved: lists.approved.size, rejected: lists.rejected.size };
      this.#wanted = plan(snapshot, lists);
      this.#remaining = permitted(this.#withoutRefused(this.#wanted), policy);
      const held = heldBack(this.#remaining, snapshot, lists, policy);
      if (held) return this.report('held back', { reason: held });
      const left = size(this.#remaining);
      if (left === 0) return this.#asFarAsPermitted();
      if (policy.mode === 'dry-run')
        return this.report('in progress', { reason: 'dry run: nothing was changed' });
      const stopped = await this.#apply(this.#remaining);
      if (stopped === 'overtaken') {
        experience = await readExperience(catalog, this.#target.id);
      } else if (stopped) {
        return stopped;
      } else if (left < least) {
        least = left;
        rounds = 0;
      } else {
        rounds += 1;
        await time.wait(SETTLE); // what was read can lag behind what was changed
      }
    }
    return this.report('failed', {
      reason: `${size(this.#remaining)} changes succeeded but do not show in the experience`,
      retryable: true,
    });
  }

  /** Nothing is left that the mode permits. The experience equals the snapshot only if nothing else is left either. */
  #asFarAsPermitted(): ExperienceReport {
    const { policy } = this.#run;
    const all = this.#withoutRefused(this.#wanted);
    if (size(all) === 0) return this.report('synchronized');
    this.#remaining = all;
    return this.report('held back', {
      reason: `the mode ${policy.mode} leaves ${all.deny.length} products as they are that the snapshot does not approve`,
    });
  }

  /** Waits for the change set that an earlier invocation left running. @returns a report only when it cannot. */
  async #pickUp(): Promise<ExperienceReport | undefined> {
    const { inFlight } = this.#target;
    if (!inFlight) return undefined;
    try {
      const { Status } = await awaitEnd(this.#changeSetContext(), inFlight, undefined, false);
      this.#pickedUp = Status === ChangeStatus.SUCCEEDED;
      return undefined;
    } catch (error) {
      if (error instanceof OutOfTime) {
        return this.report('in progress', { reason: `change set ${inFlight} still runs`, inFlight });
      }
      this.#run.log.warn('The change set of an earlier invocation cannot be read', {
        experience_id: this.#target.id,
        change_set_id: inFlight,
        error: errorText(error),
      });
      return undefined; // what it did, or did not do, will show in the experience
    }
  }

  /** Applies a plan. @returns a report when the experience must be left as it is. */
  async #apply(planned: Plan): Promise<ExperienceReport | 'overtaken' | undefined> {
    const work = new Work(planned, this.#run.pairing, this.#suspects);
    let checked = false;
    for (let batch = work.next(); batch; batch = work.next()) {
      const result = await applyBatch(
        this.#changeSetContext(),
        this.#target.id,
        batch,
        work.searching,
        work.remaining,
      );
      switch (result.kind) {
        case 'succeeded':
          work.succeeded();
          this.#suspects = work.suspects;
          this.#done(batch);
          break;
        case 'refused': {
          if (!checked) {
            const now = await readExperience(this.#run.catalog, this.#target.id);
            const unfit = whyUnfit(now, { ...this.#target, listed: true });
            if (unfit) return this.report('failed', { reason: `${unfit.reason}; ${result.message}` });
            checked = true;
          }
          const before = work.refusals.length;
          work.refused(result.message);
          this.#narrowed += 1;
          this.#suspects = work.suspects;
          this.#refuse(work.refusals.slice(before));
          break;
        }
        case 'overtaken':
          return 'overtaken';
        case 'impossible':
          return this.report('failed', { reason: result.message });
        case 'gave up':
          return this.report('failed', { reason: result.message, retryable: true });
        case 'unfinished':
          return this.report('in progress', {
            reason: result.changeSet ? `change set ${result.changeSet} still runs` : 'the time was over',
            ...(result.changeSet && { inFlight: result.changeSet }),
          });
      }
    }
    return undefined;
  }

  /** A report of how things stand now. */
  report(
    outcome: ExperienceReport['outcome'],
    more: Pick<ExperienceReport, 'reason' | 'retryable' | 'inFlight'> = {},
  ): ExperienceReport {
    const { known } = this.#run;
    const { id } = this.#target;
    const earlier = (this.#sizes ? known.among(id, this.#wanted) : known.of(id)).filter(
      ({ product }) => !this.#refusals.some((refusal) => refusal.product === product),
    );
    return {
      id,
      outcome,
      ...more,
      ...(this.#sizes && { sizes: this.#sizes }),
      remaining: this.#remaining,
      approved: [...this.#approved],
      denied: [...this.#denied],
      refusals: [...this.#refusals, ...earlier],
      newRefusals: this.#refusals.length,
      changeSets: this.#changeSets,
      ...(this.#pickedUp && { pickedUp: true }),
      narrowed: this.#narrowed,
      suspects: this.#suspects,
    };
  }

  #changeSetContext(): ChangeSetContext {
    return {
      ...this.#run,
      onStarted: () => {
        this.#changeSets += 1;
      },
    };
  }

  #done({ approve, deny }: Plan): void {
    for (const id of approve) this.#approved.add(id);
    for (const id of deny) this.#denied.add(id);
    this.#remaining = {
      approve: this.#remaining.approve.filter((id) => !this.#approved.has(id)),
      deny: this.#remaining.deny.filter((id) => !this.#denied.has(id)),
    };
  }

  #refuse(refusals: readonly Refusal[]): void {
    for (const { product, change, reason } of refusals) {
      this.#run.log.error('Product refused by the Marketplace', {
        experience_id: this.#target.id,
        product_id: product,
        change,
        reason,
      });
    }
    this.#refusals.push(...refusals);
    this.#remaining = this.#withoutRefused(this.#remaining);
  }

  #withoutRefused(planned: Plan): Plan {
    const refused = new Set(
      [...this.#refusals, ...this.#run.known.among(this.#target.id, planned)].map(({ product }) => product),
    );
    return {
      approve: planned.approve.filter((id) => !refused.has(id)),
      deny: planned.deny.filter((id) => !refused.has(id)),
    };
  }
}

/** An error in reading an experience, with what to do about it. */
function explained(error: unknown, { listed }: Target): string {
  const text = errorText(error);
  switch (errorName(error)) {
    case 'ResourceNotFoundException':
      return `${text}. Does the experience exist in this organization? ${listed ? 'MemberExperienceIds names it.' : ''}`.trim();
    case 'AccessDeniedException':
      return `${text}. Is this account the organization's delegated administrator of Private Marketplace?`;
    default:
      return text;
  }
}

/** Why an experience cannot, or need not, be synchronized; `undefined` where it is to be. */
function whyUnfit(
  experience: Experience,
  { listed }: Target,
): { readonly outcome: 'skipped' | 'failed'; readonly reason: string } | undefined {
  const outcome = listed ? 'failed' : 'skipped';
  if (experience.archived) return { outcome, reason: 'the experience is archived' };
  if (experience.procurementPolicies.length === 0) {
    return { outcome, reason: 'the experience has no procurement policy' };
  }
  if (!experience.enabled && !listed)
    return { outcome, reason: 'the experience is not live (its status is not Enabled)' };
  return undefined;
}

/** The experiences to synchronize: those asked for, or every one that the account can see. */
export async function findTargets(
  catalog: Catalog,
  listed: readonly ExperienceId[] | undefined,
  { inFlight, suspects }: Pick<Trigger, 'inFlight' | 'suspects'>,
): Promise<Target[]> {
  const ids =
    listed ??
    new Set(
      (await Promise.all([catalog.listExperiences('SharedWithMe'), catalog.listExperiences('Owned')])).flat(),
    );
  return [...ids].map((id) => {
    const running = inFlight.get(id);
    const suspected = suspects.get(id);
    return {
      id,
      listed: listed !== undefined,
      ...(running && { inFlight: running }),
      ...(suspected && { suspects: suspected }),
    };
  });
}
