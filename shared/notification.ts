import { digest, type ProductLists } from './product-lists.js';

/**
 * What a notification says of the snapshot it announces, so that a member can tell whether it read all of it.
 * A Python management stack says nothing of it.
 */
export interface SnapshotSeal {
  readonly ApprovedCount: number;
  readonly ApprovedDigest: string;
  readonly RejectedCount: number;
  readonly RejectedDigest: string;
  /** When the snapshot was taken, in milliseconds since 1970: of two seals, the later one counts. */
  readonly Taken: number;
}

/** The message that the management function publishes. */
export interface Notification {
  readonly Action: 'Products-Updated';
  readonly Snapshot?: SnapshotSeal;
}

/** The seal of a snapshot taken at `taken` (milliseconds since 1970). */
export function seal(snapshot: ProductLists, taken: number): SnapshotSeal {
  return {
    ApprovedCount: snapshot.approved.size,
    ApprovedDigest: digest(snapshot.approved),
    RejectedCount: snapshot.rejected.size,
    RejectedDigest: digest(snapshot.rejected),
    Taken: taken,
  };
}

/** Whether lists read from the tables are exactly the ones that were sealed. */
export function matches(lists: ProductLists, sealed: SnapshotSeal): boolean {
  return (
    lists.approved.size === sealed.ApprovedCount &&
    lists.rejected.size === sealed.RejectedCount &&
    digest(lists.approved) === sealed.ApprovedDigest &&
    digest(lists.rejected) === sealed.RejectedDigest
  );
}

/**
 * The seal in a message, where it has one. Anything else a message may hold, or lack, is accepted: a Python
 * management stack sends a bare action.
 */
export function readSeal(message: unknown): SnapshotSeal | undefined {
  if (typeof message !== 'object' || message === null || !('Snapshot' in message)) return undefined;
  const snapshot = message.Snapshot;
  return isSeal(snapshot) ? snapshot : undefined;
}

/** Of two seals, the one of the later snapshot. */
export function later(a: SnapshotSeal | undefined, b: SnapshotSeal | undefined): SnapshotSeal | undefined {
  if (!a || !b) return a ?? b;
  return b.Taken > a.Taken ? b : a;
}

function isSeal(value: unknown): value is SnapshotSeal {
  if (typeof value !== 'object' || value === null) return false;
  const { ApprovedCount, ApprovedDigest, RejectedCount, RejectedDigest, Taken } = value as Record<
    keyof SnapshotSeal,
    unknown
  >; // every field is checked on the next lines
  return (
    typeof ApprovedCount === 'number' &&
    typeof RejectedCount === 'number' &&
    typeof ApprovedDigest === 'string' &&
    typeof RejectedDigest === 'string' &&
    typeof Taken === 'number'
  );
}
