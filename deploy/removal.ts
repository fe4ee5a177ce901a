import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { ListRolesCommand } from '@aws-sdk/client-iam';
import { DescribeKeyCommand, ListKeysCommand } from '@aws-sdk/client-kms';
import { ListEventSourceMappingsCommand, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { GetTopicAttributesCommand, ListSubscriptionsCommand, ListTopicsCommand } from '@aws-sdk/client-sns';
import { ListQueuesCommand } from '@aws-sdk/client-sqs';
import type { Administrator } from './administrator.js';
import { type Deployed, EXPERIENCE } from './deployment.js';
import { ACCOUNTS, ORGANIZATIONS, REGION, type World } from './world.js';

/** The README's "Remove": members first, and then nothing is left. */
export async function removeEverything(world: World, deployed: Deployed): Promise<void> {
  const { transcript, readme } = world;
  const { management, member, furtherMember } = deployed;
  const topic = `arn:aws:sns:${REGION}:${ACCOUNTS.management}:${EXPERIENCE}-PrivateMarketplace`;

  transcript.heading('Remove: one member organization of several');
  transcript.same('before, the topic allows both members to subscribe', await labels(management, topic), [
    FIRST_MEMBER,
    ACCOUNTS.furtherMember,
  ]);
  await furtherMember.paste(readme.block('remove-member'));
  await management.paste(readme.block('remove-further-member'));
  transcript.same(
    "afterwards the topic allows the other one's account only",
    await labels(management, topic),
    [FIRST_MEMBER],
  );
  transcript.same('and the other one is still subscribed', (await subscribers(management)).sort(), [
    ACCOUNTS.member,
    ACCOUNTS.member,
  ]);

  transcript.heading('Remove: everything');
  await member.paste(readme.block('remove-member'));
  await member.paste(
    readme.block('remove-member', { 'private-marketplace-member': 'private-marketplace-member-2' }),
  );
  await management.paste(readme.block('remove-management'));
  await management.paste(
    readme.block('remove-management', {
      'private-marketplace-management': 'private-marketplace-management-2',
    }),
  );
  const delegation = world.administrator(ORGANIZATIONS[ACCOUNTS.member] ?? '', REGION);
  await delegation.paste('aws cloudformation delete-stack --stack-name private-marketplace-delegation');
  for (const administrator of [member, furtherMember, management]) {
    transcript.same(`nothing is left in ${administrator.account}`, await leftovers(administrator), []);
  }
}

/** The label of the statement that the management stack itself writes. */
const FIRST_MEMBER = 'Stmt1643807474528';

/** The labels of the statements in a topic's policy. */
export async function labels(administrator: Administrator, topic: string): Promise<string[]> {
  const { Attributes } = await administrator.sns.send(new GetTopicAttributesCommand({ TopicArn: topic }));
  const policy = JSON.parse(Attributes?.Policy ?? '{"Statement":[]}') as { Statement: { Sid: string }[] }; // SNS's own
  return policy.Statement.map(({ Sid }) => Sid);
}

async function subscribers({ sns }: Administrator): Promise<string[]> {
  const { Subscriptions = [] } = await sns.send(new ListSubscriptionsCommand({}));
  return Subscriptions.map(({ Endpoint }) => Endpoint?.split(':')[4] ?? '');
}

/** Everything in an account but what the SAM CLI keeps for itself and keys that wait for their deletion. */
async function leftovers(administrator: Administrator): Promise<string[]> {
  const { lambda, sns, sqs, iam, kms, events, tables } = administrator;
  const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
  const { EventSourceMappings = [] } = await lambda.send(new ListEventSourceMappingsCommand({}));
  const { Topics = [] } = await sns.send(new ListTopicsCommand({}));
  const { Subscriptions = [] } = await sns.send(new ListSubscriptionsCommand({}));
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
  const { Roles = [] } = await iam.send(new ListRolesCommand({}));
  const { Rules = [] } = await events.send(new ListRulesCommand({}));
  const { TableNames = [] } = await tables.send(new ListTablesCommand({}));
  const { Keys = [] } = await kms.send(new ListKeysCommand({}));
  const keys = await Promise.all(
    Keys.map(({ KeyId }) => kms.send(new DescribeKeyCommand({ KeyId: KeyId ?? '' }))),
  );
  const logGroups = await administrator.paste(
    "aws logs describe-log-groups --query 'logGroups[].logGroupName' --output text",
    { quiet: true },
  );
  const stacks = await administrator.paste(
    "aws cloudformation describe-stacks --query 'Stacks[].StackName' --output text",
    { quiet: true },
  );
  return [
    ...Functions.map(({ FunctionArn }) => FunctionArn),
    ...EventSourceMappings.map(({ EventSourceArn }) => EventSourceArn),
    ...Topics.map(({ TopicArn }) => TopicArn),
    ...Subscriptions.map(({ SubscriptionArn }) => SubscriptionArn),
    ...QueueUrls,
    ...Roles.map(({ Arn }) => Arn).filter((arn) => !arn?.includes(':role/aws-service-role/')),
    ...Rules.map(({ Arn }) => Arn),
    ...TableNames,
    ...keys.map(({ KeyMetadata }) => (KeyMetadata?.KeyState === 'PendingDeletion' ? '' : KeyMetadata?.Arn)),
    ...logGroups.stdout.split(/\s+/),
    ...stacks.stdout.split(/\s+/).filter((name) => name !== 'aws-sam-cli-managed-default'),
  ].filter((name): name is string => name !== undefined && name !== '');
}
