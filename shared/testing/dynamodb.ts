import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchWriteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { TableName } from '../identifiers.js';

/** dynalite brings no types: what is used of it, as its readme describes it. */
const dynalite = createRequire(import.meta.url)('dynalite') as (options: { createTableMs: number }) => Server;

/** A DynamoDB server on this machine, which pages its scans at 1 MB as the service does. */
export interface LocalDynamoDB {
  readonly endpoint: string;
  readonly documents: DynamoDBDocumentClient;
  /** Makes an empty table with the string hash key `ID`. */
  createTable(name: string): Promise<TableName>;
  /** Puts items with nothing but an `ID` into a table. */
  fill(table: TableName, ids: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Starts an empty DynamoDB server on a port of its own. */
export async function startDynamoDB(): Promise<LocalDynamoDB> {
  const server = dynalite({ createTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.address() as AddressInfo; // it listens on a port, not on a pipe
  const endpoint = `http://127.0.0.1:${port}`;
  const client = createDynamoDBClient(endpoint);
  const documents = DynamoDBDocumentClient.from(client);
  return {
    endpoint,
    documents,
    async createTable(name) {
      await client.send(
        new CreateTableCommand({
          TableName: name,
          KeySchema: [{ AttributeName: 'ID', KeyType: 'HASH' }],
          AttributeDefinitions: [{ AttributeName: 'ID', AttributeType: 'S' }],
          BillingMode: 'PAY_PER_REQUEST',
        }),
      );
      return name as TableName; // the server has just taken it for one
    },
    async fill(table, ids) {
      for (let start = 0; start < ids.length; start += 25) {
        const puts = ids.slice(start, start + 25).map((ID) => ({ PutRequest: { Item: { ID } } }));
        await documents.send(new BatchWriteCommand({ RequestItems: { [table]: puts } }));
      }
    },
    async close() {
      client.destroy();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** A client for a DynamoDB server on this machine, with credentials that mean nothing. */
export function createDynamoDBClient(endpoint: string): DynamoDBClient {
  return new DynamoDBClient({
    endpoint,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
}
