import { makeProducts } from '../local/catalog/products.js';
import { CatalogService } from '../local/catalog/service.js';
import type { Operation } from '../local/catalog/settings.js';
import { startCloud } from '../local/cloud.js';
import type { Invocation } from '../local/lambda.js';
import { seededRandom } from '../local/random.js';
import { systemClock } from '../shared/clock.js';
import type { Case, Work } from './cases.js';
import { Observation } from './observation.js';

/** What a case came to. Times are those that the uncompressed service would show, in seconds. */
export interface Measurement {
  readonly id: string;
  readonly title: string;
  readonly factor: number;
  readonly elapsedSeconds: number;
  readonly criticalPathSeconds: number;
  /** Elapsed time divided by the critical path; absent where there is no change set. */
  readonly ratio?: number;
  /** Of every run, where there was more than one: see {@link Case.runs}. */
  readonly ratios?: readonly number[];
  /** The time between two change sets of an experience, on average. */
  readonly gapSeconds: number;
  readonly changeSets: number;
  readonly calls: number;
  readonly callsByOperation: Partial<Record<Operation, number>>;
  /** Absent where there is no change set. */
  readonly callsPerChangeSet?: number;
  readonly throttledPercent: number;
  readonly invocations: number;
  /** Of the function's process, Node.js included. */
  readonly peakMemoryMb: number;
  readonly pythonSeconds?: number;
  /** What is not as it must be, in words: invocations that did not return, targets that were missed. */
  readonly misses: readonly string[];
}

/** How long a change set takes, in seconds. */
const CHANGE_SET_SECONDS = [20, 40] as const;
/** The function's Timeout in its template, and the defaults of its two variables of time, in seconds. */
const FUNCTION_TIMEOUT_SECONDS = 900;
const POLL_SECONDS = 2;
const STOP_MARGIN_SECONDS = 60;
/** The share of throttled requests has to stay below it. */
const THROTTLED_PERCENT = 1;
/** The longest a case may take on this machine's own clock, in milliseconds. */
const LIMIT_MS = 600_000;

const MANAGEMENT = { account: '111111111111', organization: '999999999999' };
const MEMBER = { account: '222222222222', organization: '888888888888' };

/** Measures a case as often as it asks for. @returns the run with the median ratio. */
export async function measure(one: Case, seed: number): Promise<Measurement> {
  const { runs = 1 } = one;
  const measurements: Measurement[] = [];
  for (let run = 0; run < runs; run += 1) measurements.push(await measureOnce(one, seed + run));
  const sorted = measurements.toSorted((a, b) => (a.ratio ?? 0) - (b.ratio ?? 0));
  const median = sorted[Math.floor(runs / 2)];
  if (!median) throw new Error(`Case ${one.id} has no run.`);
  return runs === 1 ? median : { ...median, ratios: measurements.flatMap(({ ratio }) => ratio ?? []) };
}

/**
 * Runs a case once: brings a cloud up, has the management function publish the snapshot, and watches the member function,
 * which the notification starts, until nothing is left to do.
 *
 * @param seed of the products' ids and of the durations of the change sets.
 * @throws Error when an experience is not equal to the snapshot in the end: then no time counts.
 */
async function measureOnce(one: Case, seed: number): Promise<Measurement> {
  const { factor, experiences, work } = one;
  const random = seededRandom(seed);
  const observation = new Observation(MEMBER.account);
  const catalog = new CatalogService({
    clock: systemClock,
    random,
    settings: {
      durationMs: [(CHANGE_SET_SECONDS[0] * 1000) / factor, (CHANGE_SET_SECONDS[1] * 1000) / factor],
      quotas: factor,
      keepLog: false,
    },
    observe: (event) => observation.note(event),
  });
  const { snapshot, before } = products(random, work);
  const source = catalog.addExperience({
    owner: MANAGEMENT.organization,
    sharedWith: [MANAGEMENT.account],
    ...snapshot,
  });
  const targets = Array.from({ length: experiences }, () =>
    catalog.addExperience({ owner: MEMBER.organization, sharedWith: [MEMBER.account], ...before }),
  );

  const invocations: Invocation[] = [];
  const cloud = await startCloud({
    catalog,
    management: { account: MANAGEMENT.account, experience: source },
    members: [
      {
        name: MEMBER_NAME,
        account: MEMBER.account,
        organization: { managementAccount: MEMBER.organization, managementEmail: 'pmp@member.example' },
        environment: {
          POLL_SECONDS: String(POLL_SECONDS / factor),
          STOP_MARGIN_SECONDS: String(STOP_MARGIN_SECONDS / factor),
        },
        timeout: FUNCTION_TIMEOUT_SECONDS / factor,
      },
    ],
    onInvocation: (name, invocation) => {
      if (name === MEMBER_NAME && invocation !== 'begins') invocations.push(invocation);
    },
  });
  try {
    for (const { lambda } of cloud.members) await warmUp(lambda);
    const published = await cloud.invokeManagement();
    if (published.outcome !== 'returned') {
      throw new Error(
        `Case ${one.id}: the management function did not publish: ${JSON.stringify(published)}`,
      );
    }
    await cloud.settle(LIMIT_MS);
  } finally {
    await cloud.stop();
  }

  const different = targets.filter((id) => !equal(catalog.products(id), snapshot, before)).length;
  if (different > 0)
    throw new Error(`Case ${one.id}: ${different} experiences are not equal to the snapshot.`);
  return judged(one, observation, invocations);
}

const MEMBER_NAME = 'member';

/**
 * Has the function load its bundle before time is taken: loading is not compressed, and reported apart. The event asks
 * for a mode that does not exist, so it is refused before anything is read.
 */
async function warmUp(lambda: { invoke(event: unknown): Promise<Invocation> }): Promise<void> {
  const refused = await lambda.invoke({ mode: 'none, only load' });
  if (refused.outcome !== 'failed' || refused.error.errorType !== 'UnknownRequest') {
    throw new Error(`The function cannot be loaded: ${JSON.stringify(refused)}`);
  }
}

interface Lists {
  readonly approved: readonly string[];
  readonly rejected: readonly string[];
}

function products(random: () => number, work: Work): { readonly snapshot: Lists; readonly before: Lists } {
  const ids = makeProducts(random, work.kept + work.approve + work.deny + work.rejected);
  const take = (count: number) => ids.splice(0, count);
  const [kept, approve, deny, rejected] = [
    take(work.kept),
    take(work.approve),
    take(work.deny),
    take(work.rejected),
  ];
  return {
    snapshot: {
      approved: [...kept, ...approve],
      rejected: [...rejected, ...deny.filter((_, index) => index % 2 === 0)],
    },
    before: { approved: [...kept, ...deny], rejected },
  };
}

/** Whether an experience approves what the snapshot approves, and rejects what it must by now. */
function equal(
  now: { readonly approved: ReadonlySet<string>; readonly rejected: ReadonlySet<string> },
  snapshot: Lists,
  before: Lists,
): boolean {
  const approved = new Set(snapshot.approved);
  const gone = before.approved.filter((id) => !approved.has(id));
  const rejected = new Set([...snapshot.rejected, ...before.rejected, ...gone]);
  return (
    now.approved.symmetricDifference(approved).size === 0 &&
    now.rejected.symmetricDifference(rejected).size === 0
  );
}

function judged(
  { id, title, factor, targets, pythonSeconds }: Case,
  observation: Observation,
  invocations: readonly Invocation[],
): Measurement {
  const seconds = (ms: number) => (ms * factor) / 1000;
  const begun = Math.min(...invocations.map(({ startedAt }) => startedAt));
  const ended = Math.max(...invocations.map(({ startedAt, durationMs }) => startedAt + durationMs));
  const { changeSets, calls, callsByOperation, throttled } = observation;
  const elapsedSeconds = seconds(ended - begun);
  const criticalPathSeconds = seconds(observation.criticalPathMs);
  const ratio = changeSets === 0 ? undefined : elapsedSeconds / criticalPathSeconds;
  const callsPerChangeSet = changeSets === 0 ? undefined : calls / changeSets;
  const throttledPercent = calls === 0 ? 0 : (100 * throttled) / calls;
  const peakMemoryMb = Math.max(
    ...invocations.map((invocation) => ('peakMemoryMb' in invocation ? invocation.peakMemoryMb : 0)),
  );

  const misses: string[] = [];
  const atMost = (what: string, value: number | undefined, most: number | undefined) => {
    if (value !== undefined && most !== undefined && value > most) {
      misses.push(`${what} ${Number(value.toFixed(3))}, at most ${most}`);
    }
  };
  if (invocations.length === 0) misses.push('the function was not invoked');
  for (const { outcome } of invocations) if (outcome !== 'returned') misses.push(`an invocation ${outcome}`);
  atMost('ratio', ratio, targets.ratio);
  atMost('calls per change set', callsPerChangeSet, targets.callsPerChangeSet);
  atMost('calls', calls, targets.calls);
  atMost('change sets', changeSets, targets.changeSets);
  atMost('throttled percent', throttledPercent, THROTTLED_PERCENT);
  atMost('peak memory', peakMemoryMb, targets.peakMemoryMb);

  return {
    id,
    title,
    factor,
    elapsedSeconds,
    criticalPathSeconds,
    ...(ratio !== undefined && { ratio }),
    gapSeconds: seconds(observation.meanGapMs),
    changeSets,
    calls,
    callsByOperation,
    ...(callsPerChangeSet !== undefined && { callsPerChangeSet }),
    throttledPercent,
    invocations: invocations.length,
    peakMemoryMb,
    ...(pythonSeconds !== undefined && { pythonSeconds }),
    misses,
  };
}
