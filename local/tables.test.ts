import { CreateTableCommand, DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { Accounts } from './accounts.js';
import { HandClock } from './hand-clock.js';
import type { LocalServer } from './http.js';
import { seededRandom } from './random.js';
import { serveTables } from './tables.js';

const ROLE = 'arn:aws:iam::111111111111:role/Member';
const clock = new HandClock();
const accounts = new Accounts({ clock, random: seededRandom(1), sessionMs: 60_000 });
accounts.addRole(ROLE, '222222222222');
let server: LocalServer;
const clients: DynamoDBClient[] = [];
const clientOf = (accessKeyId: string, region = 'eu-central-1') => {
  const client = new DynamoDBClient({
    region,
    endpoint: server.url,
    credentials: { accessKeyId, secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  clients.push(client);
  return client;
};
const scan = new ScanCommand({ TableName: 'products' });

beforeAll(async () => {
  server = await serveTables({ accounts, account: '111111111111', region: 'eu-central-1' });
  await clientOf('111111111111').send(
    new CreateTableCommand({
      TableName: 'products',
      AttributeDefinitions: [{ AttributeName: 'ID', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'ID', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  await server.stop();
});

test('tables are found in their own account and Region only', async () => {
  await expect(clientOf('111111111111').send(scan)).resolves.toMatchObject({ Count: 0 });
  await expect(clientOf('222222222222').send(scan)).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
  await expect(clientOf('111111111111', 'us-east-1').send(scan)).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
});

test('an assumed role reads them, writes nothing, and is refused once its credentials have expired', async () => {
  const role = clientOf(accounts.assume(ROLE, '222222222222')?.key ?? '');

  await expect(role.send(scan)).resolves.toMatchObject({ Count: 0 });
  await expect(
    role.send(new PutItemCommand({ TableName: 'products', Item: { ID: { S: 'prod-a' } } })),
  ).rejects.toMatchObject({ name: 'AccessDeniedException' });
  clock.pass(60_000);
  await expect(role.send(scan)).rejects.toMatchObject({ name: 'ExpiredTokenException' });
});
