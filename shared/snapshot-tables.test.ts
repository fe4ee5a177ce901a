import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { readSnapshot } from './snapshot-tables.js';
import { type LocalDynamoDB, startDynamoDB } from './testing/dynamodb.js';
import { lists, manyProducts } from './testing/products.js';

let dynamodb: LocalDynamoDB;

beforeAll(async () => {
  dynamodb = await startDynamoDB();
});

afterAll(() => dynamodb.close());

/** Counts the pages that a client is asked for while something runs. */
async function pagesOf(documents: DynamoDBDocumentClient, run: () => Promise<unknown>): Promise<number> {
  let pages = 0;
  documents.middlewareStack.add(
    (next, context) => (args) => {
      if (context.commandName === ScanCommand.name) pages += 1;
      return next(args);
    },
    { step: 'initialize', name: 'countPages' },
  );
  await run();
  documents.middlewareStack.remove('countPages');
  return pages;
}

it('A snapshot is read from both tables', async () => {
  const approved = await dynamodb.createTable('one-ApprovedProducts');
  const rejected = await dynamodb.createTable('one-RejectedProducts');
  await dynamodb.fill(approved, ['prod-a', 'prod-b', '0f6d3c5e-0d4c-4b52-9b0a-0c2f3f0a6f01']);
  await dynamodb.fill(rejected, ['prod-c']);

  expect(await readSnapshot(dynamodb.documents, { approved, rejected })).toEqual(
    lists(['prod-a', 'prod-b', '0f6d3c5e-0d4c-4b52-9b0a-0c2f3f0a6f01'], ['prod-c']),
  );
});

it('A snapshot may be empty, and its items may have more attributes than the id', async () => {
  const approved = await dynamodb.createTable('two-ApprovedProducts');
  const rejected = await dynamodb.createTable('two-RejectedProducts');
  await dynamodb.documents.send(
    new PutCommand({ TableName: rejected, Item: { ID: 'prod-a', Note: 'put here by hand' } }),
  );

  expect(await readSnapshot(dynamodb.documents, { approved, rejected })).toEqual(lists([], ['prod-a']));
});

it('A snapshot of 30,000 products is read whole, although one page of a scan ends at 1 MB', async () => {
  const approved = await dynamodb.createTable('three-ApprovedProducts');
  const rejected = await dynamodb.createTable('three-RejectedProducts');
  // As long as the ids of real products; a page of 1 MB holds some 18,000 to 50,000 of them, depending on the form.
  const ids = manyProducts(30_000, '0f6d3c5e-0d4c-4b52-9b0a-');
  await dynamodb.fill(approved, ids);

  let snapshot = lists([]);
  const pages = await pagesOf(dynamodb.documents, async () => {
    snapshot = await readSnapshot(dynamodb.documents, { approved, rejected });
  });

  expect(snapshot).toEqual({ approved: new Set(ids), rejected: new Set() });
  expect(pages).toBeGreaterThan(2); // one for the empty table, more than one for the full one
}, 60_000);

it('A table that does not exist is an error', async () => {
  const approved = await dynamodb.createTable('four-ApprovedProducts');
  const rejected = 'four-RejectedProducts' as typeof approved; // a name that no table has

  await expect(readSnapshot(dynamodb.documents, { approved, rejected })).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
});
