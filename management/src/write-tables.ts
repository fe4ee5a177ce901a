import {
  BatchWriteCommand,
  type BatchWriteCommandInput,
  type DynamoDBDocumentClient,
} from '@aws-sdk/lib-dynamodb';
import pMap from 'p-map';
import { OutOfTime } from '../../shared/catalog.js';
import type { Clock } from '../../shared/clock.js';
import type { TableChange } from './table-changes.js';

/** BatchWriteItem takes up to 25 requests: DynamoDB API reference, "BatchWriteItem". */
const CHANGES_A_BATCH = 25;
/** How many batches are under way at the same time. */
const BATCHES_AT_ONCE = 8;
/** How often a batch is sent before what is left of it counts as an error. With the waits below: some 17 seconds. */
const TRIES = 12;
/** The wait before the second try, in milliseconds; each further one is twice as long, up to the longest. */
const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 3_000;

/** DynamoDB kept leaving a part of a batch unprocessed, which is how it says that a table is over its throughput. */
export class UnprocessedChanges extends Error {
  override readonly name = 'UnprocessedChanges';
}

/** What {@link writeTables} needs. */
export interface TableWriter {
  readonly documents: DynamoDBDocumentClient;
  readonly clock: Clock;
  /** From when on nothing is sent any more, in milliseconds since 1970. */
  readonly stopAt: number;
}

/**
 * Writes changes in no particular order, several batches at a time, and what DynamoDB leaves unprocessed again.
 *
 * @throws UnprocessedChanges when DynamoDB does not take all of them, OutOfTime when the invocation has no time left,
 * and whatever the DynamoDB client throws. Some of the changes may have been made then.
 */
export async function writeTables(changes: readonly TableChange[], writer: TableWriter): Promise<void> {
  await pMap(batches(changes), (batch) => writeBatch(batch, writer), { concurrency: BATCHES_AT_ONCE });
}

async function writeBatch(
  batch: readonly TableChange[],
  { documents, clock, stopAt }: TableWriter,
): Promise<void> {
  let requests = requestItems(batch);
  for (let attempt = 1; ; attempt += 1) {
    if (clock.now() >= stopAt) throw new OutOfTime('The invocation has no time left.');
    const { UnprocessedItems = {} } = await documents.send(new BatchWriteCommand({ RequestItems: requests }));
    const left = Object.entries(UnprocessedItems).filter(([, items]) => items.length > 0);
    if (left.length === 0) return;
    if (attempt === TRIES) {
      const named = left.map(([table, items]) => `${items.length} in ${table}`).join(', ');
      throw new UnprocessedChanges(`DynamoDB left writes of a batch unprocessed ${TRIES} times: ${named}.`);
    }
    requests = Object.fromEntries(left);
    const wait = Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), LONGEST_WAIT_MS);
    await clock.sleep(Math.max(0, Math.min(wait, stopAt - clock.now())));
  }
}

type RequestItems = NonNullable<BatchWriteCommandInput['RequestItems']>;

function requestItems(batch: readonly TableChange[]): RequestItems {
  const requests: RequestItems = {};
  for (const { table, product, kind } of batch) {
    requests[table] ??= [];
    requests[table].push(
      kind === 'put'
        ? { PutRequest: { Item: { ID: product } } }
        : { DeleteRequest: { Key: { ID: product } } },
    );
  }
  return requests;
}

function* batches(changes: readonly TableChange[]): Generator<readonly TableChange[]> {
  for (let start = 0; start < changes.length; start += CHANGES_A_BATCH) {
    yield changes.slice(start, start + CHANGES_A_BATCH);
  }
}
