import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import dynalite from 'dynalite';
import type { TableName } from '../../../shared/identifiers.js';
import type { Configuration } from '../configuration.js';

/** A DynamoDB-compatible store in memory, and a client of it. */
export async function startStore(): Promise<{ server: Server; client: DynamoDBDocumentClient }> {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const client = DynamoDBDocumentClient.from(
    new DynamoDBClient({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'eu-west-1',
      credentials: { accessKeyId: '111111111111', secretAccessKey: 'none' },
    }),
  );
  await createTable(client, 'SyncTimestamps');
  return { server, client };
}

/** The tables of one world: the snapshot's are its own, so that worlds do not meet. */
export type WorldTables = Pick<Configuration, 'tables' | 'syncTimestampsTable'>;

/** Creates the snapshot's tables for one world. */
export async function createTables(client: DynamoDBDocumentClient, world: string): Promise<WorldTables> {
  return {
    tables: {
      approved: await createTable(client, `Approved-${world}`),
      rejected: await createTable(client, `Rejected-${world}`),
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

async function createTable(client: DynamoDBDocumentClient, name: string): Promise<TableName> {
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'ID', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'ID', KeyType: 'HASH' }],
    }),
  );
  return name as TableName; // it was just created under this name
}
