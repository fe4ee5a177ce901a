import { between, LETTERS_AND_DIGITS, type Random, randomText } from '../random.js';
import { locked } from './errors.js';
import { ADMINISTRATOR, type Observer, type RequestedChange } from './events.js';
import type { ChangeSetFault } from './faults.js';
import type { CatalogSettings, Operation, ProductChange } from './settings.js';

/** The entity type of every change here. */
export const EXPERIENCE_TYPE = 'Experience@1.0';
/** What archived experiences show; its presence is what counts. */
const ADMIN_STATUS_ARCHIVED = 'Restricted';

/** A procurement policy, to begin with. */
export interface NewPolicy {
  readonly approved?: Iterable<string>;
  readonly rejected?: Iterable<string>;
  /**
   * How many ids a resource holds at the most; more go into further resources, of which every other one stands in
   * a statement of its own. By default all ids of an effect are in one.
   */
  readonly idsInResource?: number;
}

/** An experience, to begin with. */
export interface NewExperience extends NewPolicy {
  /** `exp-…`; drawn when absent. */
  readonly id?: string;
  readonly name?: string;
  /** The account that owns it: the organization's management account, or one that never joined an organization's Private Marketplace. */
  readonly owner: string;
  /** The delegated administrator accounts. */
  readonly sharedWith?: readonly string[];
  readonly status?: 'Enabled' | 'Disabled';
  readonly archived?: boolean;
  /** Its procurement policies; by default one, of the lists given here. An empty list: an experience without a policy. */
  readonly policies?: readonly NewPolicy[];
  /** What is answered with AccessDeniedException, always. */
  readonly denied?: readonly Operation[];
}

export interface Policy {
  readonly id: string;
  readonly experience: Experience;
  readonly approved: Set<string>;
  readonly rejected: Set<string>;
  readonly idsInResource: number;
  revision: number;
  modifiedAt: number;
  /** The document as JSON, until the next change. */
  json: string | undefined;
}

export interface Experience {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly sharedWith: ReadonlySet<string>;
  status: 'Enabled' | 'Disabled';
  archived: boolean;
  readonly policies: Policy[];
  readonly denied: ReadonlySet<Operation>;
  revision: number;
  modifiedAt: number;
  /** The change set that runs on it. */
  lockedBy: ChangeSet | undefined;
}

/** A change as it was accepted. */
export interface AcceptedChange {
  readonly type: 'AllowProductProcurement' | 'DenyProductProcurement';
  readonly name: string | undefined;
  readonly experience: Experience;
  readonly products: readonly string[];
  /** The details as they were sent, as JSON. */
  readonly details: string;
  readonly errors: { ErrorCode: string; ErrorMessage: string }[];
}

export interface ChangeSet {
  readonly id: string;
  readonly name: string | undefined;
  readonly account: string;
  readonly changes: readonly AcceptedChange[];
  readonly experiences: readonly Experience[];
  readonly startedAt: number;
  readonly applyingAt: number;
  endsAt: number;
  readonly fault: ChangeSetFault | undefined;
  /** How it ended; absent while it runs. */
  ended?: 'SUCCEEDED' | 'FAILED' | 'CANCELLED';
  failureCode?: 'CLIENT_ERROR' | 'SERVER_FAULT';
  failureDescription?: string;
}

/** What {@link Marketplace.start} needs to know. */
export interface NewChangeSet {
  readonly account: string;
  readonly name: string | undefined;
  readonly changes: readonly AcceptedChange[];
  readonly fault: ChangeSetFault | undefined;
  readonly now: number;
}

/**
 * The state of the Marketplace: experiences, their policies and the change sets.
 *
 * Nothing in here waits. A change set knows when it ends, and takes effect when {@link advance} is called with that
 * time or a later one; whoever looks at the state advances it first.
 */
export class Marketplace {
  readonly experiences = new Map<string, Experience>();
  readonly policies = new Map<string, Policy>();
  readonly changeSets = new Map<string, ChangeSet>();
  readonly #settings: CatalogSettings;
  readonly #random: Random;
  readonly #tell: Observer;
  /** The change sets that run, in no order. */
  #running: ChangeSet[] = [];
  #nextEnd = Number.POSITIVE_INFINITY;

  constructor(settings: CatalogSettings, random: Random, tell: Observer) {
    this.#settings = settings;
    this.#random = random;
    this.#tell = tell;
  }

  add(experience: NewExperience, now: number): Experience {
    const id = experience.id ?? `exp-${randomText(this.#random, LETTERS_AND_DIGITS, 13)}`;
    if (this.experiences.has(id)) throw new Error(`There is an experience ${id} already.`);
    const added: Experience = {
      id,
      name: experience.name ?? id,
      owner: experience.owner,
      sharedWith: new Set(experience.sharedWith),
      status: experience.status ?? 'Enabled',
      archived: experience.archived ?? false,
      policies: [],
      denied: new Set(experience.denied),
      revision: 1,
      modifiedAt: now,
      lockedBy: undefined,
    };
    for (const policy of experience.policies ?? [experience]) {
      const created: Policy = {
        id: `procpolicy-${randomText(this.#random, LETTERS_AND_DIGITS, 13)}`,
        experience: added,
        approved: new Set(policy.approved),
        rejected: new Set(policy.rejected),
        idsInResource: policy.idsInResource ?? Number.POSITIVE_INFINITY,
        revision: 1,
        modifiedAt: now,
        json: undefined,
      };
      added.policies.push(created);
      this.policies.set(created.id, created);
    }
    this.experiences.set(id, added);
    return added;
  }

  archive(experience: Experience, now: number): void {
    if (experience.archived) return;
    // "Before archiving an experience, you must disable it": the API reference, "Archiving and reactivating".
    experience.status = 'Disabled';
    experience.archived = true;
    experience.revision += 1;
    experience.modifiedAt = now;
    this.#tell({ kind: 'archived', at: now, experience: experience.id });
  }

  /** @throws CatalogError (423) when a change set runs on one of the experiences. */
  checkLocks(experiences: readonly Experience[]): void {
    for (const { id, lockedBy } of experiences) if (lockedBy) throw locked(id, lockedBy.id);
  }

  /** Starts a change set on experiences that are not locked. */
  start({ account, name, changes, fault, now }: NewChangeSet): ChangeSet {
    const experiences = [...new Set(changes.map(({ experience }) => experience))];
    const durationMs = between(this.#random, this.#settings.durationMs);
    return this.#start({ account, name, changes, experiences, fault, startedAt: now }, durationMs);
  }

  /** An administrator changes something of an experience by hand, which locks it; the product lists stay. */
  startByHand(experience: Experience, durationMs: number, now: number): ChangeSet {
    return this.#start(
      {
        account: ADMINISTRATOR,
        name: undefined,
        changes: [],
        experiences: [experience],
        fault: undefined,
        startedAt: now,
      },
      durationMs,
    );
  }

  #start(changeSet: Omit<ChangeSet, 'id' | 'applyingAt' | 'endsAt'>, durationMs: number): ChangeSet {
    this.checkLocks(changeSet.experiences);
    const preparingMs = durationMs * this.#settings.preparing;
    const started: ChangeSet = {
      ...changeSet,
      id: randomText(this.#random, LETTERS_AND_DIGITS, 25),
      applyingAt: changeSet.startedAt + preparingMs,
      endsAt:
        changeSet.startedAt + (changeSet.fault === 'cancelled' ? preparingMs * this.#random() : durationMs),
    };
    for (const experience of started.experiences) experience.lockedBy = started;
    this.changeSets.set(started.id, started);
    this.#running.push(started);
    this.#nextEnd = Math.min(this.#nextEnd, started.endsAt);
    this.#tell({
      kind: 'change set started',
      at: started.startedAt,
      id: started.id,
      account: started.account,
      experiences: started.experiences.map(({ id }) => id),
      changes: started.changes.map(requestedChange),
      endsAt: started.endsAt,
    });
    return started;
  }

  /** How many change sets of an account run. */
  open(account: string): number {
    let count = 0;
    for (const changeSet of this.#running) if (changeSet.account === account) count += 1;
    return count;
  }

  /** Cancels a change set that is PREPARING. */
  cancel(changeSet: ChangeSet, now: number): void {
    changeSet.ended = 'CANCELLED';
    changeSet.endsAt = now;
    this.#finish(changeSet);
  }

  /** Brings the state to `now`: every change set whose time is over ends, in order. */
  advance(now: number): void {
    while (this.#nextEnd <= now) {
      const due = this.#running.find(({ endsAt }) => endsAt === this.#nextEnd);
      if (!due) throw new Error('A change set is due that does not run.');
      this.#end(due);
    }
  }

  #end(changeSet: ChangeSet): void {
    if (changeSet.fault === 'archived') {
      for (const experience of changeSet.experiences) this.archive(experience, changeSet.endsAt);
    }
    if (changeSet.fault === 'cancelled') changeSet.ended = 'CANCELLED';
    else if (changeSet.fault === 'server fault') {
      changeSet.ended = 'FAILED';
      changeSet.failureCode = 'SERVER_FAULT';
      changeSet.failureDescription = 'There was a problem in the system. Retry your request.';
    } else {
      for (const change of changeSet.changes) change.errors.push(...this.#errorsOf(change, changeSet));
      const failed = changeSet.changes.some(({ errors }) => errors.length > 0);
      changeSet.ended = failed ? 'FAILED' : 'SUCCEEDED';
      if (failed) changeSet.failureCode = 'CLIENT_ERROR';
      else this.#apply(changeSet);
    }
    this.#finish(changeSet);
  }

  #finish(changeSet: ChangeSet): void {
    for (const experience of changeSet.experiences) experience.lockedBy = undefined;
    this.#running = this.#running.filter((other) => other !== changeSet);
    this.#nextEnd = this.#running.reduce(
      (earliest, { endsAt }) => Math.min(earliest, endsAt),
      Number.POSITIVE_INFINITY,
    );
    this.#tell({
      kind: 'change set ended',
      at: changeSet.endsAt,
      id: changeSet.id,
      account: changeSet.account,
      experiences: changeSet.experiences.map(({ id }) => id),
      startedAt: changeSet.startedAt,
      // A change set is finished only after its end was decided.
      status: changeSet.ended ?? 'FAILED',
    });
  }

  /** What is wrong with a change when its change set runs. */
  #errorsOf(change: AcceptedChange, changeSet: ChangeSet): AcceptedChange['errors'] {
    const { experience, products } = change;
    if (experience.archived) {
      // "Archived experiences can't be updated"; how that is said is not documented.
      return [{ ErrorCode: 'INVALID_ENTITY_STATE', ErrorMessage: `Experience ${experience.id} is archived` }];
    }
    if (experience.policies.length === 0) {
      return [{ ErrorCode: 'ENTITY_NOT_FOUND', ErrorMessage: 'Procurement policy missing from Experience' }];
    }
    if (this.#settings.mixed === 'fail-later' && isMixed(changeSet.changes, experience)) {
      return [
        {
          ErrorCode: 'INCOMPATIBLE_CHANGES',
          ErrorMessage: 'Products cannot be allowed and denied in the same change set',
        },
      ];
    }
    const refused = refusedProducts(this.#settings, products, changeOf(change), 'later');
    if (refused.length === 0) return [];
    const named = refused.filter((id) => this.#settings.refused.get(id)?.how === 'later-named');
    return [
      {
        ErrorCode: 'INVALID_PRODUCT',
        ErrorMessage: refusalText(this.#settings, named),
      },
    ];
  }

  #apply(changeSet: ChangeSet): void {
    for (const { experience, products, type } of changeSet.changes) {
      const [first] = experience.policies;
      if (!first) continue; // checked by #errorsOf
      const approve = type === 'AllowProductProcurement';
      const approved: string[] = [];
      const denied: string[] = [];
      for (const product of products) {
        const wasApproved = remove(experience.policies, 'approved', product);
        const wasRejected = remove(experience.policies, 'rejected', product);
        (approve ? first.approved : first.rejected).add(product);
        if (approve && !wasApproved) approved.push(product);
        if (!approve && (wasApproved || !wasRejected)) denied.push(product);
      }
      for (const policy of experience.policies) touch(policy, changeSet.endsAt);
      experience.revision += 1;
      experience.modifiedAt = changeSet.endsAt;
      if (approved.length + denied.length > 0) {
        this.#tell({
          kind: 'products',
          at: changeSet.endsAt,
          experience: experience.id,
          changeSet: changeSet.id,
          approved,
          denied,
        });
      }
    }
  }
}

/** Puts other lists into an experience's first policy, and none into the others. */
export function replaceProducts(
  experience: Experience,
  lists: { readonly approved: Iterable<string>; readonly rejected: Iterable<string> },
  now: number,
): void {
  const [first] = experience.policies;
  if (!first) throw new Error(`${experience.id} has no procurement policy.`);
  const approved = [...lists.approved];
  const rejected = [...lists.rejected];
  for (const policy of experience.policies) {
    policy.approved.clear();
    policy.rejected.clear();
    touch(policy, now);
  }
  for (const product of approved) first.approved.add(product);
  for (const product of rejected) first.rejected.add(product);
}

/** The products of all policies of an experience. */
export function productsOf(experience: Experience): { approved: Set<string>; rejected: Set<string> } {
  const approved = new Set<string>();
  const rejected = new Set<string>();
  for (const policy of experience.policies) {
    for (const product of policy.approved) approved.add(product);
    for (const product of policy.rejected) rejected.add(product);
  }
  return { approved, rejected };
}

/** The status of a change set at `now`. */
export function statusOf(changeSet: ChangeSet, now: number) {
  return changeSet.ended ?? (now < changeSet.applyingAt ? 'PREPARING' : 'APPLYING');
}

/** Which of a change's products are refused, at once or later. */
export function refusedProducts(
  { refused }: CatalogSettings,
  products: readonly string[],
  change: ProductChange,
  when: 'at-once' | 'later',
): string[] {
  if (refused.size === 0) return [];
  return products.filter((id) => {
    const refusal = refused.get(id);
    return refusal?.how.startsWith(when) && (refusal.change === undefined || refusal.change === change);
  });
}

/** How a refusal reads, with the products in it that are to be named. */
export function refusalText({ namesAtMost }: CatalogSettings, named: readonly string[]): string {
  return named.length === 0
    ? 'One or more products are not available for procurement'
    : `Products are not available for procurement: ${named.slice(0, namesAtMost).join(', ')}`;
}

/** Whether the changes both allow and deny products of an experience. */
export function isMixed(changes: readonly AcceptedChange[], experience: Experience): boolean {
  const types = changes.filter((change) => change.experience === experience).map(({ type }) => type);
  return new Set(types).size > 1;
}

/** What a change asks of its products. */
export function changeOf({ type }: Pick<AcceptedChange, 'type'>): ProductChange {
  return type === 'AllowProductProcurement' ? 'approve' : 'deny';
}

/** A policy's document, as JSON. */
export function policyDocument(policy: Policy): string {
  policy.json ??= JSON.stringify({
    Name: `Policy of ${policy.experience.name}`,
    Statements: [...statements('Allow', policy), ...statements('Deny', policy)],
    Configuration: { PolicyResourceRequests: 'Allow' },
  });
  return policy.json;
}

/** An experience's document, as JSON. */
export function experienceDocument(experience: Experience): string {
  return JSON.stringify({
    Name: experience.name,
    Status: experience.status,
    ...(experience.archived && { AdminStatus: ADMIN_STATUS_ARCHIVED }),
    ...(experience.policies.length > 0 && { ProcurementPolicies: experience.policies.map(({ id }) => id) }),
  });
}

function statements(effect: 'Allow' | 'Deny', { approved, rejected, idsInResource }: Policy) {
  const ids = [...(effect === 'Allow' ? approved : rejected)];
  if (ids.length === 0) return [];
  const resources: { Type: 'Product'; Ids: string[] }[] = [];
  for (let i = 0; i < ids.length; i += idsInResource) {
    resources.push({ Type: 'Product', Ids: ids.slice(i, i + idsInResource) });
  }
  const together = resources.filter((_, index) => index % 2 === 0);
  const alone = resources.filter((_, index) => index % 2 === 1);
  return [
    { Effect: effect, Resources: together },
    ...alone.map((resource) => ({ Effect: effect, Resources: [resource] })),
  ];
}

function requestedChange(change: AcceptedChange): RequestedChange {
  return { experience: change.experience.id, change: changeOf(change), products: change.products };
}

function remove(policies: readonly Policy[], list: 'approved' | 'rejected', product: string): boolean {
  let removed = false;
  for (const policy of policies) removed = policy[list].delete(product) || removed;
  return removed;
}

function touch(policy: Policy, now: number): void {
  policy.json = undefined;
  policy.revision += 1;
  policy.modifiedAt = now;
}
