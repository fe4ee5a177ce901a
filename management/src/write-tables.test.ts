import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { OutOfTime } from '../../shared/catalog.js';
import type { ProductId, TableName } from '../../shared/identifiers.js';
import { readSnapshot, type SnapshotTables } from '../../shared/snapshot-tables.js';
import { createDynamoDBClient, type LocalDynamoDB, startDynamoDB } from '../../shared/testing/dynamodb.js';
import { lists, manyProducts } from '../../shared/testing/products.js';
import { VirtualClock } from '../../shared/testing/virtual-clock.js';
import type { TableChange } from './table-changes.js';
import { UnprocessedChanges, writeTables } from './write-tables.js';

let dynamodb: LocalDynamoDB;
let busy: BusyDynamoDB;
let tables: SnapshotTables;
let tests = 0;

beforeAll(async () => {
  dynamodb = await startDynamoDB();
  busy = await startBusyDynamoDB(dynamodb.endpoint);
});

beforeEach(async () => {
  tests += 1;
  tables = {
    approved: await dynamodb.createTable(`write-${tests}-ApprovedProducts`),
    rejected: await dynamodb.createTable(`write-${tests}-RejectedProducts`),
  };
  busy.batches.length = 0;
  busy.share = 1;
});

afterAll(async () => {
  await busy.close();
  await dynamodb.close();
});

/** A DynamoDB that processes a part of each batch only, as the service does when a table is over its throughput. */
interface BusyDynamoDB {
  readonly documents: DynamoDBDocumentClient;
  /** The number of requests in each batch it was sent. */
  readonly batches: number[];
  /** The share of each batch, 0 to 1, that it processes. */
  share: number;
  close(): Promise<void>;
}

async function startBusyDynamoDB(endpoint: string): Promise<BusyDynamoDB> {
  const server: Server = createServer(async (request, response) => {
    const target = String(request.headers['x-amz-target']);
    const { RequestItems } = JSON.parse(await text(request)) as { RequestItems: Record<string, unknown[]> }; // only BatchWriteItem is sent here
    const all = Object.entries(RequestItems).flatMap(([table, items]) =>
      items.map((item) => ({ table, item })),
    );
    self.batches.push(all.length);
    const taken = Math.ceil(all.length * self.share);
    const grouped = (some: typeof all) =>
      Object.fromEntries(
        Object.entries(Object.groupBy(some, ({ table }) => table)).map(([table, entries = []]) => [
          table,
          entries.map(({ item }) => item),
        ]),
      );
    if (taken > 0) {
      const answer = await fetch(endpoint, {
        method: 'POST',
        headers: {
          'x-amz-target': target,
          'content-type': 'application/x-amz-json-1.0',
          authorization: String(request.headers.authorization),
          'x-amz-date': String(request.headers['x-amz-date']),
        },
        body: JSON.stringify({ RequestItems: grouped(all.slice(0, taken)) }),
      });
      if (!answer.ok) {
        response
          .writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' })
          .end(await answer.text());
        return;
      }
    }
    response
      .writeHead(200, { 'content-type': 'application/x-amz-json-1.0' })
      .end(JSON.stringify({ UnprocessedItems: grouped(all.slice(taken)) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.address() as AddressInfo; // it listens on a port, not on a pipe
  const client = createDynamoDBClient(`http://127.0.0.1:${port}`);
  const self: BusyDynamoDB = {
    documents: DynamoDBDocumentClient.from(client),
    batches: [],
    share: 1,
    async close() {
      client.destroy();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return self;
}

function puts(table: TableName, products: readonly ProductId[]): TableChange[] {
  return products.map((product) => ({ table, product, kind: 'put' }));
}

function deletes(table: TableName, products: readonly ProductId[]): TableChange[] {
  return products.map((product) => ({ table, product, kind: 'delete' }));
}

function writer(documents: DynamoDBDocumentClient, stopInMs = Number.POSITIVE_INFINITY) {
  const clock = new VirtualClock();
  return { documents, clock, stopAt: clock.now() + stopInMs };
}

describe('Writing changes', () => {
  it('puts into and deletes from both tables', async () => {
    await dynamodb.fill(tables.approved, ['prod-old', 'prod-stays']);
    const changes = [
      ...puts(tables.approved, manyProducts(30)),
      ...puts(tables.rejected, manyProducts(3, 'no-')),
      ...deletes(tables.approved, ['prod-old' as ProductId]),
    ];

    await writeTables(changes, writer(dynamodb.documents));

    expect(await readSnapshot(dynamodb.documents, tables)).toEqual(
      lists([...manyProducts(30), 'prod-stays'], manyProducts(3, 'no-')),
    );
  });

  it('sends nothing when there is nothing to change', async () => {
    await writeTables([], writer(busy.documents));

    expect(busy.batches).toEqual([]);
  });

  it('sends no more than 25 changes at a time', async () => {
    await writeTables(puts(tables.approved, manyProducts(60)), writer(busy.documents));

    expect([...busy.batches].sort((a, b) => b - a)).toEqual([25, 25, 10]);
  });

  it('has several batches under way at the same time, but not all of them', async () => {
    let underWay = 0;
    let most = 0;
    const documents = DynamoDBDocumentClient.from(createDynamoDBClient(dynamodb.endpoint));
    documents.middlewareStack.add(
      (next) => async (args) => {
        underWay += 1;
        most = Math.max(most, underWay);
        const result = await next(args);
        underWay -= 1;
        return result;
      },
      { step: 'initialize' },
    );

    await writeTables(puts(tables.approved, manyProducts(1000)), writer(documents));

    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(8);
  });

  it('ends in the same state when it is done again', async () => {
    const changes = [
      ...puts(tables.approved, manyProducts(30)),
      ...deletes(tables.rejected, manyProducts(30)),
    ];

    await writeTables(changes, writer(dynamodb.documents));
    await writeTables(changes, writer(dynamodb.documents));

    expect(await readSnapshot(dynamodb.documents, tables)).toEqual(lists(manyProducts(30)));
  });

  it('does not hide the error of a table that does not exist', async () => {
    const missing = 'no-such-table' as TableName;

    await expect(
      writeTables(puts(missing, manyProducts(1)), writer(dynamodb.documents)),
    ).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});

describe('What DynamoDB leaves unprocessed', () => {
  it('is written again, it alone, until nothing is left', async () => {
    busy.share = 0.6;
    const approved = manyProducts(100);
    const rejected = manyProducts(40, 'no-');

    await writeTables(
      [...puts(tables.approved, approved), ...puts(tables.rejected, rejected)],
      writer(busy.documents),
    );

    expect(await readSnapshot(dynamodb.documents, tables)).toEqual(lists(approved, rejected));
    expect(
      busy.batches
        .slice()
        .sort((a, b) => b - a)
        .slice(0, 7),
    ).toEqual([25, 25, 25, 25, 25, 15, 10]);
  });

  it('waits longer before each further try, and is an error that names the table when it never ends', async () => {
    busy.share = 0;
    const { clock, ...rest } = writer(busy.documents);
    const start = clock.now();

    const failure = writeTables(puts(tables.rejected, manyProducts(7)), { clock, ...rest });

    await expect(failure).rejects.toThrow(UnprocessedChanges);
    await expect(failure).rejects.toThrow(`unprocessed 12 times: 7 in ${tables.rejected}.`);
    expect(busy.batches).toEqual(Array(12).fill(7));
    expect(clock.sleeps).toEqual([50, 100, 200, 400, 800, 1600, 3000, 3000, 3000, 3000, 3000]);
    expect(clock.now() - start).toBeLessThan(20_000);
  });

  it('is not waited for beyond the time that the invocation has', async () => {
    busy.share = 0;
    const limited = writer(busy.documents, 1_000);

    await expect(writeTables(puts(tables.rejected, manyProducts(7)), limited)).rejects.toThrow(OutOfTime);
    expect(limited.clock.now()).toBe(limited.stopAt);
  });
});

it('An invocation without time writes nothing', async () => {
  await expect(
    writeTables(puts(tables.approved, manyProducts(1)), writer(dynamodb.documents, 0)),
  ).rejects.toThrow(OutOfTime);
  expect(await readSnapshot(dynamodb.documents, tables)).toEqual(lists([]));
});

it('A batch is a BatchWriteItem request with puts and deletes of both tables', async () => {
  const sent: unknown[] = [];
  const documents = DynamoDBDocumentClient.from(createDynamoDBClient(dynamodb.endpoint));
  documents.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        sent.push([commandName, args.input]);
        return next(args);
      },
    { step: 'initialize' },
  );

  await writeTables(
    [...puts(tables.approved, ['prod-a' as ProductId]), ...deletes(tables.rejected, ['prod-b' as ProductId])],
    writer(documents),
  );

  expect(sent).toHaveLength(1);
  expect(sent[0]).toEqual([
    'BatchWriteItemCommand',
    expect.objectContaining({
      RequestItems: {
        [tables.approved]: [{ PutRequest: { Item: { ID: 'prod-a' } } }],
        [tables.rejected]: [{ DeleteRequest: { Key: { ID: 'prod-b' } } }],
      },
    }),
  ]);
});
