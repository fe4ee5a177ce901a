import type { AccountId } from './identifiers.js';
import type { SnapshotSeal } from './notification.js';
import type { ExperienceStatus, Outcome, RefusedProduct, SyncTimestampsItem } from './sync-timestamps.js';

/**
 * How a member organization stands, as its SyncTimestamps item tells: for the metrics of the management function, for
 * `npm run status` and for `npm start`.
 */
export interface OrganizationStatus {
  /** The account id of its management account. */
  readonly organization: AccountId;
  readonly email: string | undefined;
  /** When the last completed synchronization ended, in ISO 8601, UTC; `undefined` when there was none. */
  readonly lastSynchronized: string | undefined;
  /**
   * How long ago that was, in hours. Where there was none: how long ago the first attempt began. `undefined` when
   * neither is known.
   */
  readonly hours: number | undefined;
  /** How many experiences there are, and how many of them are synchronized, as far as that was reported. */
  readonly experiences: number | undefined;
  readonly experiencesSynchronized: number | undefined;
  readonly outcome: Outcome | undefined;
  /** When its last attempt was reported, in ISO 8601, UTC; a Python member reports successes only. */
  readonly lastAttempt: string | undefined;
  /** Whether it is longer out of step than is tolerated. */
  readonly behind: boolean;
  /** Whether the last attempt failed, in part or as a whole. */
  readonly failed: boolean;
  /** Why it is not synchronized, or which products were refused; where nothing was reported for too long, that. */
  readonly reason: string | undefined;
  /** How many products the Marketplace refuses; `refusedProducts` can be cut short. */
  readonly refused: number;
  readonly refusedProducts: readonly RefusedProduct[];
  /** The experiences that are not synchronized, as far as the item lists them. */
  readonly outOfStep: readonly ExperienceStatus[];
}

/** How the outcomes are told as a metric: the greater, the worse. An item of a Python member tells successes only. */
export const OUTCOME_LEVELS: Readonly<Record<Outcome, number>> = {
  synchronized: 0,
  'in progress': 1,
  'held back': 2,
  'partly failed': 3,
  failed: 4,
};

/** From when on an organization counts as behind, by default, in hours. */
export const STALE_AFTER_HOURS = 3;

const HOUR_MS = 3_600_000;

/** What tells one snapshot from another. */
export type SnapshotDigests = Pick<SnapshotSeal, 'ApprovedDigest' | 'RejectedDigest'>;

/** What {@link judgeOrganization} goes by. */
export interface Yardstick {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** How old the last synchronization may be. */
  readonly staleAfterHours: number;
  /**
   * Set where members are notified of changes only: the snapshot of which they were told last. An organization that
   * is synchronized with it is not behind, however long ago that was.
   */
  readonly announced?: SnapshotDigests | undefined;
}

/** Reads an item. Every attribute but `ID` can be missing, as in the items of Python members. */
export function judgeOrganization(item: SyncTimestampsItem, yardstick: Yardstick): OrganizationStatus {
  const { outcome, experiences, experience_count, experiences_updated, refused_count = 0 } = item;
  const synchronizedAt = item.stamp === undefined ? undefined : 1000 * Number(item.stamp);
  const lastSynchronized =
    synchronizedAt === undefined || Number.isNaN(synchronizedAt)
      ? undefined
      : new Date(synchronizedAt).toISOString();
  const since = lastSynchronized ?? item.first_attempt_utc;
  const hours = since === undefined ? undefined : Math.max(0, hoursSince(since, yardstick.now));
  const behind =
    (hours === undefined || hours > yardstick.staleAfterHours) && !isInStep(item, yardstick.announced);
  const lastAttempt = item.last_attempt_utc ?? lastSynchronized;
  const silent = behind && !(hoursSince(lastAttempt, yardstick.now) <= yardstick.staleAfterHours);
  const reasons = [item.reason ?? refusals(item), silent ? silence(lastAttempt) : undefined];
  return {
    organization: item.ID,
    email: item.member_org_email || undefined,
    lastSynchronized,
    hours,
    experiences: experience_count ?? experiences_updated,
    // Of a list that was cut short the rest is not known.
    experiencesSynchronized:
      experiences?.length === experience_count
        ? experiences?.filter((experience) => experience.outcome === 'synchronized').length
        : undefined,
    outcome: outcome ?? (lastSynchronized === undefined ? undefined : 'synchronized'),
    lastAttempt,
    behind,
    failed: outcome === 'failed' || outcome === 'partly failed',
    reason: reasons.filter((reason) => reason !== undefined).join('; ') || undefined,
    refused: refused_count,
    refusedProducts: item.refused ?? [],
    outOfStep: experiences?.filter((experience) => experience.outcome !== 'synchronized') ?? [],
  };
}

/** Whether the organization is synchronized with exactly that snapshot. */
function isInStep(
  { outcome, snapshot_seal: seal }: SyncTimestampsItem,
  announced: SnapshotDigests | undefined,
) {
  return (
    outcome === 'synchronized' &&
    announced !== undefined &&
    seal?.ApprovedDigest === announced.ApprovedDigest &&
    seal.RejectedDigest === announced.RejectedDigest
  );
}

function refusals({ refused = [], refused_count = 0 }: SyncTimestampsItem): string | undefined {
  const [first] = refused;
  if (!first || refused_count === 0) return undefined;
  const more = refused_count > 1 ? ` (and ${refused_count - 1} more)` : '';
  return `refused to ${first.change} ${first.product} in ${first.experience}: ${first.reason}${more}`;
}

/** How many hours lie between a moment in ISO 8601 and `now`; NaN where the moment is not known. */
function hoursSince(time: string | undefined, now: number): number {
  return (now - Date.parse(time ?? '')) / HOUR_MS;
}

function silence(lastAttempt: string | undefined): string {
  const since = lastAttempt === undefined ? '' : ` since ${lastAttempt.slice(0, 16).replace('T', ' ')} UTC`;
  return `nothing was reported${since}: the member function is not started, or does not get to this table`;
}
