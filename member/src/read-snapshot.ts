import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { matches, type SnapshotSeal } from '../../shared/notification.js';
import type { ProductLists } from '../../shared/product-lists.js';
import { readSnapshot, type SnapshotTables } from '../../shared/snapshot-tables.js';
import type { InvocationTime } from './invocation-time.js';

/** How often the tables are read before they count as not whole, and how long to wait between, in units. */
const READS = 4;
const WAIT = [1, 2, 4];

/**
 * Reads the snapshot, whole: where it was announced with a seal, what is read has to match it.
 *
 * @returns `undefined` when it still does not after a few reads: the management function is writing a newer one, or
 * failed while it wrote.
 * @throws OutOfTime when the invocation ends before that, and whatever the DynamoDB client throws.
 */
export async function readWholeSnapshot(
  client: DynamoDBDocumentClient,
  tables: SnapshotTables,
  seal: SnapshotSeal | undefined,
  time: InvocationTime,
): Promise<ProductLists | undefined> {
  for (let read = 1; ; read += 1) {
    const snapshot = await readSnapshot(client, tables);
    if (!seal || matches(snapshot, seal)) return snapshot;
    if (read === READS) return undefined;
    await time.wait(WAIT[read - 1] ?? 1);
  }
}
