import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { paginateScan } from '@aws-sdk/lib-dynamodb';
import { type ProductId, productId, type TableName } from './identifiers.js';
import type { ProductLists } from './product-lists.js';

/** The two tables that hold the snapshot. */
export interface SnapshotTables {
  readonly approved: TableName;
  readonly rejected: TableName;
}

/** Reads both tables, every page of them, with consistent reads. Throws whatever the DynamoDB client throws. */
export async function readSnapshot(
  client: DynamoDBDocumentClient,
  tables: SnapshotTables,
): Promise<ProductLists> {
  const [approved, rejected] = await Promise.all([
    readProductIds(client, tables.approved),
    readProductIds(client, tables.rejected),
  ]);
  return { approved, rejected };
}

/** Reads the ids in one table. A scan returns at most 1 MB a page (DynamoDB, "Scan"), so all pages are read. */
async function readProductIds(client: DynamoDBDocumentClient, table: TableName): Promise<Set<ProductId>> {
  const ids = new Set<ProductId>();
  const pages = paginateScan({ client }, { TableName: table, ConsistentRead: true });
  for await (const { Items = [] } of pages) {
    for (const { ID } of Items) ids.add(productId(ID));
  }
  return ids;
}
