import { SNSClient } from '@aws-sdk/client-sns';
import type {
  CloudFormationCustomResourceEvent,
  CloudFormationCustomResourceResponse,
  Context,
} from 'aws-lambda';
import { errorText } from '../../shared/catalog.js';
import { systemClock } from '../../shared/clock.js';
import { completed } from '../../shared/lambda-context.js';
import { createLogger } from '../../shared/telemetry.js';
import { changePermission, type PermissionServices } from './change-permission.js';
import { LONGEST_ANSWER_MS, sendAnswer } from './cloudformation-answer.js';

/** An answer of SNS that takes longer than this counts as lost; both in milliseconds. */
const TIMEOUTS = { connectionTimeout: 5_000, requestTimeout: 10_000, throwOnRequestTimeout: true };

/** The time limit in the template, in milliseconds. */
const TIMEOUT_MS = 60_000;

const log = createLogger('SNSAddPermissionLambda');
let services: PermissionServices | undefined;

/**
 * The custom resource that lets one more account subscribe to the topic. CloudFormation is always answered, failures
 * included, and before the function's time limit.
 *
 * @returns the answer that CloudFormation got.
 * @throws AnswerNotTaken when it could not be delivered, so that Lambda runs the function again, which does no harm.
 */
export async function handler(
  event: CloudFormationCustomResourceEvent,
  lambdaContext?: Partial<Context>,
): Promise<CloudFormationCustomResourceResponse> {
  const context = completed(lambdaContext, 'SNSAddPermissionLambda', TIMEOUT_MS);
  log.addContext(context);
  if (!event?.ResponseURL) {
    throw new TypeError('This function serves CloudFormation alone: the event has no ResponseURL.');
  }
  services ??= { sns: new SNSClient({ maxAttempts: 4, requestHandler: TIMEOUTS }), log };
  const remaining = context.getRemainingTimeInMillis();
  // A time limit too short for every try of the answer is shared out between the work and the answer.
  const deadline = AbortSignal.timeout(Math.max(remaining - LONGEST_ANSWER_MS, Math.floor(remaining / 2)));
  try {
    const answer = await changePermission(event, services, deadline);
    await sendAnswer(event.ResponseURL, answer, systemClock);
    log.info('CloudFormation has its answer.', { request: event.RequestType, ...answer });
    return answer;
  } catch (error) {
    log.error(errorText(error));
    throw error;
  }
}
