import { between, type Random, type Range } from '../random.js';
import type { Operation } from './settings.js';

/** What goes wrong with a request. */
export type RequestFault =
  /** ThrottlingException, 429. */
  | 'throttled'
  /** InternalServiceException, 500. Nothing was done. */
  | 'server error'
  /** The connection breaks before the service has done anything. */
  | 'lost before'
  /** The service does what was asked, and its answer gets lost. */
  | 'lost after'
  /** StartChangeSet only: ServiceQuotaExceededException, 402. */
  | 'too many open'
  /** StartChangeSet and DescribeEntity: AccessDeniedException, 403, for this request only. */
  | 'access denied'
  /** StartChangeSet only: the experience was archived just now. */
  | 'archived'
  /** StartChangeSet only: an administrator's own change set has just taken the experience, for so long. */
  | { readonly administratorsChangeSetMs: number };

/** What goes wrong with a change set that has been accepted. */
export type ChangeSetFault =
  /** FAILED with SERVER_FAULT: nothing is applied, and it should be tried again. */
  | 'server fault'
  /** An administrator cancels it while it is PREPARING. */
  | 'cancelled'
  /** The experience is archived while it runs. */
  | 'archived';

/** A request as a fault plan sees it. */
export interface FaultyRequest {
  readonly operation: Operation;
  readonly account: string;
  /** The entities it is about: experiences, or procurement policies. */
  readonly entities: readonly string[];
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Decides what goes wrong. Either question can be left unanswered. */
export interface FaultPlan {
  request?(request: FaultyRequest): RequestFault | undefined;
  changeSet?(request: FaultyRequest): ChangeSetFault | undefined;
}

/** The probability of each fault, 0 to 1; those left out do not occur. */
export interface FaultProbabilities {
  /** Of any request. */
  readonly throttled?: number;
  readonly serverError?: number;
  readonly lostBefore?: number;
  readonly lostAfter?: number;
  /** Of a StartChangeSet. */
  readonly tooManyOpen?: number;
  readonly accessDenied?: number;
  readonly archived?: number;
  readonly administratorsChangeSet?: number;
  /** How long an administrator's change set takes, in milliseconds. */
  readonly administratorsChangeSetMs?: Range;
  /** Of a change set that has been accepted. */
  readonly serverFault?: number;
  readonly cancelled?: number;
  readonly archivedMeanwhile?: number;
}

/** A plan in which every fault has its probability, at every request anew. */
export function randomFaults(random: Random, probabilities: FaultProbabilities): FaultPlan {
  const anyRequest: [RequestFault, number][] = [
    ['throttled', probabilities.throttled ?? 0],
    ['server error', probabilities.serverError ?? 0],
    ['lost before', probabilities.lostBefore ?? 0],
    ['lost after', probabilities.lostAfter ?? 0],
  ];
  const startChangeSet: [Exclude<RequestFault, object> | 'administrator', number][] = [
    ['too many open', probabilities.tooManyOpen ?? 0],
    ['access denied', probabilities.accessDenied ?? 0],
    ['archived', probabilities.archived ?? 0],
    ['administrator', probabilities.administratorsChangeSet ?? 0],
  ];
  const acceptedChangeSet: [ChangeSetFault, number][] = [
    ['server fault', probabilities.serverFault ?? 0],
    ['cancelled', probabilities.cancelled ?? 0],
    ['archived', probabilities.archivedMeanwhile ?? 0],
  ];
  const administratorsMs = probabilities.administratorsChangeSetMs ?? [5_000, 60_000];
  return {
    request({ operation }) {
      const any = draw(random, anyRequest);
      if (any || operation !== 'StartChangeSet') return any;
      const fault = draw(random, startChangeSet);
      return fault === 'administrator'
        ? { administratorsChangeSetMs: between(random, administratorsMs) }
        : fault;
    },
    changeSet: () => draw(random, acceptedChangeSet),
  };
}

/** One of the faults, with its probability, or none. */
function draw<Fault>(random: Random, faults: readonly (readonly [Fault, number])[]): Fault | undefined {
  let left = random();
  for (const [fault, probability] of faults) {
    if (left < probability) return fault;
    left -= probability;
  }
  return undefined;
}
