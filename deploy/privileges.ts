import { resolve } from 'node:path';
import { GetRoleCommand, GetRolePolicyCommand, ListRolePoliciesCommand } from '@aws-sdk/client-iam';
import { GetKeyPolicyCommand } from '@aws-sdk/client-kms';
import { GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { GetTopicAttributesCommand } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { Administrator } from './administrator.js';
import { CALLERS_ACCOUNT, type Call, readCalls } from './calls.js';
import { run } from './command.js';
import type { Deployed } from './deployment.js';
import type { PythonTools } from './python-tools.js';
import { ACCOUNTS, OTHER_REGION, REGION, type World } from './world.js';

/** A policy document, as far as it is looked at here. */
interface PolicyDocument {
  readonly Statement: readonly {
    readonly Sid?: string;
    readonly Effect: 'Allow' | 'Deny';
    readonly Action: string | readonly string[];
  }[];
}

/** A role as it is deployed. */
interface Role {
  readonly logicalId: string;
  readonly arn: string;
  readonly trust: PolicyDocument;
  readonly policies: readonly PolicyDocument[];
}

/** All the policies of the deployed stacks. */
export interface DeployedPolicies {
  /** By ARN. */
  readonly roles: ReadonlyMap<string, Role>;
  /** From a function's ARN to its role's. */
  readonly roleOf: ReadonlyMap<string, string>;
  readonly topic: Resource;
  readonly queue: Resource;
  readonly key: Resource;
  /** From a table's ARN to the key that encrypts it. */
  readonly keyOf: ReadonlyMap<string, Resource>;
}

/** A resource with a policy of its own. */
interface Resource {
  readonly arn: string;
  readonly policy: PolicyDocument;
}

/** What is granted although no function calls it, with the reason. */
const GRANTED_WITHOUT_CALL: Readonly<Record<string, string>> = {
  'lambdaPMProle sqs:ReceiveMessage': "Lambda's event source calls it, with the function's role",
  'lambdaPMProle sqs:DeleteMessage': "Lambda's event source calls it, with the function's role",
  'lambdaPMProle sqs:GetQueueAttributes': "Lambda's event source calls it, with the function's role",
  'lambdaPMProle logs:CreateLogStream': "Lambda calls it, with the function's role",
  'lambdaPMProle logs:PutLogEvents': "Lambda calls it, with the function's role",
  'SyncPMPExperienceManagementRole logs:CreateLogStream': "Lambda calls it, with the function's role",
  'SyncPMPExperienceManagementRole logs:PutLogEvents': "Lambda calls it, with the function's role",
  'SnsAddPermissionRole logs:CreateLogStream': "Lambda calls it, with the function's role",
  'SnsAddPermissionRole logs:PutLogEvents': "Lambda calls it, with the function's role",
  'MemberOrgAccountRole dynamodb:Query': 'members that still run the Python sample were given it',
};

/** Reads the policies as they are deployed, while the stacks still stand. */
export async function readPolicies(
  { management, member, furtherMember }: Deployed,
  others: readonly (readonly [Administrator, stack: string])[],
): Promise<DeployedPolicies> {
  const roles = new Map<string, Role>();
  const roleOf = new Map<string, string>();
  const keyOf = new Map<string, Resource>();
  const stacks = [
    [management, 'private-marketplace-management'],
    [management, 'private-marketplace-management-2'],
    [management, `private-marketplace-${ACCOUNTS.furtherMember}`],
    [member, 'private-marketplace-member'],
    [member, 'private-marketplace-member-2'],
    [furtherMember, 'private-marketplace-member'],
    ...others,
  ] as const;
  for (const [administrator, stack] of stacks) {
    const { region, account } = administrator;
    const resources = await administrator.resources(stack);
    for (const [logicalId, name] of Object.entries(resources)) {
      if (TABLES.includes(logicalId)) {
        const arn = `arn:aws:dynamodb:${region}:${account}:table/${name}`;
        keyOf.set(arn, await readKey(administrator, resources.DynamoDBEncryptionKey ?? ''));
      }
      if (/role$/i.test(logicalId)) {
        const role = await readRole(administrator, logicalId, name);
        roles.set(role.arn, role);
      }
      if (FUNCTIONS.includes(logicalId)) {
        const { FunctionArn = '', Role = '' } = await administrator.lambda.send(
          new GetFunctionConfigurationCommand({ FunctionName: name }),
        );
        roleOf.set(FunctionArn, Role);
      }
    }
  }
  const inManagement = await management.resources('private-marketplace-management');
  const inMember = await member.resources('private-marketplace-member');
  return {
    roles,
    roleOf,
    topic: await readTopic(management, inManagement.SNSUpdate ?? ''),
    queue: await readQueue(member, inMember.SQSSyncNotifications ?? ''),
    key: await readKey(management, inManagement.DynamoDBEncryptionKey ?? ''),
    keyOf,
  };
}

const TABLES: readonly string[] = ['ApprovedProducts', 'RejectedProducts', 'SyncTimestampsTable'];
const FUNCTIONS: readonly string[] = ['SyncPMPManagement', 'SNSAddPermissionLambda', 'SyncPMPMember'];

async function readRole({ iam }: Administrator, logicalId: string, RoleName: string): Promise<Role> {
  const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  const policies = await Promise.all(
    PolicyNames.map((PolicyName) => iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }))),
  );
  return {
    logicalId,
    arn: Role?.Arn ?? '',
    trust: document(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')),
    policies: policies.map(({ PolicyDocument = '' }) => document(decodeURIComponent(PolicyDocument))),
  };
}

async function readTopic({ sns }: Administrator, arn: string): Promise<Resource> {
  const { Attributes } = await sns.send(new GetTopicAttributesCommand({ TopicArn: arn }));
  return { arn, policy: document(Attributes?.Policy ?? '') };
}

async function readQueue({ sqs }: Administrator, QueueUrl: string): Promise<Resource> {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['Policy', 'QueueArn'] }),
  );
  return { arn: Attributes?.QueueArn ?? '', policy: document(Attributes?.Policy ?? '') };
}

async function readKey({ kms, account, region }: Administrator, KeyId: string): Promise<Resource> {
  const { Policy = '' } = await kms.send(new GetKeyPolicyCommand({ KeyId, PolicyName: 'default' }));
  return { arn: `arn:aws:kms:${region}:${account}:key/${KeyId}`, policy: document(Policy) };
}

function document(text: string): PolicyDocument {
  return JSON.parse(text) as PolicyDocument; // what IAM, SNS, SQS and KMS accepted as one
}

/** What deploy/evaluate_policies.py is asked. */
interface Question {
  readonly policies: readonly PolicyDocument[];
  readonly action: string;
  readonly resource: string;
  /** For policies of resources: who asks. */
  readonly principal?: string;
  readonly context: Readonly<Record<string, string>>;
}

interface Answer {
  readonly decision: 'allowed' | 'denied' | 'neutral';
}

/** Holds every recorded call against the policies, in both directions, and the policies of resources against strangers. */
export async function judgePrivileges(
  world: World,
  tools: PythonTools,
  policies: DeployedPolicies,
): Promise<void> {
  const { transcript } = world;
  transcript.heading('Least privilege: every call of every function, against the deployed policies');
  const ask = async (questions: readonly Question[]): Promise<Answer[]> => {
    const { stdout } = await run(`${tools.bin}/python`, [resolve('deploy/evaluate_policies.py')], {
      transcript,
      cwd: world.folder,
      input: JSON.stringify(questions),
    });
    return JSON.parse(stdout) as Answer[]; // the script's documented answer
  };

  const calls = [...(await callsByRole(world, policies)), ...callsOfTheLocalCloud(world, policies)];
  const used = new Set<string>();
  const questions: { readonly text: string; readonly question: Question }[] = [];
  for (const { role, call } of calls) {
    used.add(`${role.logicalId} ${call.action}`);
    questions.push(...questionsOf(role, call, policies));
  }
  const answers = await ask(questions.map(({ question }) => question));
  const refused = questions.filter((_, index) => answers[index]?.decision !== 'allowed');
  transcript.same(
    `all ${calls.length} different calls are allowed`,
    refused.map(({ text }) => text),
    [],
  );
  for (const action of [...used].sort()) transcript.say(`      ${action}`);

  const granted = new Set<string>();
  for (const { logicalId, policies: documents } of policies.roles.values()) {
    for (const { Effect, Action } of documents.flatMap(({ Statement }) => Statement)) {
      if (Effect !== 'Allow') continue;
      for (const action of [Action].flat()) granted.add(`${logicalId} ${action}`);
    }
  }
  const unused = [...granted].filter((action) => !used.has(action)).sort();
  transcript.same(
    'nothing else is granted, but what has a reason',
    unused,
    Object.keys(GRANTED_WITHOUT_CALL).sort(),
  );
  for (const [action, reason] of Object.entries(GRANTED_WITHOUT_CALL)) {
    transcript.say(`      ${action}: ${reason}`);
  }

  transcript.heading('Who is refused');
  const strangers = refusals(policies);
  const verdicts = await ask(strangers.map(({ question }) => question));
  strangers.forEach(({ text, allowed = false }, index) => {
    const decision = verdicts[index]?.decision;
    transcript.check(
      `${allowed ? 'allowed' : 'refused'}: ${text}`,
      (decision === 'allowed') === allowed,
      decision,
    );
  });
}

/** The recorded calls, each different one once, with the role that made it. */
async function callsByRole(
  world: World,
  { roles, roleOf }: DeployedPolicies,
): Promise<{ readonly role: Role; readonly call: Call }[]> {
  const sessions = new Map<string, string>();
  const found = new Map<string, { readonly role: Role; readonly call: Call }>();
  for (const recorded of readCalls(world.callsFile)) {
    if (recorded.action === 'sts:GetCallerIdentity') continue; // needs no permission: IAM, "STS API operations"
    const { accessKeyId } = recorded;
    let arn = roleOf.get(recorded.function.replace(/:live$/, ''));
    if (!/^\d{12}$/.test(accessKeyId)) {
      arn = sessions.get(accessKeyId) ?? (await roleOfSession(world, accessKeyId));
      sessions.set(accessKeyId, arn);
    }
    const role = roles.get(arn ?? '');
    if (!role) throw new Error(`No deployed role is known for a call of ${recorded.function} (${arn}).`);
    const resource = recorded.resource.replace(CALLERS_ACCOUNT, role.arn.split(':')[4] ?? '');
    const call = { ...recorded, resource };
    found.set(JSON.stringify([role.arn, call.action, resource, call.context]), { role, call });
  }
  return [...found.values()];
}

/** The functions' roles in the deployed stacks, for what the local cloud calls by its logical id. */
const ROLE_OF_FUNCTION: Readonly<Record<string, readonly [account: string, role: string]>> = {
  SyncPMPManagement: [ACCOUNTS.management, 'SyncPMPExperienceManagementRole'],
  SNSAddPermissionLambda: [ACCOUNTS.management, 'SnsAddPermissionRole'],
  SyncPMPMember: [ACCOUNTS.member, 'lambdaPMProle'],
};

/**
 * The calls that the functions made in the local cloud's tests, as the same functions of the README's first stacks would
 * make them: the cloud's tables, topics, queues and roles have other names, but the same part in the work.
 */
function callsOfTheLocalCloud(
  { localCallsFile }: World,
  policies: DeployedPolicies,
): { readonly role: Role; readonly call: Call }[] {
  const roles = [...policies.roles.values()];
  const memberRole = roles.find(({ trust }) => JSON.stringify(trust).includes(`::${ACCOUNTS.member}:root`));
  const asDeployed = (resource: string): string => {
    const [, , service] = resource.split(':');
    if (service === 'dynamodb') {
      const table = resource.replace(/^.*-/, 'exp-1111111111111-');
      return `arn:aws:dynamodb:${REGION}:${ACCOUNTS.management}:table/${table}`;
    }
    if (service === 'sns') return policies.topic.arn;
    if (service === 'sqs') return policies.queue.arn;
    if (service === 'iam') return memberRole?.arn ?? '';
    return resource;
  };
  const found = new Map<string, { readonly role: Role; readonly call: Call }>();
  for (const recorded of readCalls(localCallsFile)) {
    if (recorded.action === 'sts:GetCallerIdentity') continue;
    const [account = '', logicalId = ''] = ROLE_OF_FUNCTION[recorded.function] ?? [];
    const own = roles.find((role) => role.logicalId === logicalId && role.arn.includes(`::${account}:`));
    const role = /^\d{12}$/.test(recorded.accessKeyId) ? own : memberRole;
    if (!role) throw new Error(`No deployed role is known for ${recorded.function} of the local cloud.`);
    const managements = recorded.function === 'SyncPMPManagement';
    const resource = managements
      ? asDeployed(recorded.resource).replace(/Experience\/.*/, 'Experience/exp-1111111111111')
      : asDeployed(recorded.resource);
    const call = { ...recorded, resource };
    found.set(JSON.stringify([role.arn, call.action, resource, call.context]), { role, call });
  }
  return [...found.values()];
}

/** The emulator knows which role a session's key belongs to. */
async function roleOfSession(world: World, accessKeyId: string): Promise<string> {
  const { Arn = '' } = await new STSClient({
    region: REGION,
    endpoint: world.endpoint,
    credentials: { accessKeyId, secretAccessKey: 'none' },
  }).send(new GetCallerIdentityCommand({}));
  return Arn.replace(':sts:', ':iam:').replace(/:assumed-role\/([^/]+)\/.*/, ':role/$1');
}

/** What IAM, and the policies of resources, are asked when a role makes a call. */
function questionsOf(
  role: Role,
  call: Call,
  { roles, keyOf }: DeployedPolicies,
): { readonly text: string; readonly question: Question }[] {
  const { action, resource, context } = call;
  const text = `${role.logicalId} ${action} ${resource} ${JSON.stringify(context)}`;
  const asked = [{ text, question: { policies: role.policies, action, resource, context } }];
  if (action === 'sts:AssumeRole') {
    const trust = roles.get(resource)?.trust ?? { Statement: [] };
    asked.push({
      text: `${text}: the trust policy`,
      question: { policies: [trust], action, resource, context, principal: role.arn } as Question,
    });
  }
  if (action.startsWith('dynamodb:')) {
    const [, , , region, account] = resource.split(':');
    const key = keyOf.get(resource);
    asked.push({
      text: `${text}: the key policy`,
      question: {
        policies: key ? [key.policy] : [],
        action: 'kms:Decrypt',
        resource: key?.arn ?? '',
        principal: role.arn,
        context: { 'kms:CallerAccount': account, 'kms:ViaService': `dynamodb.${region}.amazonaws.com` },
      } as Question,
    });
  }
  return asked;
}

/** What must not be possible, and next to it what must be, so that a policy that refuses all does not pass. */
function refusals({ roles, topic, queue, key }: DeployedPolicies): {
  readonly text: string;
  readonly allowed?: boolean;
  readonly question: Question;
}[] {
  const tls = { 'aws:SecureTransport': 'true' };
  const user = (account: string) => `arn:aws:iam::${account}:role/somebody`;
  // A role that is not there has no policies and would pass for one that refuses.
  const found = (what: string, candidates: readonly Role[], nth = 0): Role => {
    const role = candidates[nth];
    if (!role) throw new Error(`There is no deployed ${what}.`);
    return role;
  };
  const rolesIn = (logicalId: string, account: string) =>
    [...roles.values()].filter((role) => role.logicalId === logicalId && role.arn.includes(`::${account}:`));
  const role = (logicalId: string, account: string, nth = 0) =>
    found(`${logicalId} in ${account}`, rolesIn(logicalId, account), nth);
  const trusting = (account: string) =>
    found(
      `role for ${account}`,
      rolesIn('MemberOrgAccountRole', ACCOUNTS.management).filter(({ trust }) =>
        JSON.stringify(trust).includes(account),
      ),
    );
  const memberRole = trusting(ACCOUNTS.member);
  const assume = (owner: string, by: string): Question => ({
    policies: [trusting(owner).trust],
    action: 'sts:AssumeRole',
    resource: trusting(owner).arn,
    principal: user(by),
    context: tls,
  });
  const onTopic = (action: string, by: string): Question => ({
    policies: [topic.policy],
    action,
    resource: topic.arn,
    principal: user(by),
    context: tls,
  });
  const onQueue = (principal: string, context: Question['context']): Question => ({
    policies: [queue.policy],
    action: 'sqs:SendMessage',
    resource: queue.arn,
    principal,
    context,
  });
  const onKey = (by: string, context: Question['context']): Question => ({
    policies: [key.policy],
    action: 'kms:Decrypt',
    resource: key.arn,
    principal: user(by),
    context,
  });
  const as = (
    { policies }: Pick<Role, 'policies'>,
    action: string,
    resource: string,
    context: Question['context'] = tls,
  ): Question => ({ policies, action, resource, context });
  const table = (name: string) =>
    `arn:aws:dynamodb:${REGION}:${ACCOUNTS.management}:table/exp-1111111111111-${name}`;
  const catalog = 'arn:aws:aws-marketplace:us-east-1:999999999999:AWSMarketplace';
  const change = (ChangeType?: string) =>
    as(
      role('lambdaPMProle', ACCOUNTS.member),
      'aws-marketplace:StartChangeSet',
      `${catalog}/Experience/exp-a`,
      ChangeType === undefined ? {} : { 'catalog:ChangeType': ChangeType },
    );
  const throughDynamoDB = (account: string, region = REGION) => ({
    'kms:CallerAccount': account,
    'kms:ViaService': `dynamodb.${region}.amazonaws.com`,
  });
  return [
    {
      text: 'a member assumes its own role',
      allowed: true,
      question: assume(ACCOUNTS.member, ACCOUNTS.member),
    },
    {
      text: "a member assumes another member's role",
      question: assume(ACCOUNTS.member, ACCOUNTS.furtherMember),
    },
    { text: "a stranger assumes a member's role", question: assume(ACCOUNTS.member, ACCOUNTS.stranger) },
    {
      text: 'a member reads the product lists',
      allowed: true,
      question: as(memberRole, 'dynamodb:Scan', table('ApprovedProducts')),
    },
    {
      text: 'a member writes the product lists',
      question: as(memberRole, 'dynamodb:BatchWriteItem', table('ApprovedProducts')),
    },
    {
      text: 'a member updates the product lists',
      question: as(memberRole, 'dynamodb:UpdateItem', table('RejectedProducts')),
    },
    {
      text: "a member reads other members' reports",
      question: as(memberRole, 'dynamodb:Scan', table('SyncTimestamps')),
    },
    {
      text: "a member deletes another member's report",
      question: as(memberRole, 'dynamodb:DeleteItem', table('SyncTimestamps')),
    },
    {
      text: 'both members subscribe to the topic: the first',
      allowed: true,
      question: onTopic('sns:Subscribe', ACCOUNTS.member),
    },
    {
      text: 'both members subscribe to the topic: the further one',
      allowed: true,
      question: onTopic('sns:Subscribe', ACCOUNTS.furtherMember),
    },
    { text: 'a stranger subscribes to the topic', question: onTopic('sns:Subscribe', ACCOUNTS.stranger) },
    { text: 'a member publishes to the topic', question: onTopic('sns:Publish', ACCOUNTS.member) },
    {
      text: 'the topic sends to the queue',
      allowed: true,
      question: onQueue('sns.amazonaws.com', { ...tls, 'aws:SourceArn': topic.arn }),
    },
    {
      text: 'another topic sends to the queue',
      question: onQueue('sns.amazonaws.com', { ...tls, 'aws:SourceArn': `${topic.arn}-2` }),
    },
    {
      text: 'the topic sends to the queue without TLS',
      question: onQueue('sns.amazonaws.com', { 'aws:SecureTransport': 'false', 'aws:SourceArn': topic.arn }),
    },
    { text: 'a stranger sends to the queue', question: onQueue(user(ACCOUNTS.stranger), tls) },
    {
      text: "a stranger's request in the name of the topic reaches the queue",
      question: onQueue(user(ACCOUNTS.stranger), { ...tls, 'aws:SourceArn': topic.arn }),
    },
    {
      text: 'a role of a later stack decrypts through DynamoDB',
      allowed: true,
      question: onKey(ACCOUNTS.management, throughDynamoDB(ACCOUNTS.management)),
    },
    {
      text: 'a member decrypts with its own identity',
      question: onKey(ACCOUNTS.member, throughDynamoDB(ACCOUNTS.member)),
    },
    { text: 'a stranger decrypts', question: onKey(ACCOUNTS.stranger, throughDynamoDB(ACCOUNTS.stranger)) },
    {
      text: "a member's function approves products",
      allowed: true,
      question: change('AllowProductProcurement'),
    },
    { text: "a member's function archives an experience", question: change('ArchiveExperience') },
    {
      text: "a member's function changes its own experience's settings",
      question: change('UpdateExperience'),
    },
    { text: "a member's function starts a change set of an unknown type", question: change() },
    {
      text: "a member's function reads the organization's other Marketplace entities",
      question: as(
        role('lambdaPMProle', ACCOUNTS.member),
        'aws-marketplace:DescribeEntity',
        `${catalog}/Offer/offer-a`,
      ),
    },
    {
      text: "a member's function sends to another member stack's queue",
      question: as(role('lambdaPMProle', ACCOUNTS.member, 1), 'sqs:SendMessage', queue.arn),
    },
    {
      text: 'the management function reads another experience',
      question: as(
        role('SyncPMPExperienceManagementRole', ACCOUNTS.management),
        'aws-marketplace:DescribeEntity',
        `${catalog}/Experience/exp-2222222222222`,
      ),
    },
    {
      text: 'the management function changes an experience',
      question: as(
        role('SyncPMPExperienceManagementRole', ACCOUNTS.management),
        'aws-marketplace:StartChangeSet',
        `${catalog}/Experience/exp-1111111111111`,
      ),
    },
    {
      text: "the management function writes another stack's log",
      question: as(
        role('SyncPMPExperienceManagementRole', ACCOUNTS.management),
        'logs:PutLogEvents',
        `arn:aws:logs:${OTHER_REGION}:${ACCOUNTS.management}:log-group:other:log-stream:a`,
      ),
    },
  ];
}
