import type { TableName } from '../../../shared/identifiers.js';
import { type LocalDynamoDB, startDynamoDB } from '../../../shared/testing/dynamodb.js';
import type { Configuration } from '../configuration.js';

/** A DynamoDB-compatible store in memory, with the SyncTimestamps table that all worlds share. */
export async function startStore(): Promise<LocalDynamoDB> {
  const store = await startDynamoDB();
  await store.createTable('SyncTimestamps');
  return store;
}

/** The tables of one world: the snapshot's are its own, so that worlds do not meet. */
export type WorldTables = Pick<Configuration, 'tables' | 'syncTimestampsTable'>;

/** Creates the snapshot's tables for one world. */
export async function createTables(store: LocalDynamoDB, world: string): Promise<WorldTables> {
  return {
    tables: {
      approved: await store.createTable(`Approved-${world}`),
      rejected: await store.createTable(`Rejected-${world}`),
    },
    syncTimestampsTable: 'SyncTimestamps' as TableName, // created with the store
  };
}

/** The configuration that the member template gives by default, with these tables. */
export function configurationFor(tables: WorldTables): Configuration {
  return {
    ...tables,
    crossAccountRoleArn: 'arn:aws:iam::111111111111:role/not-assumed-here',
    topic: { arn: 'arn:aws:sns:eu-west-1:111111111111:not-used-here', region: 'eu-west-1' },
    experienceIds: undefined,
    queueUrl: 'https://sqs.eu-west-1.amazonaws.com/222222222222/queue',
    unitMs: 2000,
    stopMarginMs: 60_000,
    policy: { mode: 'sync', maxDeniedPercent: 100, allowEmptySnapshot: false },
  };
}
