import { type DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';
import type { AccountId, ExperienceId, ProductId, TableName } from './identifiers.js';
import type { SnapshotSeal } from './notification.js';

/**
 * The SyncTimestamps table: one item for each member organization, in the management account. The member function
 * writes it, with UpdateItem alone; the management function and `npm run status` read it.
 */

/** How the last attempt at an organization ended. */
export type Outcome = 'synchronized' | 'in progress' | 'held back' | 'partly failed' | 'failed';

/** How the last attempt at one experience ended. */
export type ExperienceOutcome = 'synchronized' | 'in progress' | 'held back' | 'failed';

/** A product that the Marketplace refused to approve or to deny in an experience. */
export interface RefusedProduct {
  readonly experience: ExperienceId;
  readonly product: ProductId;
  readonly change: 'approve' | 'deny';
  /** What the Marketplace said. */
  readonly reason: string;
  /** When it was last refused, in milliseconds since 1970. */
  readonly at: number;
}

/** One experience in an item. */
export interface ExperienceStatus {
  readonly id: ExperienceId;
  readonly outcome: ExperienceOutcome;
  /** Why it is not synchronized, in words; absent where it is. */
  readonly reason?: string;
  /** How many products the experience approves and rejects. */
  readonly approved?: number;
  readonly rejected?: number;
  /** How many products are still to be approved or denied. */
  readonly remaining?: number;
}

/** The attributes of an item. All but `ID` can be missing: the Python sample writes the first five only. */
export interface SyncTimestampsItem {
  /** The account id of the member organization's management account. */
  readonly ID: AccountId;
  readonly member_org_email?: string;
  /** When the last completed synchronization ended: seconds since 1970, as text. */
  readonly stamp?: string;
  /** The same in ISO 8601, UTC. */
  readonly update_time_utc?: string;
  /** How many experiences it covered. */
  readonly experiences_updated?: number;
  /** Which. */
  readonly experience_ids?: readonly ExperienceId[];

  /** When the first attempt ever began, in ISO 8601, UTC: since then an organization without a stamp is waiting. */
  readonly first_attempt_utc?: string;
  /** When the last attempt ended, in ISO 8601, UTC. */
  readonly last_attempt_utc?: string;
  readonly outcome?: Outcome;
  /** The outcome in words. */
  readonly reason?: string;
  /** Products still to be approved or denied, over all experiences. */
  readonly remaining?: number;
  /** At most {@link LISTED}; `experience_count` counts them all. */
  readonly experiences?: readonly ExperienceStatus[];
  readonly experience_count?: number;
  /** At most {@link LISTED}; `refused_count` counts them all. */
  readonly refused?: readonly RefusedProduct[];
  readonly refused_count?: number;
  /** The size of the snapshot that the attempt worked towards. */
  readonly snapshot_approved?: number;
  readonly snapshot_rejected?: number;
  /** Which snapshot that was, where it was announced with a seal. */
  readonly snapshot_seal?: SnapshotSeal;
  /** The account in which the member stack runs. */
  readonly member_account_id?: AccountId;
  readonly software_version?: string;
}

/** How many entries a list in an item has at the most: an item may have 400 KB (DynamoDB, "Quotas"). */
export const LISTED = 100;
/** How many characters a reason in an item has at the most. */
export const REASON_LENGTH = 300;

/** A text cut to {@link REASON_LENGTH} characters. */
export function shortened(reason: string): string {
  return reason.length <= REASON_LENGTH ? reason : `${reason.slice(0, REASON_LENGTH - 1)}…`;
}

/** Reads the table, every page of it, in the order of the ids. Throws whatever the DynamoDB client throws. */
export async function readSyncTimestamps(
  client: DynamoDBDocumentClient,
  table: TableName,
  abortSignal?: AbortSignal,
): Promise<SyncTimestampsItem[]> {
  const items: SyncTimestampsItem[] = [];
  for await (const { Items = [] } of paginateScan({ client }, { TableName: table }, { abortSignal })) {
    items.push(...(Items as SyncTimestampsItem[])); // the member functions alone write to this table
  }
  return items.sort((a, b) => (a.ID < b.ID ? -1 : 1));
}
