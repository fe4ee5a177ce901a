import { systemClock } from '../shared/clock.js';
import type { Observer } from './catalog/events.js';
import { makeProducts } from './catalog/products.js';
import { CatalogService } from './catalog/service.js';
import type { MemberOptions } from './cloud.js';
import { type Random, type Range, seededRandom } from './random.js';

/** An experience of a scene. */
export interface SceneExperience {
  readonly id: string;
  readonly organization: string;
  readonly name: string;
  /** Why it is left as it is; absent where it is to be synchronized. */
  readonly leftAlone?: string;
}

/** What the cloud is filled with before the main job is shown on it. */
export interface Scene {
  readonly catalog: CatalogService;
  /** By how much time is compressed. */
  readonly factor: number;
  readonly management: SceneExperience & { readonly account: string };
  readonly members: readonly [MemberOptions, ...MemberOptions[]];
  readonly experiences: readonly SceneExperience[];
}

/** How long a change set takes in the real Marketplace, about, in milliseconds; and the middle of that. */
const REAL_DURATION_MS: Range = [20_000, 40_000];
export const REAL_CHANGE_SET_MS = 30_000;
/** The account of the management stack: the delegated administrator of its organization. */
const MANAGEMENT_ACCOUNT = '111111111111';
const MANAGEMENT_OWNER = '999999999999';

/** A catalog whose change sets take as long as real ones do, in time that is compressed by a factor. */
export function compressedCatalog(factor: number, random: Random, observe: Observer): CatalogService {
  return new CatalogService({
    clock: systemClock,
    random,
    observe,
    settings: {
      durationMs: [REAL_DURATION_MS[0] / factor, REAL_DURATION_MS[1] / factor],
      quotas: factor,
      keepLog: false,
    },
  });
}

/** How the member functions keep compressed time: the default unit is 2 seconds. */
export function compressedEnvironment(factor: number): Readonly<Record<string, string>> {
  return { POLL_SECONDS: String(2 / factor) };
}

/** The management organization with its experience. */
export function addManagement(
  catalog: CatalogService,
  name: string,
  lists: { readonly approved: Iterable<string>; readonly rejected: Iterable<string> },
): Scene['management'] {
  const id = catalog.addExperience({
    id: 'exp-management',
    name,
    owner: MANAGEMENT_OWNER,
    sharedWith: [MANAGEMENT_ACCOUNT],
    ...lists,
  });
  return { id, name, organization: 'Management organization', account: MANAGEMENT_ACCOUNT };
}

/** By how much the built-in scene compresses time: a change set takes about a second. */
const SCENE_FACTOR = 25;

/** A management organization and two member organizations, as they might be. */
export function buildScene(observe: Observer): Scene {
  const random = seededRandom(2026);
  const catalog = compressedCatalog(SCENE_FACTOR, random, observe);
  const products = makeProducts(random, 420);
  const approved = products.slice(0, 240);
  const rejected = products.slice(240, 300);
  const others = products.slice(300);
  const management = addManagement(catalog, 'Company catalogue', { approved, rejected });

  const north = { organization: 'Northern Division', owner: '333333333333', account: '222222222222' };
  const south = { organization: 'Southern Division', owner: '555555555555', account: '444444444444' };
  const experiences: SceneExperience[] = [];
  const add = (
    { organization, owner, account }: typeof north,
    name: string,
    experience: Partial<Parameters<CatalogService['addExperience']>[0]>,
    leftAlone?: string,
  ) => {
    const id = catalog.addExperience({ owner, sharedWith: [account], name, ...experience });
    experiences.push({ id, organization, name, ...(leftAlone && { leftAlone }) });
  };
  add(north, 'Engineering', {
    // Most of the list, some products of its own, and some that the company rejects.
    approved: [...approved.slice(0, 150), ...others.slice(0, 40), ...rejected.slice(0, 10)],
    rejected: others.slice(40, 50),
  });
  add(north, 'Finance', {});
  add(north, 'Pilot', { approved: others.slice(0, 20), status: 'Disabled' }, 'disabled');
  add(
    north,
    'Until 2024',
    { approved: others.slice(20, 60), status: 'Disabled', archived: true },
    'archived',
  );
  add(south, 'Everyone', {
    approved: [...approved.slice(60), ...others.slice(50, 90)],
    rejected: [...rejected, ...approved.slice(0, 30)],
    idsInResource: 40,
  });
  // An experience that the account made for itself, and that was never the organization's.
  add(south, 'Laboratory', { owner: south.account, sharedWith: [], approved: others.slice(90) });
  add(south, 'In preparation', { policies: [] }, 'no procurement policy');

  const member = ({ organization, owner, account }: typeof north): MemberOptions => ({
    name: organization,
    account,
    organization: {
      managementAccount: owner,
      managementEmail: `cloud@${organization.split(' ')[0]?.toLowerCase()}.example.com`,
    },
    environment: compressedEnvironment(SCENE_FACTOR),
  });
  return {
    catalog,
    factor: SCENE_FACTOR,
    management,
    members: [member(north), { ...member(south), region: 'eu-west-1' }],
    experiences,
  };
}
