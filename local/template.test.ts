import { DeploymentError, Stack, type StackPlace } from './template.js';

const MANAGEMENT = { ManagementExperienceId: 'exp-abc123', MemberOrgAccountId: '222222222222' };
const MEMBER = {
  CrossAccountAccessRoleARN: 'arn:aws:iam::111111111111:role/exp-abc123-MemberOrgAccountRole-1',
  SNSTopicARN: 'arn:aws:sns:eu-central-1:111111111111:exp-abc123-PrivateMarketplace',
  ApprovedTableName: 'exp-abc123-ApprovedProducts',
  RejectedTableName: 'exp-abc123-RejectedProducts',
  SyncTimestampsTableName: 'exp-abc123-SyncTimestamps',
};
const place: StackPlace = { account: '111111111111', region: 'eu-central-1', refs: new Map() };

test('names in a template follow from its parameters', () => {
  const stack = new Stack('management/template.yaml', MANAGEMENT);

  expect(stack.text('ApprovedProducts', 'TableName', place)).toBe('exp-abc123-ApprovedProducts');
  expect(stack.text('SNSUpdate', 'TopicName', place)).toBe('exp-abc123-PrivateMarketplace');
});

test('a function has the environment of its template, defaults included', () => {
  const stack = new Stack('member/template.yaml', { ...MEMBER, MemberExperienceIds: 'exp-a,exp-b' });

  const { environment, timeout, memory } = stack.function('SyncPMPMember', {
    ...place,
    refs: new Map([['SQSSyncNotifications', 'http://localhost/queue']]),
  });

  expect(environment).toMatchObject({
    LOG_LEVEL: 'INFO',
    CROSS_ACCOUNT_ACCESS_ROLE_ARN: MEMBER.CrossAccountAccessRoleARN,
    MEMBER_EXPERIENCE_IDS: 'exp-a,exp-b',
    QUEUE_URL: 'http://localhost/queue',
  });
  expect([timeout, memory]).toEqual([900, 256]);
});

test('functions within functions are worked out', () => {
  const stack = new Stack('member/template.yaml', MEMBER);
  const attributes = new Map([['SQSSyncNotifications.Arn', 'arn:aws:sqs:eu-west-1:222222222222:queue']]);

  const { Region } = stack.properties('SnsSubscription', ['Region'], { ...place, attributes });

  expect(Region).toBe('eu-central-1');
});

test.each([
  ['pasted curly quotes', '“exp-abc123”'],
  ['words', 'all of them'],
  ['a trailing comma', 'exp-a,'],
])('MemberExperienceIds with %s is refused by name before anything is deployed', (_, ids) => {
  const deploy = () => new Stack('member/template.yaml', { ...MEMBER, MemberExperienceIds: ids });

  expect(deploy).toThrow(DeploymentError);
  expect(deploy).toThrow('MemberExperienceIds');
});

test.each([
  ['is missing', { ManagementExperienceId: 'exp-abc123' }, 'MemberOrgAccountId has no value'],
  ['does not exist', { ...MANAGEMENT, Colour: 'red' }, 'no parameter Colour'],
  [
    'has a value that is not among those allowed',
    { ...MANAGEMENT, OnlyCrossAccountAccessRole: 'maybe' },
    'Only',
  ],
  [
    'is too long',
    { ...MANAGEMENT, ManagementExperienceId: `exp-${'a'.repeat(40)}` },
    'ManagementExperienceId',
  ],
])('a parameter that %s is refused by name', (_, parameters, message) => {
  expect(() => new Stack('management/template.yaml', parameters)).toThrow(message);
});

test('a number outside its range is refused', () => {
  expect(() => new Stack('member/template.yaml', { ...MEMBER, MaxDeniedPercent: '101' })).toThrow(
    'MaxDeniedPercent',
  );
});

test('a reference to something that is not deployed is an error that names it', () => {
  const stack = new Stack('member/template.yaml', MEMBER);

  expect(() => stack.function('SyncPMPMember', place)).toThrow('SQSSyncNotifications');
});
