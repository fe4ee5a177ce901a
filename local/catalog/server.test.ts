import {
  DescribeEntityCommand,
  ListEntitiesCommand,
  MarketplaceCatalogClient,
  ResourceNotFoundException,
} from '@aws-sdk/client-marketplace-catalog';
import { systemClock } from '../../shared/clock.js';
import type { LocalServer } from '../http.js';
import { seededRandom } from '../random.js';
import { allow, DELEGATE, OWNER, STRANGER, start } from './laboratory.js';
import { serveCatalog } from './server.js';
import { CatalogService } from './service.js';

let lose = false;
const service = new CatalogService({
  clock: systemClock,
  random: seededRandom(1),
  settings: { faults: { request: () => (lose ? 'lost after' : undefined) }, latencyMs: [2, 10] },
});
const experience = service.addExperience({ owner: OWNER, sharedWith: [DELEGATE], approved: ['prod-a'] });
let server: LocalServer;
const clients: MarketplaceCatalogClient[] = [];
const clientOf = (account: string) => {
  const client = new MarketplaceCatalogClient({
    region: 'us-east-1',
    endpoint: server.url,
    credentials: { accessKeyId: account, secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  clients.push(client);
  return client;
};

beforeAll(async () => {
  server = await serveCatalog(service);
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  await server.stop();
});

test('the account is the access key id that signed the request', async () => {
  const list = new ListEntitiesCommand({ Catalog: 'AWSMarketplace', EntityType: 'Experience' });

  const ofOwner = await clientOf(OWNER).send(list);
  const ofStranger = await clientOf(STRANGER).send(list);

  expect(ofOwner.EntitySummaryList?.map(({ EntityId }) => EntityId)).toEqual([experience]);
  expect(ofStranger.EntitySummaryList).toEqual([]);
});

test('an entity with its document comes over the wire, and an error as its class', async () => {
  const describeOne = (EntityId = '') => new DescribeEntityCommand({ Catalog: 'AWSMarketplace', EntityId });
  const client = clientOf(DELEGATE);

  const policy = await client.send(describeOne(service.policiesOf(experience)[0]));
  const refusal = client.send(describeOne('exp-nowhere'));

  expect(policy.DetailsDocument).toMatchObject({
    Statements: [{ Effect: 'Allow', Resources: [{ Type: 'Product', Ids: ['prod-a'] }] }],
  });
  await expect(refusal).rejects.toBeInstanceOf(ResourceNotFoundException);
});

test('a lost answer is a connection that breaks, after what was asked was done', async () => {
  lose = true;

  await expect(clientOf(DELEGATE).send(start([allow(experience, ['prod-b'])]))).rejects.toThrow('ECONNRESET');
  expect(service.lockedBy(experience)).toBeDefined();
});
