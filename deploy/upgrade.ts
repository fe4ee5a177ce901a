import { join, resolve } from 'node:path';
import { CreateStackCommand, DescribeStacksCommand, type Parameter } from '@aws-sdk/client-cloudformation';
import { GetAliasCommand, InvokeCommand } from '@aws-sdk/client-lambda';
import { PublishCommand } from '@aws-sdk/client-sns';
import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import type { Administrator } from './administrator.js';
import { run } from './command.js';
import { products } from './marketplaces.js';
import type { PythonTools } from './python-tools.js';
import { ReadmeCommands } from './readme-commands.js';
import { labels } from './removal.js';
import { readSampleContract, type SampleTemplate } from './sample-contract.js';
import { sampleStandIn } from './sample-stand-in.js';
import { readTemplate } from './template-outline.js';
import {
  ACCOUNTS,
  eventually,
  memberParameters,
  ORGANIZATIONS,
  REGION,
  reports,
  type World,
} from './world.js';

/** The management experience of the deployment that is upgraded, and the member experiences. */
const EXPERIENCE = 'exp-3333333333333';
const OF_MEMBER = 'exp-fffffffffffff';
const OF_FURTHER_MEMBER = 'exp-ggggggggggggg';
const SAMPLE = {
  management: 'sample-management',
  further: 'sample-management-further-member',
  member: 'sample-member',
};

/** What is deployed when the upgrade is over, for the privileges. */
export type UpgradedStacks = readonly (readonly [Administrator, stack: string])[];

/** docs/upgrade.md, in its order, over stacks that stand in for the Python sample's. */
export async function upgradeTheSample(world: World, tools: PythonTools): Promise<UpgradedStacks> {
  const { transcript, marketplaces } = world;
  const guide = new ReadmeCommands('docs/upgrade.md');
  const management = world.administrator(ACCOUNTS.upgradedManagement, REGION);
  const member = world.administrator(ACCOUNTS.upgradedMember, REGION);
  const furtherMember = world.administrator(ACCOUNTS.upgradedFurtherMember, REGION);
  addExperiences(world);

  transcript.heading('Upgrade: what CloudFormation would replace, by its own schemas');
  await compareWithSchemas(world, tools);

  transcript.heading('Upgrade: a deployment of the Python sample');
  await standInStacks(management, member);
  transcript.say('   stacks that stand in for it: full, OnlyCrossAccountAccessRole=yes and member');
  const topic = `arn:aws:sns:${REGION}:${ACCOUNTS.upgradedManagement}:${EXPERIENCE}-PrivateMarketplace`;
  const permissions = ['Stmt1643807474528', ACCOUNTS.upgradedFurtherMember];
  transcript.same('its topic allows both members to subscribe', await labels(management, topic), permissions);

  transcript.heading('Mixed versions: a member of this project with the Python management stack');
  await pythonSnapshot(management);
  const further = await management.outputs(SAMPLE.further);
  await furtherMember.paste(
    world.readme.block(
      'member',
      memberParameters(further, { stack: 'private-marketplace-management', experience: 'exp-1111111111111' }),
    ),
    { quiet: true },
  );
  await management.sns.send(
    new PublishCommand({ TopicArn: topic, Message: '{"Action": "Products-Updated"}' }),
  );
  transcript.check(
    'its bare notification makes the member experience equal to its tables',
    await eventually(() => marketplaces.service.products(OF_FURTHER_MEMBER).approved.size === 30),
    marketplaces.service.products(OF_FURTHER_MEMBER).approved.size,
  );

  const before = await physicalIds(management, member);
  transcript.heading('Upgrade, step 1: the stacks with OnlyCrossAccountAccessRole=yes');
  await management.paste(guide.block('upgrade-further-member'));
  transcript.same(
    'the role that the member uses is the same',
    (await management.outputs(SAMPLE.further)).CrossAccountAccessRoleARN,
    further.CrossAccountAccessRoleARN,
  );
  transcript.same('the topic allows both members to subscribe', await labels(management, topic), permissions);

  transcript.heading('Upgrade, step 2: the full management stack');
  await management.paste(guide.block('upgrade-management'));
  transcript.same('the topic allows both members to subscribe', await labels(management, topic), permissions);
  transcript.check(
    'the tables have their items',
    (await reports(management, `${EXPERIENCE}-ApprovedProducts`)).length === 30,
  );
  const { FunctionError } = await management.lambda.send(
    new InvokeCommand({ FunctionName: `${EXPERIENCE}-SyncPMPManagement` }),
  );
  transcript.check('the management function runs', FunctionError === undefined, FunctionError);

  transcript.heading('Mixed versions: a Python member with this management stack');
  await callAsPythonMember(world, tools, management);

  transcript.heading('Upgrade, step 3: the member stacks');
  await member.paste(guide.block('upgrade-member'));
  const after = await physicalIds(management, member);
  for (const [name, id] of Object.entries(before)) transcript.same(`${name} is the same`, after[name], id);
  const alias = await member.lambda.send(
    new GetAliasCommand({ FunctionName: after['member SyncPMPMember'] ?? '', Name: 'live' }),
  );
  transcript.same('the alias live is the function as deployed', alias.FunctionVersion, '$LATEST');
  await management.lambda.send(new InvokeCommand({ FunctionName: `${EXPERIENCE}-SyncPMPManagement` }));
  transcript.check(
    'both members follow the upgraded management stack',
    await eventually(() =>
      [OF_MEMBER, OF_FURTHER_MEMBER].every(
        (experience) => marketplaces.service.products(experience).approved.size === 40,
      ),
    ),
  );
  transcript.same('every command of docs/upgrade.md was run', guide.unused(), []);
  transcript.notCovered(
    'whether CloudFormation takes the custom resource of an upgraded OnlyCrossAccountAccessRole=yes stack for changed: the emulator does not resolve {{resolve:ssm:…}}, so the stand-in has the values themselves (docs/upgrade.md, "Custom resource")',
  );
  transcript.notCovered(
    "replacement as CloudFormation decides it: the emulator updates whatever has the same name; CloudFormation's schemas are looked at instead",
  );
  return [
    [management, SAMPLE.management],
    [management, SAMPLE.further],
    [member, SAMPLE.member],
    [furtherMember, 'private-marketplace-member'],
  ];
}

function addExperiences({ marketplaces: { service } }: World): void {
  const organizationOf = (account: string) => ({
    owner: ORGANIZATIONS[account] ?? '',
    sharedWith: [account],
  });
  service.addExperience({
    id: EXPERIENCE,
    ...organizationOf(ACCOUNTS.upgradedManagement),
    approved: products('u', 40),
    rejected: products('v', 4),
  });
  service.addExperience({ id: OF_MEMBER, ...organizationOf(ACCOUNTS.upgradedMember) });
  service.addExperience({ id: OF_FURTHER_MEMBER, ...organizationOf(ACCOUNTS.upgradedFurtherMember) });
}

/** Properties that cannot be changed in place must be the same in both: cfn-lint has CloudFormation's schemas. */
async function compareWithSchemas(world: World, tools: PythonTools): Promise<void> {
  const { transcript } = world;
  const contract = readSampleContract();
  const parts: readonly (readonly [SampleTemplate, file: string])[] = [
    [contract.management, 'management/template.yaml'],
    [contract.member, 'member/template.yaml'],
    [contract.delegation, 'member/organization_delegate_administration.yaml'],
  ];
  const typeOf = (type: string) => type.replace('AWS::Serverless::Function', 'AWS::Lambda::Function');
  const types = parts.flatMap(([{ resources }]) => Object.values(resources).map(({ type }) => typeOf(type)));
  const { stdout } = await run(join(tools.bin, 'python'), [resolve('deploy/create_only.py')], {
    transcript,
    cwd: world.folder,
    input: JSON.stringify([...new Set(types)]),
  });
  const createOnly = JSON.parse(stdout) as Record<string, string[]>; // the script's documented answer
  const replaced: string[] = [];
  let compared = 0;
  for (const [{ resources }, file] of parts) {
    const template = readTemplate(file);
    for (const [name, { type, fixed = {} }] of Object.entries(resources)) {
      const here = template.Resources[name];
      if (!here) continue; // docs/upgrade.md says what becomes of it, and a test checks that
      for (const property of createOnly[typeOf(type)] ?? []) {
        if (COMPARED_ELSEWHERE.has(`${type} ${property}`)) continue;
        compared += 1;
        const [was, is] = [fixed[property], here.Properties?.[property]];
        if (was !== is) replaced.push(`${name}: ${property} is ${is}, was ${was}`);
      }
    }
  }
  transcript.same(`no resource is replaced (${compared} properties compared)`, replaced, []);
}

/** The keys are compared in upgrade.test.ts; the subscription's Region is written otherwise and has the same value. */
const COMPARED_ELSEWHERE: ReadonlySet<string> = new Set([
  'AWS::DynamoDB::Table KeySchema',
  'AWS::SNS::Subscription Region',
]);

async function standInStacks(management: Administrator, member: Administrator): Promise<void> {
  const contract = readSampleContract();
  const templates = {
    management: sampleStandIn(contract, 'management'),
    member: sampleStandIn(contract, 'member'),
  };
  await createStack(management, SAMPLE.management, templates.management, {
    ManagementExperienceId: EXPERIENCE,
    MemberOrgAccountId: ACCOUNTS.upgradedMember,
  });
  await createStack(management, SAMPLE.further, templates.management, {
    ManagementExperienceId: EXPERIENCE,
    MemberOrgAccountId: ACCOUNTS.upgradedFurtherMember,
    OnlyCrossAccountAccessRole: 'yes',
  });
  await createStack(member, SAMPLE.member, templates.member, {
    ...(await management.outputs(SAMPLE.management)),
    MemberExperienceIds: OF_MEMBER,
  });
}

async function createStack(
  { cloudFormation }: Administrator,
  StackName: string,
  TemplateBody: string,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  const Parameters: Parameter[] = Object.entries(values).map(([ParameterKey, ParameterValue]) => ({
    ParameterKey,
    ParameterValue,
  }));
  await cloudFormation.send(
    new CreateStackCommand({
      StackName,
      TemplateBody,
      Parameters,
      Capabilities: ['CAPABILITY_NAMED_IAM', 'CAPABILITY_AUTO_EXPAND'],
    }),
  );
  let status = '';
  await eventually(async () => {
    const { Stacks = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName }));
    status = Stacks[0]?.StackStatus ?? '';
    return !status.endsWith('IN_PROGRESS');
  });
  if (status !== 'CREATE_COMPLETE') throw new Error(`The stand-in stack ${StackName} ended in ${status}.`);
}

/** The tables as the sample's management function fills them: items of an ID, and nothing else. */
async function pythonSnapshot({ tables }: Administrator): Promise<void> {
  for (const [table, ids] of [
    [`${EXPERIENCE}-ApprovedProducts`, products('u', 30)],
    [`${EXPERIENCE}-RejectedProducts`, products('v', 3)],
  ] as const) {
    for (let from = 0; from < ids.length; from += 25) {
      const items = ids.slice(from, from + 25).map((ID) => ({ PutRequest: { Item: { ID } } }));
      await tables.send(new BatchWriteCommand({ RequestItems: { [table]: items } }));
    }
  }
}

async function callAsPythonMember(
  world: World,
  tools: PythonTools,
  management: Administrator,
): Promise<void> {
  const { transcript } = world;
  const { stdout } = await run(join(tools.bin, 'python'), [resolve('deploy/python-member.py')], {
    transcript,
    cwd: world.folder,
    env: {
      AWS_ENDPOINT_URL: world.endpoint,
      AWS_ACCESS_KEY_ID: ACCOUNTS.upgradedMember,
      AWS_SECRET_ACCESS_KEY: 'none',
      AWS_DEFAULT_REGION: REGION,
      ROLE: (await management.outputs(SAMPLE.management)).CrossAccountAccessRoleARN,
      APPROVED: `${EXPERIENCE}-ApprovedProducts`,
      REJECTED: `${EXPERIENCE}-RejectedProducts`,
      SYNC_TIMESTAMPS: `${EXPERIENCE}-SyncTimestamps`,
    },
  });
  transcript.same('it reads the lists that this management function wrote', JSON.parse(stdout), {
    approved: products('u', 40).sort(),
    rejected: products('v', 4).sort(),
  });
  const item = (await reports(management, `${EXPERIENCE}-SyncTimestamps`)).find(
    ({ ID }) => ID === ORGANIZATIONS[ACCOUNTS.upgradedMember],
  );
  transcript.same(
    'it writes its item, with the types that it always had',
    Object.fromEntries(Object.entries(item ?? {}).map(([name, value]) => [name, typeof value])),
    { ...TYPES },
  );
  transcript.check('and this management function runs beside it', await runs(management));
}

/** The attributes of a Python member's item, in the order in which the emulator gives them back. */
const TYPES = {
  ID: 'string',
  member_org_email: 'string',
  stamp: 'string',
  update_time_utc: 'string',
  experiences_updated: 'number',
};

async function runs({ lambda }: Administrator): Promise<boolean> {
  const { FunctionError } = await lambda.send(
    new InvokeCommand({ FunctionName: `${EXPERIENCE}-SyncPMPManagement` }),
  );
  return FunctionError === undefined;
}

/** The physical ids of what an upgrade must not replace. */
async function physicalIds(
  management: Administrator,
  member: Administrator,
): Promise<Record<string, string>> {
  const full = await management.resources(SAMPLE.management);
  const further = await management.resources(SAMPLE.further);
  const ofMember = await member.resources(SAMPLE.member);
  const pick = (stack: string, from: Record<string, string>, names: readonly string[]) =>
    names.map((name) => [`${stack} ${name}`, from[name] ?? '']);
  return Object.fromEntries([
    ...pick('management', full, [
      'DynamoDBEncryptionKey',
      'ApprovedProducts',
      'RejectedProducts',
      'SyncTimestampsTable',
      'SNSUpdate',
      'SNSTopicPolicy',
      'SyncPMPExperienceManagementRole',
      'SnsAddPermissionRole',
      'MemberOrgAccountRole',
      'SyncPMPManagement',
      'SNSAddPermissionLambda',
      'LambdaFunctionSchedule',
    ]),
    ...pick('further member', further, ['MemberOrgAccountRole', 'SNSAddPermission']),
    ...pick('member', ofMember, [
      'SQSSyncNotifications',
      'SnsSubscription',
      'lambdaPMProle',
      'SyncPMPMember',
      'SyncPMPMemberAliaslive',
      'SyncPMPMemberMySQSEvent',
    ]),
  ]);
}
