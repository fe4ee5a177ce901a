import { DescribeOrganizationCommand, OrganizationsClient } from '@aws-sdk/client-organizations';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { Accounts, serveOrganizations, serveSts } from './accounts.js';
import { HandClock } from './hand-clock.js';
import type { LocalServer } from './http.js';
import { seededRandom } from './random.js';

const ROLE = 'arn:aws:iam::111111111111:role/Member';
const clock = new HandClock();
const accounts = new Accounts({ clock, random: seededRandom(1), sessionMs: 60_000 });
accounts.addRole(ROLE, '222222222222');
accounts.addToOrganization('222222222222', {
  managementAccount: '333333333333',
  managementEmail: 'cloud@example.com',
});
accounts.addToOrganization('444444444444', {
  managementAccount: '333333333333',
  managementEmail: 'cloud@example.com',
  refusedTo: ['444444444444'],
});
const servers: LocalServer[] = [];
const clients: { destroy(): void }[] = [];
beforeAll(async () => {
  servers.push(await serveSts(accounts), await serveOrganizations(accounts));
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  for (const server of servers) await server.stop();
});

const settings = (accessKeyId: string, server: number) => ({
  region: 'us-east-1',
  endpoint: servers[server]?.url ?? '',
  credentials: { accessKeyId, secretAccessKey: 'local' },
  maxAttempts: 1,
});
function stsOf(key: string): STSClient {
  const client = new STSClient(settings(key, 0));
  clients.push(client);
  return client;
}
function organizationsOf(key: string): OrganizationsClient {
  const client = new OrganizationsClient(settings(key, 1));
  clients.push(client);
  return client;
}
const assume = (by: string, more = {}) =>
  stsOf(by).send(new AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: 'test', ...more }));

test('an assumed role is another identity, until its credentials expire', async () => {
  const { Credentials } = await assume('222222222222');
  const role = stsOf(Credentials?.AccessKeyId ?? '');

  expect(Credentials?.Expiration?.getTime()).toBe(clock.now() + 60_000);
  expect(await role.send(new GetCallerIdentityCommand())).toMatchObject({
    Account: '111111111111',
    Arn: ROLE,
  });
  clock.pass(60_000);
  await expect(role.send(new GetCallerIdentityCommand())).rejects.toMatchObject({
    name: expect.stringContaining('ExpiredToken'),
  });
});

test('an account is its own identity', async () => {
  expect(await stsOf('222222222222').send(new GetCallerIdentityCommand())).toMatchObject({
    Account: '222222222222',
  });
});

test('a role is assumed only by the account that it trusts, with a session name and a duration that fit', async () => {
  await expect(assume('444444444444')).rejects.toMatchObject({
    name: expect.stringContaining('AccessDenied'),
    $metadata: { httpStatusCode: 403 },
  });
  await expect(assume('222222222222', { RoleSessionName: 'with space' })).rejects.toThrow('roleSessionName');
  await expect(assume('222222222222', { DurationSeconds: 60 })).rejects.toThrow('durationSeconds');
});

test('an organization is described to its accounts, as far as they may', async () => {
  const describe = (by: string) => organizationsOf(by).send(new DescribeOrganizationCommand());

  expect((await describe('222222222222')).Organization).toMatchObject({
    MasterAccountId: '333333333333',
    MasterAccountEmail: 'cloud@example.com',
  });
  await expect(describe('444444444444')).rejects.toMatchObject({ name: 'AccessDeniedException' });
  await expect(describe('555555555555')).rejects.toMatchObject({ name: 'AWSOrganizationsNotInUseException' });
});
