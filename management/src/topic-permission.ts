import {
  AddPermissionCommand,
  InvalidParameterException,
  NotFoundException,
  RemovePermissionCommand,
  type SNSClient,
} from '@aws-sdk/client-sns';
import { errorName, errorText } from '../../shared/catalog.js';
import { ConfigurationError, required, requiredTopicArn } from '../../shared/environment.js';
import { type AccountId, accountId } from '../../shared/identifiers.js';

/** An account's permission to subscribe to a topic. */
export interface TopicPermission {
  readonly account: AccountId;
  readonly topicArn: string;
}

/** SNS did not add or remove a permission. */
export class PermissionNotChanged extends Error {
  override readonly name = 'PermissionNotChanged';
}

/** The properties of the custom resource as an event gives them: anything that a template can express. */
export type ResourceProperties = Readonly<Record<string, unknown>>;

/**
 * Reads the properties `AWSAccount` and `TopicArn`.
 *
 * @throws ConfigurationError naming the property that is missing or malformed.
 */
export function readPermission({ AWSAccount, TopicArn }: ResourceProperties): TopicPermission {
  const texts = {
    AWSAccount: typeof AWSAccount === 'string' ? AWSAccount : undefined,
    TopicArn: typeof TopicArn === 'string' ? TopicArn : undefined,
  };
  return {
    account: accountId(required(texts, 'AWSAccount', /^\d{12}$/, 'an AWS account id, twelve digits')),
    topicArn: requiredTopicArn(texts, 'TopicArn').arn,
  };
}

/** The same, but `undefined` for properties for which no permission can ever have been added. */
export function readPermissionIfAny(properties: ResourceProperties): TopicPermission | undefined {
  try {
    return readPermission(properties);
  } catch (error) {
    if (error instanceof ConfigurationError) return undefined;
    throw error;
  }
}

/** Whether two permissions are the same statement of the same topic. */
export function samePermission(a: TopicPermission, b: TopicPermission): boolean {
  return a.account === b.account && a.topicArn === b.topicArn;
}

/**
 * Lets an account subscribe to a topic, in a statement with the account id as its label. One that is there already
 * is left as it is.
 *
 * @throws PermissionNotChanged when SNS refuses, or does not answer.
 */
export async function addPermission(
  sns: SNSClient,
  { account, topicArn }: TopicPermission,
  signal: AbortSignal,
): Promise<void> {
  try {
    await sns.send(
      new AddPermissionCommand({
        TopicArn: topicArn,
        Label: account,
        AWSAccountId: [account],
        ActionName: ['Subscribe'],
      }),
      { abortSignal: signal },
    );
  } catch (error) {
    // SNS has no exception of its own for a label that is in use.
    if (error instanceof InvalidParameterException && /already exists/i.test(error.message)) return;
    throw notChanged(`The account ${account} could not be allowed to subscribe to ${topicArn}`, error);
  }
}

/**
 * Takes the permission away again. One that is not there, or whose topic is gone, counts as taken away.
 *
 * @throws PermissionNotChanged when SNS refuses, or does not answer.
 */
export async function removePermission(
  sns: SNSClient,
  { account, topicArn }: TopicPermission,
  signal: AbortSignal,
): Promise<void> {
  try {
    await sns.send(new RemovePermissionCommand({ TopicArn: topicArn, Label: account }), {
      abortSignal: signal,
    });
  } catch (error) {
    // Both parameters have been checked, so an invalid one means a label or a topic that SNS does not know.
    if (error instanceof NotFoundException || error instanceof InvalidParameterException) return;
    throw notChanged(
      `The permission of the account ${account} to subscribe to ${topicArn} could not be removed`,
      error,
    );
  }
}

function notChanged(what: string, cause: unknown): PermissionNotChanged {
  return new PermissionNotChanged(`${what} (${errorText(cause)}). ${remedy(cause)}`, { cause });
}

function remedy(error: unknown): string {
  switch (errorName(error)) {
    case 'NotFoundException':
      return 'Deploy the management stack of this experience with OnlyCrossAccountAccessRole=no first.';
    case 'InvalidParameterException':
      return 'Check that MemberOrgAccountId is the id of an existing AWS account.';
    case 'AuthorizationErrorException':
      return "Check that the function's role allows sns:AddPermission and sns:RemovePermission on the topic.";
    default:
      return 'Try the stack operation again.';
  }
}
