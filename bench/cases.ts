/** What one experience holds, and what it is to become. */
export interface Work {
  /** Products that it approves already, and goes on approving. */
  readonly kept: number;
  /** Products to approve. */
  readonly approve: number;
  /** Products to deny: it approves them; every other one of them is rejected in the snapshot. */
  readonly deny: number;
  /** Products that both sides reject. */
  readonly rejected: number;
}

/** What a case must not exceed. */
export interface Targets {
  /** Elapsed time divided by the critical path. */
  readonly ratio?: number;
  readonly callsPerChangeSet?: number;
  readonly calls?: number;
  readonly changeSets?: number;
  readonly peakMemoryMb?: number;
}

/** One measurement of the benchmark. */
export interface Case {
  /** To select it by. */
  readonly id: string;
  readonly title: string;
  readonly experiences: number;
  readonly work: Work;
  /**
   * By how much time is compressed. As much as leaves the processors of two cores idle most of the time: requests
   * cost the same whatever the factor, so the more of them a second, the smaller it has to be.
   */
  readonly factor: number;
  /**
   * How often it is measured, each time with a seed of its own; the run with the median ratio counts. Default: 1. Where
   * few change sets make up the path, it is chance how long after a look each of them ends.
   */
  readonly runs?: number;
  readonly targets: Targets;
  /** What the Python sample took for the same work on the same kind of simulation, in seconds. */
  readonly pythonSeconds?: number;
}

const CALLS_PER_CHANGE_SET = 8;
/** What the function is given: MemorySize in its template. */
const FUNCTION_MEMORY_MB = 256;

const NOTHING: Work = { kept: 0, approve: 0, deny: 0, rejected: 0 };
const changing = (approve: number, deny: number): Work => ({ kept: 200, approve, deny, rejected: 50 });

/** The cases, in the order in which they run. */
export const CASES: readonly Case[] = [
  {
    id: '1',
    title: '1 × (500 + 500)',
    experiences: 1,
    work: changing(500, 500),
    factor: 16,
    runs: 3,
    targets: { ratio: 1.05, callsPerChangeSet: CALLS_PER_CHANGE_SET },
    pythonSeconds: 649,
  },
  {
    id: '10',
    title: '10 × (250 + 250)',
    experiences: 10,
    work: changing(250, 250),
    factor: 8,
    runs: 3,
    targets: { ratio: 1.06, callsPerChangeSet: CALLS_PER_CHANGE_SET },
    pythonSeconds: 3259,
  },
  {
    id: '20',
    title: '20 × (500 + 100)',
    experiences: 20,
    work: changing(500, 100),
    factor: 8,
    targets: { ratio: 1.08, callsPerChangeSet: CALLS_PER_CHANGE_SET },
    pythonSeconds: 7927,
  },
  {
    id: '50',
    title: '50 × (100 + 100)',
    experiences: 50,
    work: changing(100, 100),
    factor: 4,
    targets: { ratio: 1.25 },
  },
  {
    id: '100',
    title: '100 × (100 + 100)',
    experiences: 100,
    work: changing(100, 100),
    factor: 4,
    targets: { ratio: 1.6 },
  },
  {
    id: 'no-op',
    title: '20, equal',
    experiences: 20,
    work: { ...NOTHING, kept: 1000, rejected: 200 },
    factor: 1,
    targets: { calls: 45, changeSets: 0 },
  },
  {
    id: '30000',
    title: '1 of 30,000, equal',
    experiences: 1,
    work: { ...NOTHING, kept: 25_000, rejected: 5_000 },
    factor: 1,
    targets: { changeSets: 0, peakMemoryMb: FUNCTION_MEMORY_MB },
  },
  {
    id: '5000',
    title: '2 empty × 5,000',
    experiences: 2,
    work: { ...NOTHING, approve: 5_000 },
    factor: 40,
    targets: { ratio: 1.15, callsPerChangeSet: CALLS_PER_CHANGE_SET },
  },
];

/**
 * The cases of some ids, in their own order; all of them when none is given.
 *
 * @throws Error naming an id that no case has.
 */
export function selectCases(ids: readonly string[]): readonly Case[] {
  const unknown = ids.find((id) => !CASES.some((one) => one.id === id));
  if (unknown !== undefined) {
    throw new Error(
      `There is no case ${JSON.stringify(unknown)}: choose from ${CASES.map(({ id }) => id).join(', ')}.`,
    );
  }
  return ids.length === 0 ? CASES : CASES.filter(({ id }) => ids.includes(id));
}
