import { ConfigurationError, type Environment } from '../../shared/environment.js';
import { readConfiguration } from './configuration.js';

/** What the template gives the function, with the defaults of its parameters. */
const ENVIRONMENT: Environment = {
  CROSS_ACCOUNT_ACCESS_ROLE_ARN: 'arn:aws:iam::111111111111:role/mgmt-MemberOrgAccountRole-1A2B3C',
  SNS_TOPIC_ARN: 'arn:aws:sns:eu-west-1:111111111111:exp-abc123-PrivateMarketplace',
  APPROVED_TABLE_NAME: 'exp-abc123-ApprovedProducts',
  REJECTED_TABLE_NAME: 'exp-abc123-RejectedProducts',
  SYNC_TIMESTAMPS_TABLE_NAME: 'exp-abc123-SyncTimestamps',
  MEMBER_EXPERIENCE_IDS: '',
  QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/222222222222/member-SQSSyncNotifications',
};

const REQUIRED = Object.keys(ENVIRONMENT).filter((name) => name !== 'MEMBER_EXPERIENCE_IDS');

it('The environment that the template gives is read with the defaults', () => {
  expect(readConfiguration(ENVIRONMENT)).toEqual({
    crossAccountRoleArn: ENVIRONMENT.CROSS_ACCOUNT_ACCESS_ROLE_ARN,
    topic: { arn: ENVIRONMENT.SNS_TOPIC_ARN, region: 'eu-west-1' },
    tables: { approved: 'exp-abc123-ApprovedProducts', rejected: 'exp-abc123-RejectedProducts' },
    syncTimestampsTable: 'exp-abc123-SyncTimestamps',
    experienceIds: undefined,
    queueUrl: ENVIRONMENT.QUEUE_URL,
    unitMs: 2000,
    stopMarginMs: 60_000,
    policy: { mode: 'sync', maxDeniedPercent: 100, allowEmptySnapshot: false },
  });
});

it('Everything that can be chosen is read', () => {
  expect(
    readConfiguration({
      ...ENVIRONMENT,
      MEMBER_EXPERIENCE_IDS: ' exp-abc , exp-def,exp-abc',
      POLL_SECONDS: '0.05',
      STOP_MARGIN_SECONDS: '1.5',
      MODE: 'add-only',
      MAX_DENIED_PERCENT: '25',
      ALLOW_EMPTY_SNAPSHOT: 'yes',
      LOG_LEVEL: 'debug',
    }),
  ).toMatchObject({
    experienceIds: ['exp-abc', 'exp-def'],
    unitMs: 50,
    stopMarginMs: 1500,
    policy: { mode: 'add-only', maxDeniedPercent: 25, allowEmptySnapshot: true },
  });
});

it.each(REQUIRED)('%s that is missing or blank is an error that names it', (name) => {
  for (const value of [undefined, '', '   ']) {
    const read = () => readConfiguration({ ...ENVIRONMENT, [name]: value });
    expect(read).toThrow(ConfigurationError);
    expect(read).toThrow(new RegExp(`^${name} is not set`));
  }
});

it.each([
  ['CROSS_ACCOUNT_ACCESS_ROLE_ARN', 'mgmt-MemberOrgAccountRole-1A2B3C'],
  ['CROSS_ACCOUNT_ACCESS_ROLE_ARN', 'arn:aws:iam::1111:role/short-account'],
  ['CROSS_ACCOUNT_ACCESS_ROLE_ARN', '“arn:aws:iam::111111111111:role/curly”'],
  ['SNS_TOPIC_ARN', 'exp-abc123-PrivateMarketplace'],
  ['SNS_TOPIC_ARN', 'arn:aws:sqs:eu-west-1:111111111111:queue'],
  ['SNS_TOPIC_ARN', '“arn:aws:sns:eu-west-1:111111111111:topic”'],
  ['APPROVED_TABLE_NAME', '“exp-abc123-ApprovedProducts”'],
  ['REJECTED_TABLE_NAME', 'a table'],
  ['SYNC_TIMESTAMPS_TABLE_NAME', 'x'],
  ['QUEUE_URL', 'member-SQSSyncNotifications'],
  ['QUEUE_URL', '“https://sqs.eu-central-1.amazonaws.com/222222222222/queue”'],
  ['MEMBER_EXPERIENCE_IDS', '“exp-abc”'],
  ['MEMBER_EXPERIENCE_IDS', '"exp-abc", "exp-def"'],
  ['MEMBER_EXPERIENCE_IDS', "'exp-abc'"],
  ['MEMBER_EXPERIENCE_IDS', 'exp-abc,,exp-def'],
  ['MEMBER_EXPERIENCE_IDS', 'exp-abc exp-def'],
  ['MEMBER_EXPERIENCE_IDS', 'prod-abc'],
  ['MEMBER_EXPERIENCE_IDS', 'all'],
  ['POLL_SECONDS', '0'],
  ['POLL_SECONDS', '-1'],
  ['POLL_SECONDS', '61'],
  ['POLL_SECONDS', 'two'],
  ['STOP_MARGIN_SECONDS', '-1'],
  ['STOP_MARGIN_SECONDS', '900'],
  ['STOP_MARGIN_SECONDS', '1,5'],
  ['MODE', 'Sync'],
  ['MODE', 'dry run'],
  ['MAX_DENIED_PERCENT', '0'],
  ['MAX_DENIED_PERCENT', '101'],
  ['MAX_DENIED_PERCENT', '50%'],
  ['MAX_DENIED_PERCENT', 'NaN'],
  ['ALLOW_EMPTY_SNAPSHOT', 'true'],
  ['LOG_LEVEL', 'LOUD'],
])('%s that is malformed is an error that names it and shows it: %s', (name, value) => {
  const read = () => readConfiguration({ ...ENVIRONMENT, [name]: value });

  expect(read).toThrow(ConfigurationError);
  expect(read).toThrow(new RegExp(`^${name} (is|holds) ["“']`));
});

it('Each entry of MEMBER_EXPERIENCE_IDS that is wrong is shown, as it stands there', () => {
  expect(() =>
    readConfiguration({ ...ENVIRONMENT, MEMBER_EXPERIENCE_IDS: 'exp-abc, “exp-def”, exp_ghi' }),
  ).toThrow('MEMBER_EXPERIENCE_IDS holds "“exp-def”", "exp_ghi"');
});

it.each([
  'MEMBER_EXPERIENCE_IDS',
  'POLL_SECONDS',
  'STOP_MARGIN_SECONDS',
  'MODE',
  'MAX_DENIED_PERCENT',
  'ALLOW_EMPTY_SNAPSHOT',
  'LOG_LEVEL',
])('%s may be missing or blank', (name) => {
  for (const value of [undefined, '', ' ']) {
    expect(readConfiguration({ ...ENVIRONMENT, [name]: value })).toEqual(readConfiguration(ENVIRONMENT));
  }
});

it('Both product tables cannot be the same one: it would approve what it rejects', () => {
  const { APPROVED_TABLE_NAME } = ENVIRONMENT;

  expect(() => readConfiguration({ ...ENVIRONMENT, REJECTED_TABLE_NAME: APPROVED_TABLE_NAME })).toThrow(
    /^APPROVED_TABLE_NAME and REJECTED_TABLE_NAME are both exp-abc123-ApprovedProducts/,
  );
});

it.each([
  ['arn:aws-us-gov:sns:us-gov-west-1:111111111111:topic', 'us-gov-west-1'],
  ['arn:aws:sns:us-east-1:111111111111:topic', 'us-east-1'],
])('The tables are in the Region of the topic: %s', (arn, region) => {
  expect(readConfiguration({ ...ENVIRONMENT, SNS_TOPIC_ARN: arn }).topic.region).toBe(region);
});
