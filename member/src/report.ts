import { errorText } from '../../shared/catalog.js';
import type { AccountId, ExperienceId, ProductId } from '../../shared/identifiers.js';
import type { SnapshotSeal } from '../../shared/notification.js';
import type { ProductLists } from '../../shared/product-lists.js';
import {
  type ExperienceOutcome,
  type ExperienceStatus,
  LISTED,
  type Outcome,
  shortened,
} from '../../shared/sync-timestamps.js';
import { VERSION } from '../../shared/version.js';
import type { Organization } from './organization.js';
import { type Mode, size } from './plan.js';
import type { KnownRefusals } from './refusals.js';
import type { ExperienceReport } from './synchronize-experience.js';
import type { StatusUpdate } from './turn.js';

/**
 * How many product ids a list in the summary shows at the most, and all lists of a kind together: Lambda's answer may
 * have 6 MB, and one that has more counts as a failure of the function.
 */
const SHOWN = 1000;
const SHOWN_IN_ALL = 20_000;
/** The same for refused products, which come with their reasons. */
const REFUSED_SHOWN_IN_ALL = 2000;

/** One experience in the summary. In a dry run `approved` and `denied` are what would be approved and denied. */
export interface ExperienceSummary {
  readonly id: ExperienceId;
  readonly outcome: string;
  readonly reason?: string;
  readonly approved: readonly ProductId[];
  readonly approvedCount: number;
  readonly denied: readonly ProductId[];
  readonly deniedCount: number;
  readonly refused: readonly {
    readonly product: ProductId;
    readonly change: string;
    readonly reason: string;
  }[];
  readonly refusedCount: number;
  readonly changeSets: number;
  readonly remaining: number;
}

/** What the member function answers: to be read in the console's test pane. */
export interface Summary {
  readonly outcome: Outcome | 'dry run' | 'handed over';
  readonly reason?: string;
  readonly mode: Mode;
  readonly organization?: AccountId;
  readonly snapshot?: { readonly approved: number; readonly rejected: number };
  readonly experiences: readonly ExperienceSummary[];
  readonly skipped: readonly { readonly id: ExperienceId; readonly reason: string }[];
}

/** How an attempt at the whole organization ended, and why not better. */
export interface Verdict {
  readonly outcome: Outcome;
  readonly reason?: string;
}

/** The report of an experience that was to be synchronized. */
type TriedReport = ExperienceReport & { readonly outcome: ExperienceOutcome };

function wasTried(report: ExperienceReport): report is TriedReport {
  return report.outcome !== 'skipped';
}

/** The outcome of an organization from those of its experiences. */
export function judge(reports: readonly ExperienceReport[]): Verdict {
  const tried = reports.filter(wasTried);
  if (tried.length === 0) {
    // Not `synchronized`: an account that is no longer the delegated administrator sees none, and must not look healthy.
    return {
      outcome: 'failed',
      reason: 'no live experience was found: is there one, and is this account its delegated administrator?',
    };
  }
  const bad = tried.filter(({ outcome }) => outcome !== 'synchronized');
  if (bad.length === 0) return { outcome: 'synchronized' };
  const reason = bad
    .map(({ id, outcome, reason: why, remaining }) => {
      const left = size(remaining);
      return `${id} ${outcome}: ${why ?? 'no reason known'}${left > 0 ? ` (${left} products left)` : ''}`;
    })
    .join('; ');
  const is = (wanted: ExperienceReport['outcome']) => bad.some(({ outcome }) => outcome === wanted);
  if (is('failed')) return { outcome: bad.length < tried.length ? 'partly failed' : 'failed', reason };
  return { outcome: is('in progress') ? 'in progress' : 'held back', reason };
}

/** What an attempt comes to, for the SyncTimestamps item. */
export interface Attempt extends Verdict {
  readonly organization: Organization;
  readonly memberAccount: AccountId | undefined;
  readonly reports: readonly ExperienceReport[];
  readonly known: KnownRefusals;
  readonly snapshot: ProductLists | undefined;
  readonly seal: SnapshotSeal | undefined;
  /** When the attempt ended, in milliseconds since 1970. */
  readonly endedAt: number;
}

/**
 * The attributes of the organization's item after an attempt. Those of the Python sample, and `experience_ids`, are
 * written only when every experience equals the snapshot: they speak of the last completed synchronization.
 */
export function statusOf(attempt: Attempt): StatusUpdate {
  const { outcome, reason, organization, memberAccount, reports, known, snapshot, seal, endedAt } = attempt;
  const tried = reports.filter(wasTried);
  const refused = tried.flatMap(({ id, refusals }) =>
    refusals.map((refusal) => ({
      experience: id,
      product: refusal.product,
      change: refusal.change,
      reason: shortened(refusal.reason),
      at: known.refusedAt(id, refusal, endedAt),
    })),
  );
  const time = new Date(endedAt).toISOString();
  return {
    ...(outcome === 'synchronized' && {
      member_org_email: organization.email,
      stamp: String(endedAt / 1000),
      update_time_utc: time,
      experiences_updated: tried.length,
      experience_ids: tried.map(({ id }) => id),
    }),
    last_attempt_utc: time,
    outcome,
    reason: reason === undefined ? undefined : shortened(reason),
    remaining: tried.reduce((sum, report) => sum + size(report.remaining), 0),
    // An attempt that never came to the experiences leaves what is known of them.
    ...(tried.length > 0 && {
      experiences: tried.slice(0, LISTED).map(experienceStatus),
      experience_count: tried.length,
      refused: refused.slice(0, LISTED),
      refused_count: refused.length,
    }),
    ...(snapshot && { snapshot_approved: snapshot.approved.size, snapshot_rejected: snapshot.rejected.size }),
    ...(seal && { snapshot_seal: seal }),
    ...(memberAccount && { member_account_id: memberAccount }),
    software_version: VERSION,
  };
}

/** The attributes of the item after an attempt that an error ended: what was known of the experiences stays. */
export function statusOfFailure(
  error: unknown,
  memberAccount: AccountId | undefined,
  endedAt: number,
): StatusUpdate {
  return {
    last_attempt_utc: new Date(endedAt).toISOString(),
    outcome: 'failed',
    reason: shortened(errorText(error)),
    ...(memberAccount && { member_account_id: memberAccount }),
    software_version: VERSION,
  };
}

function experienceStatus({ id, outcome, reason, sizes, remaining }: TriedReport): ExperienceStatus {
  return {
    id,
    outcome,
    ...(reason !== undefined && { reason: shortened(reason) }),
    ...sizes,
    remaining: size(remaining),
  };
}

/** The summary of an attempt. In a dry run what remains to be done is shown as what would be done. */
export function summarize(
  { outcome, reason }: Pick<Summary, 'outcome' | 'reason'>,
  mode: Mode,
  reports: readonly ExperienceReport[],
  snapshot: ProductLists | undefined,
  organization: AccountId | undefined,
): Summary {
  const tried = reports.filter(wasTried);
  const shareOf = (inAll: number) => Math.min(SHOWN, Math.floor(inAll / Math.max(tried.length, 1)));
  const shown = shareOf(SHOWN_IN_ALL);
  const refusedShown = shareOf(REFUSED_SHOWN_IN_ALL);
  return {
    outcome,
    ...(reason !== undefined && { reason }),
    mode,
    ...(organization && { organization }),
    ...(snapshot && { snapshot: { approved: snapshot.approved.size, rejected: snapshot.rejected.size } }),
    experiences: tried.map((report) => {
      const dryRun = mode === 'dry-run';
      const approved = dryRun ? report.remaining.approve : report.approved;
      const denied = dryRun ? report.remaining.deny : report.denied;
      return {
        id: report.id,
        outcome: dryRun && report.outcome === 'in progress' ? 'would change' : report.outcome,
        ...(report.reason !== undefined && { reason: report.reason }),
        approvedCount: approved.length,
        approved: approved.slice(0, shown),
        deniedCount: denied.length,
        denied: denied.slice(0, shown),
        refused: report.refusals
          .slice(0, refusedShown)
          .map(({ product, change, reason: why }) => ({ product, change, reason: shortened(why) })),
        refusedCount: report.refusals.length,
        changeSets: report.changeSets,
        remaining: size(report.remaining),
      };
    }),
    skipped: reports
      .filter((report) => report.outcome === 'skipped')
      .map(({ id, reason: why }) => ({ id, reason: why ?? '' })),
  };
}
