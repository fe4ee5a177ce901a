import type { CloudFormationCustomResourceEvent, CloudFormationCustomResourceResponse } from 'aws-lambda';
import { errorText } from '../../shared/catalog.js';
import type { Clock } from '../../shared/clock.js';

/**
 * The answer as a whole may have 4,096 bytes (CloudFormation, "Custom resource response objects"), and its ids alone
 * up to 1.5 KB, so the reason gets this many characters.
 */
const REASON_LENGTH = 400;
/** How often the answer is sent, at most. */
const TRIES = 4;
/** The wait before the second try, in milliseconds; each further one is twice as long. */
const FIRST_WAIT_MS = 500;
/** How long one try may take, in milliseconds. */
const TRY_MS = 4_000;
/** How long {@link sendAnswer} takes at the most, in milliseconds. */
export const LONGEST_ANSWER_MS = TRIES * TRY_MS + FIRST_WAIT_MS * (2 ** (TRIES - 1) - 1);

/** CloudFormation did not take the answer. The stack waits until it gets one, or for an hour. */
export class AnswerNotTaken extends Error {
  override readonly name = 'AnswerNotTaken';
}

/** The answer to an event. @param reason why the operation failed; without one, it succeeded. */
export function answerTo(
  event: CloudFormationCustomResourceEvent,
  physicalResourceId: string,
  reason?: string,
): CloudFormationCustomResourceResponse {
  const ids = {
    PhysicalResourceId: physicalResourceId,
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
  };
  if (reason === undefined) return { Status: 'SUCCESS', ...ids };
  const shortened = reason.length > REASON_LENGTH ? `${reason.slice(0, REASON_LENGTH - 1)}…` : reason;
  return { Status: 'FAILED', Reason: shortened, ...ids };
}

/**
 * Puts the answer where CloudFormation waits for it: an address in S3, signed for a request without a content type.
 * A try that fails, whatever the reason, is repeated.
 *
 * @throws AnswerNotTaken after the last try.
 */
export async function sendAnswer(
  url: string,
  answer: CloudFormationCustomResourceResponse,
  clock: Clock,
  tryMs = TRY_MS,
): Promise<void> {
  const body = JSON.stringify(answer);
  for (let attempt = 1; ; attempt += 1) {
    const failure = await put(url, body, tryMs);
    if (failure === undefined) return;
    if (attempt === TRIES) {
      // The address is a credential: it stays out of the message.
      throw new AnswerNotTaken(
        `CloudFormation did not take the answer ${answer.Status} for ${answer.LogicalResourceId} of ${answer.StackId}, in ${TRIES} tries (${failure}).`,
      );
    }
    await clock.sleep(FIRST_WAIT_MS * 2 ** (attempt - 1));
  }
}

/** One try. @returns why it failed; `undefined` when it did not. */
async function put(url: string, body: string, tryMs: number): Promise<string | undefined> {
  try {
    const { ok, status } = await fetch(url, {
      method: 'PUT',
      headers: { 'content-type': '' }, // otherwise fetch sets one for a text, and the signature does not fit
      body,
      signal: AbortSignal.timeout(tryMs),
    });
    return ok ? undefined : `HTTP status ${status}`;
  } catch (error) {
    const { cause = error } = error as Error; // fetch rejects with nothing else; "fetch failed" alone says little
    return errorText(cause);
  }
}
