import { DescribeRuleCommand, ListTargetsByRuleCommand, PutRuleCommand } from '@aws-sdk/client-eventbridge';
import {
  GetAliasCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  ListEventSourceMappingsCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import type { Administrator } from './administrator.js';
import { readCalls } from './calls.js';
import { products } from './marketplaces.js';
import {
  ACCOUNTS,
  eventually,
  lastLine,
  memberParameters,
  ORGANIZATIONS,
  OTHER_REGION,
  REGION,
  reports,
  type World,
} from './world.js';

/** The experiences of the README. */
export const EXPERIENCE = 'exp-1111111111111';
const FURTHER_EXPERIENCE = 'exp-2222222222222';
const SELECTED = ['exp-aaaaaaaaaaaaa', 'exp-bbbbbbbbbbbbb'] as const;
const NOT_SELECTED = 'exp-ccccccccccccc';
const OF_FURTHER_MEMBER = 'exp-ddddddddddddd';
const ARCHIVED = 'exp-eeeeeeeeeeeee';

const FIRST_STACK = { stack: 'private-marketplace-management', experience: EXPERIENCE };
const FURTHER_MEMBER_STACK = `private-marketplace-${ACCOUNTS.furtherMember}`;

/** Who deploys what in the scenes below. */
export interface Deployed {
  readonly management: Administrator;
  readonly member: Administrator;
  readonly furtherMember: Administrator;
}

/** The stacks that the scenes leave behind, by the account that they are in. */
export const STACKS = {
  management: ['private-marketplace-management', 'private-marketplace-management-2'],
  furtherMemberInManagement: FURTHER_MEMBER_STACK,
  member: ['private-marketplace-member', 'private-marketplace-member-2'],
  furtherMember: 'private-marketplace-member',
} as const;

/** Puts the README's organizations into the catalog. */
export function fillMarketplaces({ marketplaces: { service } }: World): void {
  const organizationOf = (account: string) => ({
    owner: ORGANIZATIONS[account] ?? '',
    sharedWith: [account],
  });
  const management = organizationOf(ACCOUNTS.management);
  service.addExperience({
    id: EXPERIENCE,
    ...management,
    approved: products('a', 130),
    rejected: products('r', 20),
    idsInResource: 40,
  });
  service.addExperience({ id: FURTHER_EXPERIENCE, ...management, approved: products('x', 12) });
  const member = organizationOf(ACCOUNTS.member);
  service.addExperience({
    id: SELECTED[0],
    ...member,
    approved: [...products('a', 20), ...products('l', 60)],
  });
  service.addExperience({ id: SELECTED[1], ...member, rejected: products('a', 10) });
  service.addExperience({ id: NOT_SELECTED, ...member, approved: products('l', 5) });
  service.addExperience({ id: ARCHIVED, ...member, approved: products('l', 5), archived: true });
  const further = organizationOf(ACCOUNTS.furtherMember);
  service.addExperience({ id: OF_FURTHER_MEMBER, ...further, approved: products('l', 5) });
}

/** The README from "What each organization needs first" to "Check that it works". */
export async function deployBothStacks(world: World): Promise<Deployed> {
  const { transcript, readme } = world;
  const management = world.administrator(ACCOUNTS.management, REGION);
  const member = world.administrator(ACCOUNTS.member, OTHER_REGION);
  const furtherMember = world.administrator(ACCOUNTS.furtherMember, REGION);

  transcript.heading('Delegation, in the management account of the member organization');
  const delegation = readme.block('delegation', { '222222222222': ACCOUNTS.member });
  await world.administrator(ORGANIZATIONS[ACCOUNTS.member] ?? '', REGION).paste(delegation);

  transcript.heading('The management stack');
  await management.paste(readme.block('management'));
  transcript.say((await management.paste(readme.block('outputs'))).stdout.trimEnd());

  transcript.heading('The member stack, in another account and another Region');
  const outputs = await management.outputs('private-marketplace-management');
  await member.paste(readme.block('member', memberParameters(outputs, FIRST_STACK)));

  transcript.heading('Check that it works');
  const { stdout } = await management.paste(readme.block('check'));
  transcript.check(
    'the management function answers with what it published',
    /"products": ?130\b/.test(stdout),
  );
  await expectEqual(world, EXPERIENCE, [...SELECTED, NOT_SELECTED]);
  await expectReports(world, management, [ACCOUNTS.member]);
  transcript.check(
    'the archived experience is left alone',
    world.marketplaces.service.products(ARCHIVED).approved.size === 5,
  );
  return { management, member, furtherMember };
}

/** The README's "A further member organization". */
export async function deployFurtherMember(world: World, deployed: Deployed): Promise<void> {
  const { transcript, readme } = world;
  const { management, furtherMember } = deployed;
  transcript.heading('A further member organization');
  await management.paste(readme.block('further-member'));
  await furtherMember.paste(
    readme.block('member', memberParameters(await management.outputs(FURTHER_MEMBER_STACK), FIRST_STACK)),
  );
  const full = await management.outputs('private-marketplace-management');
  const further = await management.outputs(FURTHER_MEMBER_STACK);
  for (const name of ['SNSTopicARN', 'ApprovedTableName', 'RejectedTableName', 'SyncTimestampsTableName']) {
    transcript.same(`its stack gives the same ${name} as the full one`, further[name], full[name]);
  }
  transcript.check(
    'its stack gives a role of its own',
    further.CrossAccountAccessRoleARN !== full.CrossAccountAccessRoleARN,
  );

  world.marketplaces.service.setProducts(EXPERIENCE, {
    approved: products('a', 120),
    rejected: products('r', 25),
  });
  await management.paste(readme.block('check'));
  await expectEqual(world, EXPERIENCE, [...SELECTED, NOT_SELECTED, OF_FURTHER_MEMBER]);
  await expectReports(world, management, [ACCOUNTS.member, ACCOUNTS.furtherMember]);
}

/** The README's "Only some experiences": the parameter has to reach the function that is running. */
export async function selectExperiences(world: World, deployed: Deployed): Promise<void> {
  const { transcript, readme, marketplaces } = world;
  const { management, member } = deployed;
  transcript.heading('Only some experiences of a member organization');
  const outputs = await management.outputs('private-marketplace-management');
  const block = readme.block('selected', memberParameters(outputs, FIRST_STACK));

  const pasted = block.replace(`"${SELECTED.join(',')}"`, `“${SELECTED.join(',')}”`);
  const refused = await member.paste(pasted, { mayFail: true });
  transcript.check(
    'curly quotes are refused at deployment, with a message that says what is wanted',
    refused.code !== 0 && refused.output.includes('MemberExperienceIds'),
    lastLine(refused),
  );

  await member.paste(block);
  const { SyncPMPMember = '' } = await member.resources('private-marketplace-member');
  const { Environment } = await member.lambda.send(
    new GetFunctionConfigurationCommand({ FunctionName: SyncPMPMember, Qualifier: 'live' }),
  );
  transcript.same(
    'the alias live has the new list',
    Environment?.Variables?.MEMBER_EXPERIENCE_IDS,
    SELECTED.join(','),
  );
  const before = marketplaces.service.products(NOT_SELECTED).approved.size;
  marketplaces.service.setProducts(EXPERIENCE, { approved: products('a', 125), rejected: products('r', 25) });
  await management.paste(readme.block('check'), { quiet: true });
  await expectEqual(world, EXPERIENCE, SELECTED);
  transcript.same(
    'the experience that is not listed is not touched',
    marketplaces.service.products(NOT_SELECTED).approved.size,
    before,
  );
}

/** The README's "A further management experience". */
export async function deployFurtherExperience(world: World, deployed: Deployed): Promise<void> {
  const { transcript, readme } = world;
  const { management, member } = deployed;
  transcript.heading('A further management experience: two stacks side by side, in both accounts');
  await management.paste(readme.block('further-experience'));
  const outputs = await management.outputs('private-marketplace-management-2');
  const example = { stack: 'private-marketplace-management-2', experience: FURTHER_EXPERIENCE };
  await member.paste(readme.block('further-experience-member', memberParameters(outputs, example)));
  const { FunctionError } = await management.lambda.send(
    new InvokeCommand({ FunctionName: `${FURTHER_EXPERIENCE}-SyncPMPManagement` }),
  );
  transcript.check('its management function runs', FunctionError === undefined, FunctionError);
  await expectEqual(world, FURTHER_EXPERIENCE, [NOT_SELECTED]);
  await expectEqual(world, EXPERIENCE, SELECTED);
}

/** The rule exists, calls the function, and what it calls goes all the way. */
export async function checkSchedule(world: World, { management }: Deployed): Promise<void> {
  const { transcript, marketplaces } = world;
  transcript.heading('The schedule');
  const Name = `${EXPERIENCE}-LambdaFunctionSchedule`;
  const rule = await management.events.send(new DescribeRuleCommand({ Name }));
  transcript.same('it starts every hour', rule.ScheduleExpression, 'rate(1 hour)');
  transcript.same('it is enabled', rule.State, 'ENABLED');
  const { Targets = [] } = await management.events.send(new ListTargetsByRuleCommand({ Rule: Name }));
  transcript.same(
    'it starts the management function',
    Targets.map(({ Arn }) => Arn),
    [`arn:aws:lambda:${REGION}:${ACCOUNTS.management}:function:${EXPERIENCE}-SyncPMPManagement`],
  );
  marketplaces.service.setProducts(EXPERIENCE, { approved: products('a', 126), rejected: products('r', 25) });
  transcript.say('      (an hour is long: the rule is set to rate(1 minute) for a while)');
  await management.events.send(new PutRuleCommand({ Name, ScheduleExpression: 'rate(1 minute)' }));
  transcript.check(
    'when it fires, the member experiences follow by themselves',
    await eventually(() => isEqual(world, EXPERIENCE, SELECTED[0]), 120),
  );
  await management.events.send(new PutRuleCommand({ Name, ScheduleExpression: 'rate(1 hour)' }));
}

/** The settings of the deployed functions that templates only ask for. */
export async function checkFunctions(world: World, { member }: Deployed): Promise<void> {
  const { transcript } = world;
  transcript.heading('The member function as deployed');
  const resources = await member.resources('private-marketplace-member');
  const FunctionName = resources.SyncPMPMember ?? '';
  const { Runtime, Timeout, MemorySize } = await member.lambda.send(
    new GetFunctionConfigurationCommand({ FunctionName }),
  );
  transcript.same(
    'it runs on Node.js 24 for 15 minutes in 256 MB',
    { Runtime, Timeout, MemorySize },
    { Runtime: 'nodejs24.x', Timeout: 900, MemorySize: 256 },
  );
  const alias = await member.lambda.send(new GetAliasCommand({ FunctionName, Name: 'live' }));
  const { EventSourceMappings = [] } = await member.lambda.send(new ListEventSourceMappingsCommand({}));
  transcript.same(
    'the queue starts its alias live, one message at a time',
    EventSourceMappings.filter(({ FunctionArn }) => FunctionArn === alias.AliasArn).map(
      ({ BatchSize, ScalingConfig }) => ({
        BatchSize,
        MaximumConcurrency: ScalingConfig?.MaximumConcurrency,
      }),
    ),
    [{ BatchSize: 1, MaximumConcurrency: 2 }],
  );
}

/** A synchronization that does not fit into one invocation goes on in the next one, through the queue. */
export async function continueThroughTheQueue(world: World, { member, management }: Deployed): Promise<void> {
  const { transcript, readme, marketplaces, callsFile } = world;
  transcript.heading('A synchronization that takes several invocations');
  const idle = async () =>
    (await reports(management, `${EXPERIENCE}-SyncTimestamps`)).every((item) => !('turn_holder' in item));
  await eventually(idle); // the emulator ends a function's invocations when its configuration is changed
  const { SyncPMPMember = '' } = await member.resources('private-marketplace-member');
  const { Environment } = await member.lambda.send(
    new GetFunctionConfigurationCommand({ FunctionName: SyncPMPMember }),
  );
  // The emulator tells a function that it has 300 seconds left, always; with this margin, two of them count.
  const variables = { ...Environment?.Variables, STOP_MARGIN_SECONDS: '298' };
  await member.lambda.send(
    new UpdateFunctionConfigurationCommand({
      FunctionName: SyncPMPMember,
      Environment: { Variables: variables },
    }),
  );
  const sent = () => readCalls(callsFile).filter(({ action }) => action === 'sqs:SendMessage').length;
  const before = sent();
  marketplaces.service.setProducts(EXPERIENCE, {
    approved: products('n', 900),
    rejected: products('r', 25),
  });
  await management.paste(readme.block('check'), { quiet: true });
  await expectEqual(world, EXPERIENCE, SELECTED, 120);
  transcript.check('the function continued by messages to its own queue', sent() > before, sent());
  await eventually(idle);
  await member.lambda.send(
    new UpdateFunctionConfigurationCommand({ FunctionName: SyncPMPMember, Environment: Environment ?? {} }),
  );
}

function isEqual(world: World, from: string, to: string): boolean {
  const { service } = world.marketplaces;
  const source = service.products(from);
  const copy = service.products(to);
  return (
    source.approved.symmetricDifference(copy.approved).size === 0 && source.rejected.isSubsetOf(copy.rejected)
  );
}

/** Waits until member experiences are equal to the management experience. */
async function expectEqual(
  world: World,
  from: string,
  experiences: readonly string[],
  seconds = 120,
): Promise<void> {
  const equal = await eventually(() => experiences.every((to) => isEqual(world, from, to)), seconds);
  world.transcript.check(`${experiences.join(', ')}: equal to ${from}`, equal, sizes(world, experiences));
}

function sizes({ marketplaces: { service } }: World, experiences: readonly string[]): unknown {
  return experiences.map((experience) => {
    const { approved, rejected } = service.products(experience);
    return { experience, approved: approved.size, rejected: rejected.size };
  });
}

/** Waits until the SyncTimestamps table has exactly these members' organizations. */
async function expectReports(
  world: World,
  management: Administrator,
  accounts: readonly string[],
): Promise<void> {
  const table = `${EXPERIENCE}-SyncTimestamps`;
  const wanted = accounts.map((account) => ORGANIZATIONS[account]).join();
  const complete = async () =>
    (await reports(management, table)).map(({ ID, stamp }) => (stamp ? ID : '')).join() === wanted;
  world.transcript.check(
    `SyncTimestamps says when ${accounts.length === 1 ? 'the organization was' : 'both organizations were'} synchronized`,
    await eventually(complete, 60),
    await reports(management, table),
  );
}
