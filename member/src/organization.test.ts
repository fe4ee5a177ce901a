import { OrganizationsClient } from '@aws-sdk/client-organizations';
import { STSClient } from '@aws-sdk/client-sts';
import { Accounts, serveOrganizations, serveSts } from '../../local/accounts.js';
import type { LocalServer } from '../../local/http.js';
import { seededRandom } from '../../local/random.js';
import { systemClock } from '../../shared/clock.js';
import { type LocalServer as FaultyServer, startServer } from '../../shared/testing/http-server.js';
import { identifyOrganization } from './organization.js';
import { recordedLog } from './testing/recorded-log.js';

/** The organization's management account, and accounts that may ask, may not, and are in no organization. */
const MANAGEMENT = '333333333333';
const MEMBER = '222222222222';
const UNTOLD = '444444444444';
const ALONE = '555555555555';

let organizations: LocalServer;
let sts: LocalServer;

beforeAll(async () => {
  const accounts = new Accounts({ clock: systemClock, random: seededRandom(1) });
  const organization = { managementAccount: MANAGEMENT, managementEmail: 'owner@example.com' };
  accounts.addToOrganization(MEMBER, organization);
  accounts.addToOrganization(UNTOLD, { ...organization, refusedTo: [UNTOLD] });
  organizations = await serveOrganizations(accounts);
  sts = await serveSts(accounts);
});

afterAll(async () => {
  await Promise.all([organizations.stop(), sts.stop()]);
});

function identify(account: string, endpoint = organizations.url) {
  const options = {
    region: 'eu-central-1',
    credentials: { accessKeyId: account, secretAccessKey: 'local' },
    maxAttempts: 1,
  };
  const { log, lines } = recordedLog();
  const identity = identifyOrganization(
    new OrganizationsClient({ ...options, endpoint }),
    new STSClient({ ...options, endpoint: sts.url }),
    log,
  );
  return { identity, lines };
}

it('An organization is known by the account id of its management account', async () => {
  const { identity, lines } = identify(MEMBER);

  expect(await identity).toEqual({ id: MANAGEMENT, email: 'owner@example.com' });
  expect(lines).toEqual([]);
});

it.each([
  ['may not ask', UNTOLD],
  ['is in no organization', ALONE],
])(
  'An account that %s stands in for its organization, with a warning that says what to do',
  async (_, account) => {
    const { identity, lines } = identify(account);

    expect(await identity).toEqual({ id: account, email: '' });
    expect(lines).toEqual([
      {
        level: 'warn',
        message: expect.stringContaining('organization_delegate_administration.yaml'),
        fields: { account_id: account, error: expect.any(String) },
      },
    ]);
  },
);

describe('Any other error is thrown, as nothing must be written under a wrong id:', () => {
  let faulty: FaultyServer;

  afterEach(() => faulty.close());

  it.each([
    [500, 'ServiceException'],
    [400, 'TooManyRequestsException'],
    [400, 'ExpiredTokenException'],
  ])('%i %s', async (status, name) => {
    faulty = await startServer((_, response) => {
      response
        .writeHead(status, { 'content-type': 'application/x-amz-json-1.1' })
        .end(JSON.stringify({ __type: name, Message: 'not now' }));
    });

    const { identity, lines } = identify(MEMBER, faulty.url);

    await expect(identity).rejects.toMatchObject({ name });
    expect(lines).toEqual([]);
  });

  it('an answer without a management account', async () => {
    faulty = await startServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end('{"Organization":{}}');
    });

    await expect(identify(MEMBER, faulty.url).identity).rejects.toThrow('without a management account');
  });
});
