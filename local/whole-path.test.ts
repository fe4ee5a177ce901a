import { systemClock } from '../shared/clock.js';
import type { CatalogEvent } from './catalog/events.js';
import { makeProducts } from './catalog/products.js';
import { CatalogService } from './catalog/service.js';
import type { CatalogSettings } from './catalog/settings.js';
import { type Cloud, startCloud } from './cloud.js';
import { between, seededRandom } from './random.js';

/** Time is compressed by this factor: change sets of 20 to 40 s take 0.1 to 0.2 s. */
const FACTOR = 200;
const MANAGEMENT = { account: '111111111111', owner: '999999999999' };
const NORTH = { account: '222222222222', owner: '333333333333' };
const SOUTH = { account: '444444444444', owner: '555555555555' };
const environment = { POLL_SECONDS: String(2 / FACTOR), STOP_MARGIN_SECONDS: '0.3' };

const products = makeProducts(seededRandom(11), 700);
let cloud: Cloud | undefined;
afterEach(async () => {
  await cloud?.stop();
  cloud = undefined;
});

/** A catalog with a management experience, which tells what it does. */
function createCatalog(
  approved: readonly string[],
  rejected: readonly string[],
  settings: Partial<CatalogSettings> = {},
) {
  const events: CatalogEvent[] = [];
  const catalog = new CatalogService({
    clock: systemClock,
    random: seededRandom(12),
    settings: {
      durationMs: [20_000 / FACTOR, 40_000 / FACTOR],
      quotas: FACTOR,
      keepLog: false,
      ...settings,
    },
    observe: (event) => events.push(event),
  });
  const { owner, account } = MANAGEMENT;
  const experience = catalog.addExperience({ owner, sharedWith: [account], approved, rejected });
  return {
    catalog,
    management: { account, experience },
    add: (to: typeof NORTH, lists: object) =>
      catalog.addExperience({ owner: to.owner, sharedWith: [to.account], ...lists }),
    changeSets: () => events.filter(({ kind }) => kind === 'change set started').length,
    denied: () => events.flatMap((event) => (event.kind === 'products' ? event.denied : [])),
    approved: () => events.flatMap((event) => (event.kind === 'products' ? event.approved : [])),
  };
}

const inOrganization = ({ account, owner }: typeof NORTH) => ({
  account,
  organization: { managementAccount: owner, managementEmail: 'cloud@example.com' },
  environment,
});

test('a first synchronization, a small change, and nothing left to do', async () => {
  const [approved, rejected] = [products.slice(0, 120), products.slice(120, 150)];
  const { catalog, management, add, changeSets } = createCatalog(approved, rejected);
  const engineering = add(NORTH, { approved: products.slice(60, 130), idsInResource: 20 });
  const finance = add(NORTH, {});
  const everyone = add(SOUTH, { approved, rejected });
  const untouched = [
    add(NORTH, { approved: products.slice(200, 210), status: 'Disabled' }),
    add(NORTH, { approved: products.slice(200, 210), status: 'Disabled', archived: true }),
  ];
  cloud = await startCloud({
    catalog,
    management,
    members: [
      { name: 'north', ...inOrganization(NORTH) },
      // In another Region, refused by Organizations, and with the role's credentials expiring all the time.
      {
        name: 'south',
        region: 'eu-west-1',
        account: SOUTH.account,
        organization: { managementAccount: SOUTH.owner, managementEmail: '', refusedTo: [SOUTH.account] },
        environment,
      },
    ],
    region: 'us-west-2',
    sessionMs: 500,
  });
  const synchronize = async () => {
    const before = changeSets();
    expect(await cloud?.invokeManagement()).toMatchObject({ outcome: 'returned', value: { notified: true } });
    await cloud?.settle(15_000);
    return changeSets() - before;
  };
  const wanted = { approved: new Set(approved), rejected: new Set(rejected) };

  await synchronize();

  expect(await cloud.snapshot()).toEqual(wanted);
  for (const id of [engineering, finance, everyone]) expect(catalog.products(id)).toEqual(wanted);
  for (const id of untouched) expect(catalog.products(id).approved.size).toBe(10);
  expect((await cloud.syncTimestamps()).sort((a, b) => a.ID.localeCompare(b.ID))).toMatchObject([
    {
      ID: NORTH.owner,
      member_org_email: 'cloud@example.com',
      outcome: 'synchronized',
      experiences_updated: 2,
      experience_ids: expect.arrayContaining([engineering, finance]),
    },
    { ID: SOUTH.account, outcome: 'synchronized', experience_ids: [everyone] },
  ]);

  const change = {
    approved: new Set(approved.slice(1)),
    rejected: new Set([...rejected, ...approved.slice(0, 1)]),
  };
  catalog.setProducts(management.experience, change);

  expect(await synchronize()).toBe(3);
  for (const id of [engineering, finance, everyone]) expect(catalog.products(id)).toEqual(change);

  expect(await synchronize()).toBe(0);
}, 30_000);

test('30,000 products that are equal on both sides stay untouched, in less than 256 MB', async () => {
  const many = makeProducts(seededRandom(13), 30_000);
  const [approved, rejected] = [many.slice(0, 29_000), many.slice(29_000)];
  const { catalog, management, add, changeSets } = createCatalog(approved, rejected);
  add(NORTH, { approved, rejected });
  const peaks = new Map<string, number>();
  cloud = await startCloud({
    catalog,
    management,
    members: [{ name: 'north', ...inOrganization(NORTH) }],
    onInvocation: (name, invocation) => {
      if (invocation !== 'begins' && invocation.outcome === 'returned')
        peaks.set(name, invocation.peakMemoryMb);
    },
  });

  await cloud.invokeManagement();
  await cloud.settle(30_000);

  expect(await cloud.syncTimestamps()).toMatchObject([
    { outcome: 'synchronized', snapshot_approved: 29_000, snapshot_rejected: 1_000 },
  ]);
  expect(changeSets()).toBe(0);
  expect(peaks.get('north')).toBeLessThan(256);
  expect(peaks.get('management')).toBeLessThan(256);
}, 60_000);

test('killed again and again, it ends in the same state, and never denies what the snapshot approves', async () => {
  const random = seededRandom(14);
  const [approved, rejected] = [products.slice(0, 600), products.slice(600, 640)];
  const { catalog, management, add, denied, approved: everApproved } = createCatalog(approved, rejected);
  const experiences = [
    add(NORTH, { approved: products.slice(300, 700) }),
    add(NORTH, { approved: products.slice(640), rejected: approved.slice(0, 100) }),
  ];
  const timeout = 2;
  cloud = await startCloud({
    catalog,
    management,
    members: [{ name: 'north', ...inOrganization(NORTH), timeout, visibilitySeconds: timeout + 1 }],
  });
  const [member] = cloud.members;
  if (!member) throw new Error('There is one member, above.');

  await cloud.invokeManagement();
  const outcomes: string[] = [];
  for (let round = 0; round < 5; round += 1) {
    const deadline = systemClock.sleep(timeout * 1000); // only then may the next one have the turn of a dead one
    const invoked = member.invoke();
    await systemClock.sleep(between(random, [100, 1_200]));
    member.lambda.kill();
    outcomes.push((await invoked).outcome);
    await deadline;
  }
  await cloud.invokeManagement();
  await cloud.settle(30_000);

  expect(outcomes).toContain('killed');
  for (const id of experiences) {
    const { approved: now, rejected: no } = catalog.products(id);
    expect(now).toEqual(new Set(approved));
    expect(rejected.filter((product) => !no.has(product))).toEqual([]);
  }
  const toApprove = new Set<string>(approved);
  expect(denied().filter((product) => toApprove.has(product))).toEqual([]);
  expect(everApproved().filter((product) => !toApprove.has(product))).toEqual([]);
  expect(await cloud.syncTimestamps()).toMatchObject([{ outcome: 'synchronized', experiences_updated: 2 }]);
}, 60_000);

test('only the experiences that were asked for are synchronized', async () => {
  const { catalog, management, add } = createCatalog(['prod-a'], []);
  const [asked, other] = [add(NORTH, {}), add(NORTH, {})];
  cloud = await startCloud({
    catalog,
    management,
    members: [{ name: 'north', ...inOrganization(NORTH), parameters: { MemberExperienceIds: asked } }],
  });

  await cloud.invokeManagement();
  await cloud.settle(10_000);

  expect(catalog.products(asked).approved).toEqual(new Set(['prod-a']));
  expect(catalog.products(other).approved).toEqual(new Set());
}, 20_000);

test('a wrong MemberExperienceIds is refused at deployment, and by the function by name', async () => {
  const { catalog, management, add, changeSets } = createCatalog(['prod-a'], []);
  add(NORTH, {});
  const member = { name: 'north', ...inOrganization(NORTH) };
  const deploy = startCloud({
    catalog,
    management,
    members: [{ ...member, parameters: { MemberExperienceIds: '“exp-abc”' } }],
  });
  await expect(deploy).rejects.toThrow('MemberExperienceIds');

  cloud = await startCloud({
    catalog,
    management,
    members: [{ ...member, environment: { ...environment, MEMBER_EXPERIENCE_IDS: '“exp-abc”' } }],
  });

  expect(await cloud.members[0]?.invoke()).toMatchObject({
    outcome: 'failed',
    error: {
      errorType: 'ConfigurationError',
      errorMessage: expect.stringContaining('MEMBER_EXPERIENCE_IDS'),
    },
  });
  expect(changeSets()).toBe(0);
}, 20_000);
