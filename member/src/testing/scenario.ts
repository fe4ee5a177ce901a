import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type FaultPlan, randomFaults } from '../../../local/catalog/faults.js';
import type { Refusal } from '../../../local/catalog/settings.js';
import { IdleClock } from '../../../local/idle-clock.js';
import { between, type Random, seededRandom } from '../../../local/random.js';
import { accountId, isExperienceId, type ProductId, productId } from '../../../shared/identifiers.js';
import type { ProductLists } from '../../../shared/product-lists.js';
import { plan } from '../plan.js';
import { configurationFor, type WorldTables } from './store.js';
import { type Kill, MEMBER_ACCOUNT, ORGANIZATION_ACCOUNT, World } from './world.js';

/** What was found at the end of a scenario. All of it is empty, or it failed. */
export interface Findings {
  readonly problems: readonly string[];
  readonly invocations: number;
  readonly changeSets: number;
  readonly killed: number;
  readonly threw: number;
  readonly continued: number;
  readonly handedOver: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** 23 November 2026: any moment does. */
const START = Date.UTC(2026, 10, 23);

/**
 * One random scenario: experiences out of step, a snapshot that changes while they are synchronized, refused
 * products, faults of every kind, killed invocations and overlapping ones. Then the faults end, the hourly
 * notifications go on, and everything must come to equal the newest snapshot, refused products aside.
 *
 * @param seed repeats the scenario exactly.
 */
export async function runScenario(
  seed: number,
  store: DynamoDBDocumentClient,
  tables: WorldTables,
): Promise<Findings> {
  const random = seededRandom(seed);
  const clock = new IdleClock(START);
  const scenario = draw(random);
  let faulty = true;
  const faults = randomFaults(random, scenario.faults);
  const faultPlan: FaultPlan = {
    request: (request) => (faulty ? faults.request?.(request) : undefined),
    changeSet: (request) => (faulty ? faults.changeSet?.(request) : undefined),
  };
  const world = new World({
    clock,
    random,
    catalog: {
      durationMs: scenario.durationMs,
      mixed: scenario.mixed,
      fiftyCountFor: chance(random, 0.2) ? 'each experience' : 'each change',
      refused: scenario.refused,
      namesAtMost: chance(random, 0.3) ? 1 : Number.POSITIVE_INFINITY,
      openChangeSets: scenario.openChangeSets,
      faults: faultPlan,
    },
    tables: store,
    configuration: configurationFor(tables),
    organization: accountId(`organization-${seed}`),
    limitMs: scenario.limitMs,
  });
  const experiences = scenario.experiences.map((lists) =>
    world.service.addExperience({ owner: ORGANIZATION_ACCOUNT, sharedWith: [MEMBER_ACCOUNT], ...lists }),
  );
  world.service.addExperience({
    owner: ORGANIZATION_ACCOUNT,
    sharedWith: [MEMBER_ACCOUNT],
    status: 'Disabled',
  });

  const problems: string[] = [];
  const kill = (): Kill | undefined =>
    faulty && chance(random, scenario.killed)
      ? { atRequest: 1 + Math.floor(random() * 60), answered: chance(random, 0.5) }
      : undefined;
  const differences = () =>
    experiences.flatMap((id) => {
      const local = world.service.products(id);
      const lists = {
        approved: new Set([...local.approved].map(productId)),
        rejected: new Set([...local.rejected].map(productId)),
      };
      const { approve, deny } = plan(world.snapshot, lists);
      return [
        ...approve.map((product) => ({ id, product, change: 'approve' as const })),
        ...deny.map((product) => ({ id, product, change: 'deny' as const })),
      ];
    });
  const isRefused = ({ product, change }: { product: ProductId; change: Refusal['change'] }) => {
    const refusal = scenario.refused.get(product);
    return refusal !== undefined && (refusal.change ?? change) === change;
  };

  const story = async () => {
    const source = world.runEventSource(kill);
    await world.publish(scenario.snapshots[0] ?? fail('no snapshot'), 0, scenario.sealed);
    const manual: Promise<unknown>[] = [];
    for (const lists of scenario.snapshots.slice(1)) {
      await clock.sleep(between(random, [0, 40 * MINUTE]));
      if (chance(random, 0.5)) manual.push(world.invoke({ any: 'content' }, kill()));
      await clock.sleep(between(random, [0, 5 * MINUTE]));
      await world.publish(lists, between(random, [0, 4000]), scenario.sealed);
      if (chance(random, 0.3)) manual.push(world.invoke({}, kill()));
    }
    await clock.sleep(between(random, [0, HOUR]));
    faulty = false;
    // An hour of quiet for what is under way, then the hourly notifications, until all is well.
    for (let hours = 0; hours < 12; hours += 1) {
      await clock.sleep(HOUR);
      const item = await world.item();
      const done = item?.outcome === 'synchronized' && world.queued === 0 && hours > 0;
      if (done && differences().every(isRefused)) break;
      world.notify(scenario.sealed, clock.now());
    }
    await Promise.all(manual);
    await clock.sleep(5 * MINUTE);
    world.stopEventSource();
    await source;
  };
  await clock.run(story());

  const item = await world.item();
  problems.push(...world.violations);
  for (const difference of differences()) {
    const { id, product, change } = difference;
    if (!isRefused(difference)) problems.push(`${id}: ${product} is still to ${change}`);
    else if (
      !item?.refused?.some(
        (refused) => refused.experience === id && refused.product === product && refused.change === change,
      )
    ) {
      problems.push(`${id}: ${product} was refused (${change}), and SyncTimestamps does not say so`);
    }
  }
  for (const refused of item?.refused ?? []) {
    if (!isRefused(refused))
      problems.push(`${refused.experience}: ${refused.product} is said to be refused, and is not`);
  }
  if (item?.outcome !== 'synchronized') problems.push(`the outcome is ${item?.outcome}: ${item?.reason}`);
  const synchronized = item?.experience_ids ?? [];
  if (
    item?.experiences_updated !== experiences.length ||
    !experiences.every((id) => isExperienceId(id) && synchronized.includes(id))
  ) {
    problems.push(`SyncTimestamps counts ${item?.experiences_updated} experiences of ${experiences.length}`);
  }
  for (const ending of world.endings) {
    if (ending.kind === 'killed by the limit') problems.push('an invocation ran into its time limit');
    if (ending.kind === 'threw' && scenario.calm)
      problems.push(`an invocation failed without a fault: ${ending.error}`);
  }
  const returned = (outcome: string) =>
    world.endings.filter((ending) => ending.kind === 'returned' && ending.summary.outcome === outcome).length;
  return {
    problems,
    invocations: world.endings.length,
    changeSets: world.events.filter(({ kind }) => kind === 'change set started').length,
    killed: world.endings.filter(({ kind }) => kind === 'killed by a fault').length,
    threw: world.endings.filter(({ kind }) => kind === 'threw').length,
    continued: returned('in progress'),
    handedOver: returned('handed over'),
  };
}

/** Everything about a scenario that chance decides. */
function draw(random: Random) {
  const universe = Array.from({ length: Math.floor(between(random, [20, 260])) }, (_, at) =>
    productId(
      at % 2
        ? `prod-${String(at).padStart(4, '0')}abcdefghi`
        : `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`,
    ),
  );
  const lists = (): ProductLists => {
    const approvedShare = random();
    const rejectedShare = random() * 0.5;
    return {
      approved: new Set(universe.filter(() => chance(random, approvedShare))),
      rejected: new Set(universe.filter(() => chance(random, rejectedShare))),
    };
  };
  const next = ({ approved, rejected }: ProductLists): ProductLists => {
    const other = lists();
    const changed = new Set(universe.filter(() => chance(random, 0.15)));
    const mix = (now: ReadonlySet<ProductId>, then: ReadonlySet<ProductId>) =>
      new Set(universe.filter((id) => (changed.has(id) ? then : now).has(id)));
    return { approved: mix(approved, other.approved), rejected: mix(rejected, other.rejected) };
  };
  const notEmpty = ({ approved, rejected }: ProductLists): ProductLists =>
    approved.isSubsetOf(rejected)
      ? {
          approved: new Set(universe.slice(0, 1)),
          rejected: new Set(universe.slice(1).filter((id) => rejected.has(id))),
        }
      : { approved, rejected };
  const snapshots = [notEmpty(lists())];
  const changes = Math.floor(random() * 3);
  for (let i = 0; i < changes; i += 1)
    snapshots.push(notEmpty(next(snapshots.at(-1) ?? fail('no snapshot'))));

  const calm = chance(random, 0.1);
  const harsh = !calm && chance(random, 0.2) ? 3 : 1;
  const p = (most: number) => (calm || chance(random, 0.5) ? 0 : random() * most * harsh);
  const refused = new Map<string, Refusal>();
  const ways: Refusal['how'][] = ['at-once-named', 'at-once-unnamed', 'later-named', 'later-unnamed'];
  const refusedCount = chance(random, 0.5) ? 0 : Math.floor(random() * 5);
  for (let i = 0; i < refusedCount; i += 1) {
    refused.set(universe[Math.floor(random() * universe.length)] ?? fail('no product'), {
      how: ways[Math.floor(random() * ways.length)] ?? 'later-unnamed',
      ...(chance(random, 0.5) && { change: chance(random, 0.5) ? 'approve' : 'deny' }),
    });
  }
  return {
    calm,
    snapshots,
    experiences: Array.from({ length: 1 + Math.floor(random() * 4) }, lists),
    sealed: chance(random, 0.8),
    durationMs: chance(random, 0.5) ? ([20_000, 40_000] as const) : ([2_000, 60_000] as const),
    mixed:
      (['accept', 'accept', 'refuse-at-once', 'fail-later'] as const)[Math.floor(random() * 4)] ?? 'accept',
    limitMs: chance(random, 0.5) ? 900_000 : between(random, [200_000, 600_000]),
    openChangeSets: chance(random, 0.3) ? 1 + Math.floor(random() * 3) : 250,
    killed: calm ? 0 : random() * 0.5,
    refused,
    faults: {
      throttled: p(0.1),
      serverError: p(0.1),
      lostBefore: p(0.05),
      lostAfter: p(0.1),
      tooManyOpen: p(0.2),
      administratorsChangeSet: p(0.2),
      serverFault: p(0.2),
      cancelled: p(0.2),
    },
  };
}

function chance(random: Random, probability: number): boolean {
  return random() < probability;
}

function fail(what: string): never {
  throw new Error(what);
}
