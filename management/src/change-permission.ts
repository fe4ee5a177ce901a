import type { SNSClient } from '@aws-sdk/client-sns';
import type { CloudFormationCustomResourceEvent, CloudFormationCustomResourceResponse } from 'aws-lambda';
import { errorText } from '../../shared/catalog.js';
import type { Log } from '../../shared/telemetry.js';
import { answerTo } from './cloudformation-answer.js';
import {
  addPermission,
  readPermission,
  readPermissionIfAny,
  removePermission,
  samePermission,
} from './topic-permission.js';

/** How the id of a resource ends whose creation failed. CloudFormation deletes it next. */
const NOT_CREATED = '/not-created';

/** What {@link changePermission} works with. */
export interface PermissionServices {
  readonly sns: SNSClient;
  readonly log: Log;
}

/**
 * Does what CloudFormation asks of the custom resource: one account's permission to subscribe to the topic.
 *
 * - Create adds it.
 * - Update moves it when the account or the topic has changed: the new one is added before the old one is removed. It
 *   keeps the resource's id, whoever gave it; so CloudFormation sees no replacement and deletes nothing afterwards.
 * - Delete removes it. After a creation that failed, and so may have added nothing, it succeeds in any case.
 *
 * @param deadline aborts when CloudFormation has to get its answer.
 * @returns the answer for CloudFormation. It never throws: a failure is an answer too.
 */
export async function changePermission(
  event: CloudFormationCustomResourceEvent,
  { sns, log }: PermissionServices,
  deadline: AbortSignal,
): Promise<CloudFormationCustomResourceResponse> {
  const id = event.RequestType === 'Create' ? newId(event) : event.PhysicalResourceId;
  try {
    await Promise.race([apply(event, sns, deadline), aborted(deadline)]);
    return answerTo(event, id);
  } catch (error) {
    const reason = deadline.aborted
      ? 'SNS did not answer before the time limit of the function. Try the stack operation again.'
      : errorText(error);
    if (event.RequestType === 'Delete' && id.endsWith(NOT_CREATED)) {
      log.warn(`Nothing is left to delete of a resource that was not created. ${reason}`);
      return answerTo(event, id);
    }
    log.error(reason);
    return answerTo(event, event.RequestType === 'Create' ? id + NOT_CREATED : id, reason);
  }
}

async function apply(
  event: CloudFormationCustomResourceEvent,
  sns: SNSClient,
  deadline: AbortSignal,
): Promise<void> {
  if (event.RequestType === 'Delete') {
    const permission = readPermissionIfAny(event.ResourceProperties);
    if (permission) await removePermission(sns, permission, deadline);
    return;
  }
  const permission = readPermission(event.ResourceProperties);
  await addPermission(sns, permission, deadline);
  if (event.RequestType === 'Create') return;
  const old = readPermissionIfAny(event.OldResourceProperties);
  if (old && !samePermission(old, permission)) await removePermission(sns, old, deadline);
}

/** The id of a new resource: the same each time that the same creation is asked for. */
function newId({ StackId, LogicalResourceId }: CloudFormationCustomResourceEvent): string {
  return `${StackId}/${LogicalResourceId}`;
}

/** Rejects when a signal aborts: the SDK's own waits between two tries do not listen to it. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
