import { randomUUID } from 'node:crypto';
import {
  type Change,
  ChangeStatus,
  type DescribeChangeSetResponse,
  FailureCode,
} from '@aws-sdk/client-marketplace-catalog';
import { type Catalog, errorName, errorText, mayPass, OutOfTime } from '../../shared/catalog.js';
import {
  type ChangeSetId,
  changeSetId,
  type ExperienceId,
  type ProductId,
} from '../../shared/identifiers.js';
import type { Log } from '../../shared/telemetry.js';
import type { InvocationTime } from './invocation-time.js';
import type { OpenChangeSets } from './open-change-sets.js';
import type { Pace } from './pace.js';
import type { Plan } from './plan.js';

/** How a batch of changes to one experience ended. */
export type BatchResult =
  | { readonly kind: 'succeeded' }
  /** The reason lies in the products, or in the pair of changes; `message` may name them. */
  | { readonly kind: 'refused'; readonly message: string }
  /** Another change set was in the way; it has ended, and the experience may differ from what was read. */
  | { readonly kind: 'overtaken' }
  /** The reason lies in the experience, and trying again will not help. */
  | { readonly kind: 'impossible'; readonly message: string }
  /** It was tried often enough; a later try may help. */
  | { readonly kind: 'gave up'; readonly message: string }
  /** The invocation's time is over. `changeSet`: the one that still runs, where one does. */
  | { readonly kind: 'unfinished'; readonly changeSet?: ChangeSetId };

/** What the change sets of all experiences of a run share. */
export interface ChangeSetContext {
  readonly catalog: Catalog;
  readonly time: InvocationTime;
  readonly pace: Pace;
  readonly open: OpenChangeSets;
  readonly log: Log;
  /** Called for each change set that was started. */
  readonly onStarted: () => void;
}

/** How often a batch is started anew after a change set was cancelled or met a fault of the service. */
const ATTEMPTS = 5;
/** How often a start is tried while too many change sets are open that are not ours. */
const TRIES_WHILE_FULL = 10;
/** The longest wait before a new attempt, in units. */
const LONGEST_WAIT = 8;

/**
 * Error codes of a failed change set that speak of the experience, not of a product: "Work with change sets" gives
 * ENTITY_NOT_FOUND for an experience without a procurement policy; the others are recognized by their words.
 */
const ABOUT_THE_EXPERIENCE =
  /ENTITY_NOT_FOUND|ACCESS|PERMISSION|AUTHORIZ|EXPERIENCE|ARCHIVED|PROCUREMENT_POLICY/i;
const SAYS_ABOUT_THE_EXPERIENCE =
  /experience.*archived|(no|without|without a) procurement policy|not authorized|access denied/i;

/**
 * Applies one batch to one experience and waits for the end of its change set. Whatever may pass is tried again
 * within bounds: the same request with its idempotency token, a new attempt with a new one.
 *
 * @param left how many products the experience still has to change: where several wait to start one, the experience
 * that has the longest way to go starts first.
 */
export async function applyBatch(
  context: ChangeSetContext,
  experience: ExperienceId,
  batch: Plan,
  likelyToFail: boolean,
  left = 0,
): Promise<BatchResult> {
  const { catalog, time, open, log } = context;
  let triesWhileFull = 0;
  for (let attempt = 1; ; ) {
    let started: ChangeSetId | undefined;
    let locked: string | undefined;
    await open.enter();
    try {
      started = await catalog.startChangeSet(
        nameOf(batch),
        changesOf(experience, batch),
        randomUUID(),
        -left,
      );
      const startedAt = time.now(); // not before: the request may have waited for its turn in the budget
      context.onStarted();
      const ended = await awaitEnd(context, started, startedAt, likelyToFail);
      log.info('Change set ended', {
        experience_id: experience,
        change_set_id: started,
        status: ended.Status,
        approve: batch.approve.length,
        deny: batch.deny.length,
        seconds: Math.round((time.now() - startedAt) / 100) / 10,
      });
      if (ended.Status === ChangeStatus.SUCCEEDED) return { kind: 'succeeded' };
      const why = `change set ${started} ${ended.Status}: ${failureText(ended)}`;
      if (ended.Status === ChangeStatus.FAILED && ended.FailureCode === FailureCode.ClientError) {
        return isAboutTheExperience(ended, batch)
          ? { kind: 'impossible', message: why }
          : { kind: 'refused', message: failureText(ended) };
      }
      if (attempt === ATTEMPTS) return { kind: 'gave up', message: why };
    } catch (error) {
      if (error instanceof OutOfTime) return { kind: 'unfinished', ...(started && { changeSet: started }) };
      if (started) return { kind: 'gave up', message: `change set ${started}: ${errorText(error)}` };
      switch (errorName(error)) {
        case 'ResourceInUseException':
          locked = errorText(error);
          break;
        case 'ServiceQuotaExceededException':
          triesWhileFull = open.tooMany() ? 0 : triesWhileFull + 1;
          if (triesWhileFull === TRIES_WHILE_FULL) return { kind: 'gave up', message: errorText(error) };
          break;
        case 'ValidationException':
          return {
            kind: SAYS_ABOUT_THE_EXPERIENCE.test(errorText(error)) ? 'impossible' : 'refused',
            message: errorText(error),
          };
        default:
          return { kind: mayPass(error) ? 'gave up' : 'impossible', message: errorText(error) };
      }
    } finally {
      open.leave(started !== undefined);
    }
    if (locked) return overtaken(context, experience, locked);
    try {
      await time.wait(Math.min(started ? 2 ** attempt++ : 1 + triesWhileFull, LONGEST_WAIT));
    } catch (error) {
      if (error instanceof OutOfTime) return { kind: 'unfinished' };
      throw error;
    }
  }
}

/**
 * Waits for the end of a change set, looking at it as seldom as its pace permits.
 *
 * @param startedAt when it was started, in milliseconds since 1970; when not known, the moment it was found.
 * @returns it, in one of its three final states.
 * @throws OutOfTime when the invocation ends before it does.
 */
export async function awaitEnd(
  { catalog, time, pace }: ChangeSetContext,
  id: ChangeSetId,
  startedAt: number | undefined,
  early: boolean,
): Promise<DescribeChangeSetResponse> {
  const since = startedAt ?? time.now();
  for (;;) {
    const elapsed = time.unitsSince(since);
    await time.wait(
      startedAt === undefined ? pace.untilLookAtFound(elapsed) : pace.untilLook(elapsed, early),
    );
    const changeSet = await catalog.describeChangeSet(id);
    if (changeSet.Status !== ChangeStatus.PREPARING && changeSet.Status !== ChangeStatus.APPLYING) {
      if (changeSet.Status === ChangeStatus.SUCCEEDED && startedAt !== undefined) {
        pace.learn(time.unitsSince(since));
      }
      return changeSet;
    }
  }
}

/** Waits for the change set that locks an experience, whoever started it. */
async function overtaken(
  context: ChangeSetContext,
  experience: ExperienceId,
  message: string,
): Promise<BatchResult> {
  const { time, log } = context;
  const inTheWay = changeSetIn(message, experience);
  log.info('Experience is locked by another change set', {
    experience_id: experience,
    change_set_id: inTheWay,
    message,
  });
  try {
    if (inTheWay) {
      try {
        await awaitEnd(context, inTheWay, undefined, true);
        return { kind: 'overtaken' };
      } catch (error) {
        if (error instanceof OutOfTime) throw error;
        // It can be another principal's, which this role may not see: the experience is all there is to look at.
        log.warn('The change set in the way cannot be read', {
          experience_id: experience,
          error: errorText(error),
        });
      }
    }
    await time.wait(LONGEST_WAIT); // nothing tells when it ends, and asking for the lock costs requests
    return { kind: 'overtaken' };
  } catch (error) {
    if (error instanceof OutOfTime) return { kind: 'unfinished', ...(inTheWay && { changeSet: inTheWay }) };
    throw error;
  }
}

/**
 * The change set that a ResourceInUseException names. The text is not documented; ids of change sets are the only
 * words in it with digits, apart from the experience's own id.
 */
export function changeSetIn(message: string, experience: ExperienceId): ChangeSetId | undefined {
  const words = message.split(/[^A-Za-z0-9_-]+/).filter((word) => /\d/.test(word) && word.length >= 6);
  const candidate = words.findLast((word) => word !== experience && !word.startsWith('exp-'));
  return candidate === undefined ? undefined : changeSetId(candidate);
}

function nameOf({ approve, deny }: Plan): string {
  return `Cross-organization sync: approve ${approve.length} deny ${deny.length}`;
}

function changesOf(experience: ExperienceId, { approve, deny }: Plan): Change[] {
  const change = (ChangeType: string, Ids: readonly ProductId[]): Change => ({
    ChangeType,
    Entity: { Type: 'Experience@1.0', Identifier: experience },
    Details: JSON.stringify({ Products: [{ Ids }] }),
  });
  return [
    ...(approve.length > 0 ? [change('AllowProductProcurement', approve)] : []),
    ...(deny.length > 0 ? [change('DenyProductProcurement', deny)] : []),
  ];
}

function failureText({ FailureDescription, ChangeSet = [] }: DescribeChangeSetResponse): string {
  const details = ChangeSet.flatMap(({ ErrorDetailList = [] }) =>
    ErrorDetailList.map(({ ErrorCode, ErrorMessage }) =>
      [ErrorCode, ErrorMessage].filter(Boolean).join(': '),
    ),
  );
  return [FailureDescription, ...details].filter(Boolean).join('; ') || 'no reason given';
}

function isAboutTheExperience(ended: DescribeChangeSetResponse, batch: Plan): boolean {
  const text = failureText(ended);
  const words = new Set(text.split(/[^A-Za-z0-9-]+/));
  if ([...batch.approve, ...batch.deny].some((id) => words.has(id))) return false;
  const codes = (ended.ChangeSet ?? []).flatMap(({ ErrorDetailList = [] }) =>
    ErrorDetailList.map(({ ErrorCode = '' }) => ErrorCode),
  );
  return codes.some((code) => ABOUT_THE_EXPERIENCE.test(code)) || SAYS_ABOUT_THE_EXPERIENCE.test(text);
}
