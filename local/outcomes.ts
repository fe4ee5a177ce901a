import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { systemClock } from '../shared/clock.js';
import { makeProducts } from './catalog/products.js';
import { CatalogService } from './catalog/service.js';
import type { Refusal } from './catalog/settings.js';
import { type Cloud, type MemberOptions, startCloud } from './cloud.js';
import { type CloudWatchers, clientFor } from './deployment.js';
import { seededRandom } from './random.js';

/** By how much time is compressed: a change set takes a fifth of a second. */
const FACTOR = 150;
const MANAGEMENT_ACCOUNT = '111111111111';
const REGION = 'us-east-1';
/** How long a synchronization may take here, in milliseconds. */
const LIMIT_MS = 60_000;

/** The organizations of the scene, named for what becomes of them, with their two accounts. */
const ORGANIZATIONS = {
  synchronized: ['200000000001', '300000000001'],
  refused: ['200000000002', '300000000002'],
  'held back': ['200000000003', '300000000003'],
  'partly failed': ['200000000004', '300000000004'],
  'without permission': ['200000000005', '300000000005'],
} as const;
type Name = keyof typeof ORGANIZATIONS;
/** An organization whose member stack is the Python sample's, and stood still five hours ago. */
const BEHIND = '300000000006';
const BEHIND_HOURS = 5;

/** The scene. */
export interface Outcomes {
  readonly cloud: Cloud;
  /** Has the management function run, and waits for the members. */
  readonly hour: () => Promise<void>;
  /** Lets every organization but the first get into its trouble, and waits for what comes of it. */
  readonly trouble: () => Promise<void>;
  /** Makes every report in the table an hour older, as if an hour had passed. */
  readonly passAnHour: () => Promise<void>;
  /** Takes from the management account the permission to read its experience. */
  readonly forbidManagement: () => void;
  /** The experience that the partly failing organization may no longer read, and the product that is refused. */
  readonly forbiddenExperience: string;
  readonly refusedProduct: string;
  /** The variables with which a command acts for the management account. */
  readonly shell: Readonly<Record<string, string>>;
}

/**
 * A management organization and one member organization for each outcome there is, at first all of them well: what an
 * operator sees when things go wrong can be had from it, for the tests and for docs/.
 */
export async function startOutcomes(watchers: CloudWatchers = {}): Promise<Outcomes> {
  const random = seededRandom(5);
  const refused = new Map<string, Refusal>();
  const forbidden = new Set<string>();
  const catalog = new CatalogService({
    clock: systemClock,
    random,
    settings: {
      durationMs: [20_000 / FACTOR, 40_000 / FACTOR],
      quotas: FACTOR,
      keepLog: false,
      refused,
      faults: {
        request: ({ account, entities }) =>
          [account, ...entities].some((one) => forbidden.has(one)) ? 'access denied' : undefined,
      },
    },
  });
  const products = makeProducts(random, 160);
  const [refusedProduct = ''] = products;
  const listed = { approved: products.slice(1, 81), rejected: products.slice(81, 101) };
  const others = products.slice(101);
  const experience = catalog.addExperience({
    id: 'exp-management',
    owner: '999999999999',
    sharedWith: [MANAGEMENT_ACCOUNT],
    ...listed,
  });
  const add = (name: Name, lists: object = listed) => {
    const [account, owner] = ORGANIZATIONS[name];
    return catalog.addExperience({ owner, sharedWith: [account], ...lists });
  };
  const experiences = {
    synchronized: [add('synchronized'), add('synchronized', { approved: others.slice(0, 30) })],
    refused: [add('refused')],
    'held back': [add('held back')],
    'partly failed': [add('partly failed'), add('partly failed')],
    'without permission': [add('without permission')],
  };
  const member = (name: Name): MemberOptions => {
    const [account, owner] = ORGANIZATIONS[name];
    return {
      name,
      account,
      organization: { managementAccount: owner, managementEmail: `cloud@${name.replace(' ', '-')}.example` },
      ...(name === 'held back' && { parameters: { MaxDeniedPercent: '20' } }),
      environment: { POLL_SECONDS: String(2 / FACTOR) },
      visibilitySeconds: 3,
    };
  };
  const cloud = await startCloud({
    catalog,
    region: REGION,
    management: { account: MANAGEMENT_ACCOUNT, experience },
    members: [
      member('synchronized'),
      member('refused'),
      member('held back'),
      member('partly failed'),
      member('without permission'),
    ],
    ...watchers,
  });
  const hour = async () => {
    await cloud.invokeManagement();
    await cloud.settle(LIMIT_MS);
  };
  const [, forbiddenExperience = ''] = experiences['partly failed'];
  return {
    cloud,
    hour,
    trouble: async () => {
      refused.set(refusedProduct, { how: 'later-unnamed', change: 'approve' });
      const withRefused = { ...listed, approved: [...listed.approved, refusedProduct] };
      catalog.setProducts(experience, withRefused);
      for (const [name, ids] of Object.entries(experiences)) {
        if (name !== 'refused') for (const id of ids) catalog.setProducts(id, withRefused);
      }
      for (const id of experiences['held back']) {
        catalog.setProducts(id, { approved: [...listed.approved, ...others], rejected: listed.rejected });
      }
      forbidden.add(forbiddenExperience).add(ORGANIZATIONS['without permission'][0]);
      await reportAsPythonMember(cloud);
      await hour();
    },
    passAnHour: () => makeOlder(cloud),
    forbidManagement: () => {
      forbidden.add(MANAGEMENT_ACCOUNT);
    },
    forbiddenExperience,
    refusedProduct,
    shell: {
      AWS_ENDPOINT_URL_DYNAMODB: cloud.endpoints.AWS_ENDPOINT_URL_DYNAMODB ?? '',
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: MANAGEMENT_ACCOUNT,
      AWS_SECRET_ACCESS_KEY: 'local',
    },
  };
}

const HOUR_MS = 3_600_000;

async function makeOlder(cloud: Cloud): Promise<void> {
  const client = clientOf(cloud);
  const earlier = (time: string) => new Date(Date.parse(time) - HOUR_MS).toISOString();
  for (const {
    ID,
    stamp,
    update_time_utc,
    first_attempt_utc,
    last_attempt_utc,
  } of await cloud.syncTimestamps()) {
    const times = Object.entries({ update_time_utc, first_attempt_utc, last_attempt_utc }).flatMap(
      ([name, time]) => (time === undefined ? [] : [[name, earlier(time)] as const]),
    );
    if (stamp !== undefined) times.push(['stamp', String(Number(stamp) - HOUR_MS / 1000)]);
    await DynamoDBDocumentClient.from(client).send(
      new UpdateCommand({
        TableName: cloud.tables.syncTimestamps,
        Key: { ID },
        UpdateExpression: `SET ${times.map(([name]) => `${name} = :${name}`).join(', ')}`,
        ExpressionAttributeValues: Object.fromEntries(times.map(([name, time]) => [`:${name}`, time])),
      }),
    );
  }
  client.destroy();
}

/** A client for the table, which acts for the management account. */
function clientOf({ endpoints }: Cloud): DynamoDBClient {
  return new DynamoDBClient({
    ...clientFor({ account: MANAGEMENT_ACCOUNT, region: REGION }),
    endpoint: endpoints.AWS_ENDPOINT_URL_DYNAMODB ?? '',
  });
}

/** Writes the item that the Python sample's member function writes: these attributes and no others. */
async function reportAsPythonMember(cloud: Cloud): Promise<void> {
  const client = clientOf(cloud);
  const synchronizedAt = Date.now() - BEHIND_HOURS * HOUR_MS;
  await DynamoDBDocumentClient.from(client).send(
    new PutCommand({
      TableName: cloud.tables.syncTimestamps,
      Item: {
        ID: BEHIND,
        member_org_email: 'cloud@behind.example',
        stamp: String(synchronizedAt / 1000),
        update_time_utc: new Date(synchronizedAt).toISOString(),
        experiences_updated: 2,
      },
    }),
  );
  client.destroy();
}
