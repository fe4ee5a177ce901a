import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type AssumeRoleCommandInput, STSClient } from '@aws-sdk/client-sts';
import { DynamoDBDocumentClient, ScanCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { Accounts, serveSts } from '../../local/accounts.js';
import type { LocalServer } from '../../local/http.js';
import { seededRandom } from '../../local/random.js';
import { serveTables } from '../../local/tables.js';
import { systemClock } from '../../shared/clock.js';
import { startServer } from '../../shared/testing/http-server.js';
import { crossAccountCredentials } from './cross-account-credentials.js';

const MANAGEMENT = '111111111111';
const MEMBER = '222222222222';
const ROLE = `arn:aws:iam::${MANAGEMENT}:role/mgmt-MemberOrgAccountRole`;
const REGION = 'eu-west-1';
const HOUR = 60 * 60 * 1000;
/** A session that a test can outlast, in milliseconds. */
const SHORT = 800;

const servers: LocalServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

/** The options of a client with an account's own credentials, which sends nothing twice. */
const optionsOf = (account: string, endpoint: string) => ({
  region: REGION,
  endpoint,
  maxAttempts: 1,
  credentials: { accessKeyId: account, secretAccessKey: 'local' },
});

/** The management account with a table and a role that the member account may assume, for sessions of that length. */
async function createManagementAccount(sessionMs: number) {
  const accounts = new Accounts({ clock: systemClock, random: seededRandom(1), sessionMs });
  accounts.addRole(ROLE, MEMBER);
  const sts = await serveSts(accounts);
  const tables = await serveTables({ accounts, account: MANAGEMENT, region: REGION });
  servers.push(sts, tables);
  const owner = new DynamoDBClient(optionsOf(MANAGEMENT, tables.url));
  await owner.send(
    new CreateTableCommand({
      TableName: 'products',
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'ID', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'ID', AttributeType: 'S' }],
    }),
  );
  owner.destroy();
  return { sts, tables };
}

/** An account's provider of the role's credentials, and the sessions that it has asked for. */
function createProvider(stsUrl: string, account = MEMBER) {
  const client = new STSClient(optionsOf(account, stsUrl));
  const sessions: AssumeRoleCommandInput[] = [];
  client.middlewareStack.add(
    (next) => (args) => {
      sessions.push(args.input as AssumeRoleCommandInput); // nothing else is asked of it
      return next(args);
    },
    { step: 'initialize' },
  );
  return { credentials: crossAccountCredentials(client, ROLE), sessions };
}

function documents(url: string, credentials: ReturnType<typeof crossAccountCredentials>) {
  return DynamoDBDocumentClient.from(new DynamoDBClient({ ...optionsOf(MEMBER, url), credentials }));
}

const scan = () => new ScanCommand({ TableName: 'products' });
const wait = (ms: number) => systemClock.sleep(ms);

it('The role’s credentials open the management account’s tables, for many requests', async () => {
  const { sts, tables } = await createManagementAccount(HOUR);
  const { credentials, sessions } = createProvider(sts.url);
  const client = documents(tables.url, credentials);

  expect((await client.send(scan())).Items).toEqual([]);
  await client.send(
    new UpdateCommand({
      TableName: 'products',
      Key: { ID: 'a' },
      UpdateExpression: 'SET stamp = :s',
      ExpressionAttributeValues: { ':s': '1' },
    }),
  );

  expect((await client.send(scan())).Items).toEqual([{ ID: 'a', stamp: '1' }]);
  expect(sessions).toEqual([{ RoleArn: ROLE, RoleSessionName: 'SyncPMPMember', DurationSeconds: 900 }]);
});

it('Credentials that have expired are renewed, however long a function stays warm', async () => {
  const { sts, tables } = await createManagementAccount(SHORT);
  const { credentials, sessions } = createProvider(sts.url);
  const client = documents(tables.url, credentials);

  for (let request = 0; request < 3; request += 1) {
    expect((await client.send(scan())).Items).toEqual([]);
    await wait(1.1 * SHORT);
  }

  expect(sessions.length).toBeGreaterThanOrEqual(3);
});

it('Credentials that nobody renews do expire: what is renewed above is needed', async () => {
  const { sts, tables } = await createManagementAccount(SHORT);
  const first = await createProvider(sts.url).credentials();
  const client = documents(tables.url, async () => ({
    accessKeyId: first.accessKeyId,
    secretAccessKey: first.secretAccessKey,
  }));
  await client.send(scan());

  await wait(1.1 * SHORT);

  await expect(client.send(scan())).rejects.toMatchObject({ name: 'ExpiredTokenException' });
});

it('Credentials have their session’s token and end', async () => {
  const { sts } = await createManagementAccount(HOUR);

  const credentials = await createProvider(sts.url).credentials();

  expect(credentials).toEqual({
    accessKeyId: expect.stringMatching(/^ASIA/),
    secretAccessKey: expect.any(String),
    sessionToken: expect.any(String),
    expiration: expect.any(Date),
  });
  const left = (credentials.expiration?.getTime() ?? 0) - Date.now();
  expect(left).toBeGreaterThan(HOUR - 60_000);
  expect(left).toBeLessThanOrEqual(HOUR);
});

it('A role that does not trust the account is the error that STS gives', async () => {
  const { sts, tables } = await createManagementAccount(HOUR);
  const { credentials } = createProvider(sts.url, '444444444444');

  await expect(documents(tables.url, credentials).send(scan())).rejects.toMatchObject({
    name: 'AccessDenied',
    message: expect.stringContaining(ROLE),
  });
});

it('An answer without credentials is an error that names the role', async () => {
  const empty = await startServer((_, response) => {
    response
      .writeHead(200, { 'content-type': 'text/xml' })
      .end(
        '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult/></AssumeRoleResponse>',
      );
  });

  await expect(createProvider(empty.url).credentials()).rejects.toThrow(
    `AssumeRole of ${ROLE} answered without credentials.`,
  );
  await empty.close();
});
