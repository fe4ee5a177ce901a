import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { statusCommand } from './status-command.js';

const NOW = Date.UTC(2026, 0, 2, 12);
const TABLE = 'exp-abc123-SyncTimestamps';
const documents = mockClient(DynamoDBDocumentClient);
const environment = process.env;

beforeEach(() => {
  documents.reset();
  process.env = { ...environment, AWS_REGION: 'eu-central-1' };
});
afterEach(() => {
  process.env = environment;
});

async function run(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await statusCommand(args, {
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    width: 120,
    now: () => NOW,
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

function hold(hoursAgo: number, outcome: string): void {
  const stamp = String((NOW - hoursAgo * 3_600_000) / 1000);
  documents.on(ScanCommand).resolves({ Items: [{ ID: '222222222222', stamp, outcome }] });
}

function fail(name: string, message = 'as the service says it'): void {
  documents.on(ScanCommand).rejects(Object.assign(new Error(message), { name }));
}

it.each([
  ['all is well', 1, 'synchronized', 0],
  ['one is behind', 3.5, 'synchronized', 1],
  ['one failed', 1, 'failed', 1],
  ['one failed in part', 1, 'partly failed', 1],
  ['one is held back, but not yet behind', 1, 'held back', 0],
] as const)('The exit code says whether %s', async (_, hoursAgo, outcome, code) => {
  hold(hoursAgo, outcome);

  const shown = await run('--table', TABLE);

  expect(shown).toMatchObject({ code, err: '' });
  expect(shown.out).toContain('222222222222');
});

it('--stale-after moves the limit', async () => {
  hold(3.5, 'synchronized');

  expect((await run('--table', TABLE, '--stale-after', '4')).code).toBe(0);
  expect((await run('--table', TABLE, '--stale-after', '0.5')).code).toBe(1);
});

it('--json prints nothing but JSON', async () => {
  hold(3.5, 'synchronized');

  const { out, code } = await run('--', '--table', TABLE, '--json');

  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({
    table: TABLE,
    staleAfterHours: 3,
    organizations: [{ organization: '222222222222', hours: 3.5, behind: true, failed: false }],
  });
});

it('--help explains the arguments', async () => {
  expect(await run('--help')).toMatchObject({ code: 0, out: expect.stringContaining('--stale-after') });
});

it.each([
  [[], /^--table is not set/],
  [['--table', 'no table!'], /^--table is "no table!": it must be the name of a DynamoDB table\./],
  [['--table', TABLE, '--stale-after', 'soon'], /^--stale-after is "soon": it must be a number above 0\./],
  [['--tabel', TABLE], /--tabel/],
])('Wrong arguments are refused with the usage: %j', async (args, message) => {
  const { code, err } = await run(...args);

  expect(code).toBe(2);
  expect(err).toMatch(message);
  expect(err).toContain('npm run status -- --table NAME');
});

it.each([
  ['CredentialsProviderError', /has no AWS credentials: log in/],
  ['ExpiredTokenException', /credentials have expired: log in again/],
  ['UnrecognizedClientException', /does not know the shell's credentials/],
  ['ResourceNotFoundException', /does not exist in eu-west-1 .*Check --table/],
  ['AccessDeniedException', /do not allow dynamodb:Scan .*as the service says it/],
  ['ECONNREFUSED', /ECONNREFUSED: as the service says it/],
])('An error says what it means and what to do: %s', async (name, message) => {
  fail(name);

  const { code, err, out } = await run('--table', TABLE, '--region', 'eu-west-1');

  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(new RegExp(`^The table ${TABLE} could not be read\\. `));
  expect(err).toMatch(message);
});

it('A shell without a Region is told to give one', async () => {
  delete process.env.AWS_REGION;
  process.env.AWS_CONFIG_FILE = '/dev/null';
  fail('Error', 'Region is missing');

  expect((await run('--table', TABLE)).err).toContain('add --region');
});
