import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { DeleteTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { OUTCOME_LEVELS } from '../shared/organization-status.js';
import { type AlarmState, alarmsOf, type Datapoint, datapointsIn, evaluateAlarm } from './cloudwatch.js';
import { clientFor } from './deployment.js';
import type { Invocation } from './lambda.js';
import { fieldOf, query } from './logs-insights.js';
import { type Outcomes, startOutcomes } from './outcomes.js';
import { Stack, type StackPlace } from './template.js';

const MEMBERS = ['synchronized', 'refused', 'held back', 'partly failed', 'without permission'];
const DEAD_LETTERS = 'dead-letters';

/** What the stacks' resources are called: a function has its logical id for a name here. */
const place: StackPlace = {
  account: '111111111111',
  region: 'us-east-1',
  refs: new Map(
    ['SyncPMPManagement', 'SyncPMPMember', 'SyncPMPManagementLogs', 'SyncPMPMemberLogs', 'AlarmTopic'].map(
      (id) => [id, id],
    ),
  ),
  attributes: new Map([
    ['SQSSyncNotificationsDeadLetters.QueueName', DEAD_LETTERS],
    ['SQSSyncNotifications.QueueName', 'notifications'],
    ['SNSUpdate.TopicName', 'topic'],
    ...['OrganizationBehind', 'SnapshotNotPublished', 'ManagementError', 'ReportsUnreadable'].map(arn),
    ...['RunError', 'DeadLetters', 'ExperienceFailed', 'ProductsRefused', 'ProductsHeldBack'].map(arn),
  ]),
};
const managementStack = new Stack('management/template.yaml', {
  ManagementExperienceId: 'exp-management',
  MemberOrgAccountId: '222222222222',
  AlarmEmail: 'operations@company.example',
});
const memberStack = new Stack('member/template.yaml', {
  CrossAccountAccessRoleARN: 'arn:aws:iam::111111111111:role/role',
  SNSTopicARN: 'arn:aws:sns:us-east-1:111111111111:topic',
  ApprovedTableName: 'approved',
  RejectedTableName: 'rejected',
  SyncTimestampsTableName: 'timestamps',
});

function arn(name: string): [string, string] {
  return [`${name}Alarm.Arn`, `arn:aws:cloudwatch:us-east-1:111111111111:alarm:${name}`];
}

/** What each function logged, and what CloudWatch has of it, by the name of its stack. */
const logs = new Map<string, string[]>();
const metrics = new Map<string, Datapoint[]>();
let scene: Outcomes;

type States = Readonly<Record<string, AlarmState>>;
/** The state of each alarm, by the stack's name: while all is well, in trouble, and when the management stack is broken. */
const states: Record<'well' | 'troubled' | 'broken' | 'silent', Map<string, States>> = {
  well: new Map(),
  troubled: new Map(),
  broken: new Map(),
  silent: new Map(),
};

/** What Lambda and SQS themselves say of the function and of the queues. */
function add(
  name: string,
  namespace: string,
  metric: string,
  dimensions: Datapoint['dimensions'],
  value: number,
) {
  const all = metrics.get(name) ?? [];
  metrics.set(name, [...all, { namespace, metric, dimensions, value, at: Date.now() }]);
}

function onInvocation(name: string, invocation: Invocation | 'begins'): void {
  if (invocation === 'begins') return;
  const FunctionName = name === 'management' ? 'SyncPMPManagement' : 'SyncPMPMember';
  add(name, 'AWS/Lambda', 'Errors', { FunctionName }, invocation.outcome === 'returned' ? 0 : 1);
}

function onLog(name: string, line: string): void {
  logs.set(name, [...(logs.get(name) ?? []), line]);
  metrics.set(name, [...(metrics.get(name) ?? []), ...datapointsIn(line)]);
}

/** Evaluates every alarm of every stack. @param hoursLater how long after now. */
function look(before: Map<string, States>, into: Map<string, States>, hoursLater = 0): void {
  for (const { name, messages } of scene.cloud.members) {
    const QueueName = DEAD_LETTERS;
    add(name, 'AWS/SQS', 'ApproximateNumberOfMessagesVisible', { QueueName }, messages().dead);
  }
  const at = Date.now() + hoursLater * 3_600_000;
  for (const name of ['management', ...MEMBERS]) {
    const stack = name === 'management' ? managementStack : memberStack;
    into.set(
      name,
      Object.fromEntries(
        alarmsOf(stack, place).map(([id, alarm]) => [
          id,
          evaluateAlarm(alarm, metrics.get(name) ?? [], at, before.get(name)?.[id] ?? 'INSUFFICIENT_DATA'),
        ]),
      ),
    );
  }
}

/** The alarms of a stack that are ringing. */
function ringing(moment: keyof typeof states, name: string): string[] {
  const known = Object.entries(states[moment].get(name) ?? {});
  expect(known.length).toBeGreaterThanOrEqual(4);
  return known.filter(([, state]) => state === 'ALARM').map(([id]) => id);
}

function records(name: string, lines = logs.get(name)): Record<string, unknown>[] {
  return (lines ?? [])
    .filter((line) => line.startsWith('{') && !line.startsWith('{"_aws"'))
    .map((line) => JSON.parse(line));
}

/** `npm run status` on the cloud's table. */
async function status(...args: string[]) {
  const command = ['run.mjs', 'status/status.ts', '--table', scene.cloud.tables.syncTimestamps, ...args];
  const env = { PATH: process.env.PATH ?? '', ...scene.shell };
  return promisify(execFile)(process.execPath, command, { env }).then(
    ({ stdout }) => ({ code: 0, stdout }),
    ({ code, stdout }: { code: number; stdout: string }) => ({ code, stdout }),
  );
}

let statusWhenWell: Awaited<ReturnType<typeof status>>;
let statusInTrouble: Awaited<ReturnType<typeof status>>;
let statusAsJson: Awaited<ReturnType<typeof status>>;
let datapointsOfDryRun: number;
let datapointsWhenForbidden: readonly Datapoint[];
let linesWhenWell: string[];
let linesOfPartlyFailed: string[];

beforeAll(async () => {
  scene = await startOutcomes({ onLog, onInvocation });
  const { cloud, hour, trouble, forbidManagement } = scene;
  await hour();
  await hour();
  linesWhenWell = [...logs.values()].flat();
  look(new Map(), states.well);
  statusWhenWell = await status();

  const counted = () =>
    [...(metrics.get('refused') ?? [])].filter(({ namespace }) => !namespace.startsWith('AWS/'));
  await trouble();
  const before = counted().length;
  await cloud.members[1]?.invoke({ mode: 'dry-run' });
  datapointsOfDryRun = counted().length - before;
  statusInTrouble = await status();
  statusAsJson = await status('--json', '--stale-after', '24');
  await cloud.invokeManagement();
  look(states.well, states.troubled);
  linesOfPartlyFailed = logs.get('partly failed') ?? [];

  forbidManagement();
  const published = metrics.get('management')?.length ?? 0;
  await cloud.invokeManagement();
  datapointsWhenForbidden = metrics.get('management')?.slice(published) ?? [];
  const client = new DynamoDBClient({
    ...clientFor({ account: '111111111111', region: 'us-east-1' }),
    endpoint: scene.shell.AWS_ENDPOINT_URL_DYNAMODB ?? '',
  });
  await client.send(new DeleteTableCommand({ TableName: cloud.tables.syncTimestamps }));
  client.destroy();
  await cloud.invokeManagement();
  look(states.troubled, states.broken);
  look(states.broken, states.silent, 2);
}, 180_000);

afterAll(() => scene?.cloud.stop());

describe('The alarms, as the templates define them, on the metrics that the functions wrote', () => {
  it.each(['management', ...MEMBERS])('are all quiet while all is well: %s', (name) => {
    const known = Object.values(states.well.get(name) ?? {});

    expect(ringing('well', name)).toEqual([]);
    expect(known).not.toContain('INSUFFICIENT_DATA');
  });

  it.each([
    ['management', ['OrganizationBehindAlarm']],
    ['synchronized', []],
    ['refused', ['ProductsRefusedAlarm']],
    ['held back', ['ProductsHeldBackAlarm']],
    ['partly failed', ['ExperienceFailedAlarm']],
    ['without permission', ['RunErrorAlarm', 'DeadLettersAlarm']],
  ])('go off where they should, and nowhere else: %s', (name, expected) => {
    expect(ringing('troubled', name)).toEqual(expected);
  });

  it('go off when the management function cannot read the reports, and when a run of it fails', () => {
    expect(ringing('broken', 'management')).toEqual([
      'OrganizationBehindAlarm', // as before: no report says otherwise
      'ManagementErrorAlarm',
      'ReportsUnreadableAlarm',
    ]);
  });

  it('go off when the management function has not run for two hours', () => {
    expect(ringing('silent', 'management')).toContain('SnapshotNotPublishedAlarm');
  });

  it.each([
    ['management', managementStack],
    ['member', memberStack],
  ])('send a mail only where an address was given: %s', (name, stack) => {
    for (const id of stack.ofType('AWS::CloudWatch::Alarm')) {
      const { AlarmActions, OKActions } = stack.properties(id, ['AlarmActions', 'OKActions'], place);
      const expected = name === 'management' ? ['AlarmTopic'] : [];
      expect({ AlarmActions, OKActions }).toEqual({ AlarmActions: expected, OKActions: expected });
    }
  });
});

describe('The metrics', () => {
  it('say nothing of a dry run', () => {
    expect(datapointsOfDryRun).toBe(0);
  });

  it('tell each organization apart, and have the worst of them without its name', () => {
    const hours = (metrics.get('management') ?? []).filter(
      ({ metric }) => metric === 'HoursSinceSynchronization',
    );

    const named = hours.filter(({ dimensions }) => dimensions.Organization !== undefined);
    expect(new Set(named.map(({ dimensions }) => dimensions.Organization)).size).toBe(6);
    expect(Math.max(...hours.map(({ value }) => value))).toBeCloseTo(5, 1);
    expect(hours.length).toBe(2 * named.length);
  });

  it('tell how the organizations stand when the snapshot cannot be published as well', () => {
    const value = (name: string) => datapointsWhenForbidden.find(({ metric }) => metric === name)?.value;

    expect(value('SnapshotsPublished')).toBe(0);
    expect(value('Organizations')).toBe(6);
    expect(value('OrganizationsBehind')).toBe(1);
  });

  it('are published by a run that fails as well', () => {
    const failing = metrics.get('without permission') ?? [];
    const runs = failing.filter(({ metric }) => metric === 'Errors').length;

    expect(failing.filter(({ metric }) => metric === 'Duration')).toHaveLength(runs);
    const published = (metrics.get('management') ?? []).filter(
      ({ metric }) => metric === 'SnapshotsPublished',
    );
    expect(published.at(-1)?.value).toBe(0);
  });

  it('count what a first synchronization did', () => {
    const sum = (name: string) =>
      (metrics.get('synchronized') ?? [])
        .filter(({ metric }) => metric === name)
        .reduce((total, { value }) => total + value, 0);

    expect(sum('ProductsApproved')).toBe(80);
    expect(sum('ProductsDenied')).toBe(30 + 20);
    expect(sum('ChangeSets')).toBe(2);
  });
});

describe('The logs', () => {
  it('name the one experience that fails, in one search for errors', () => {
    const errors = records('partly failed', linesOfPartlyFailed).filter(({ level }) => level === 'ERROR');

    expect(errors).not.toHaveLength(0);
    for (const error of errors) {
      expect(error).toMatchObject({
        experience_id: scene.forbiddenExperience,
        reason: expect.stringContaining('AccessDenied'),
        notification_id: expect.any(String),
      });
    }
  });

  it('name the notification by which a run was started, as the management function names it', () => {
    const sent = records('management').flatMap(({ notificationId }) => notificationId ?? []);
    const named = records('synchronized').flatMap(({ notification_id }) => notification_id ?? []);

    expect(named).not.toHaveLength(0);
    expect(sent).toEqual(expect.arrayContaining(named));
  });

  it('have one line for each change set and one for each run', () => {
    const of = (text: string) => records('synchronized').filter(({ message }) => message === text);

    expect(of('Change set ended').filter(({ status: ended }) => ended === 'SUCCEEDED')).toHaveLength(2);
    const runs = (metrics.get('synchronized') ?? []).filter(({ metric }) => metric === 'Errors');
    expect([...of('Run ended'), ...of('Run failed')]).toHaveLength(runs.length);
  });

  it('hold neither lists of products nor mail addresses', () => {
    const product = /prod-[a-z0-9]{13}|[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g;
    const changeSets = linesWhenWell.filter((line) => /Change set ended|Run ended|is published/.test(line));

    expect(changeSets.length).toBeGreaterThan(10);
    for (const line of changeSets) {
      const { function_request_id: _, notification_id: __, notificationId: ___, ...rest } = JSON.parse(line);
      expect(JSON.stringify(rest).match(product)).toBeNull();
    }
    for (const line of [...logs.values()].flat()) expect(line).not.toMatch(/@[\w-]+\.example/);
  });
});

describe('The dashboards', () => {
  const dashboards = [
    { name: 'management', stack: managementStack, sources: ['management'] },
    { name: 'member', stack: memberStack, sources: MEMBERS },
  ];
  interface Widget {
    readonly type: string;
    readonly properties: {
      readonly alarms?: readonly string[];
      readonly metrics?: readonly (readonly unknown[])[];
      readonly query?: string;
    };
  }
  const widgets = (stack: Stack): readonly Widget[] =>
    JSON.parse(stack.text('Dashboard', 'DashboardBody', place)).widgets;

  it.each(dashboards)('show every alarm of their stack: $name', ({ stack }) => {
    const shown = widgets(stack).flatMap(({ properties }) => properties.alarms ?? []);

    expect(shown.map((one) => `${one.split(':').at(-1)}Alarm`)).toEqual(
      stack.ofType('AWS::CloudWatch::Alarm'),
    );
  });

  it.each(dashboards)('show no metric that is not published: $name', ({ stack, sources }) => {
    const published = new Set(
      sources.flatMap((source) =>
        (metrics.get(source) ?? []).map(({ namespace, metric, dimensions }) =>
          [namespace, metric, ...Object.entries(dimensions).flat()].join(' '),
        ),
      ),
    );
    // Those of SQS and SNS: "Available CloudWatch metrics" in their guides.
    published.add('AWS/SQS ApproximateNumberOfMessagesVisible QueueName notifications');
    published.add('AWS/SNS NumberOfNotificationsFailed TopicName topic');

    const shown = widgets(stack).flatMap(({ properties }) => properties.metrics ?? []);
    expect(shown.length).toBeGreaterThan(8);
    for (const row of shown) {
      const [first] = row;
      if (typeof first === 'string') {
        expect(published).toContain(row.filter((part) => typeof part === 'string').join(' '));
      } else {
        const { expression } = first as { expression: string }; // a search
        const [, schema = '', name, metric] =
          /^SEARCH\('\{([^}]+)\} FunctionName="(\w+)" MetricName="(\w+)"', 'Maximum'\)$/.exec(expression) ??
          [];
        const [namespace, ...dimensions] = schema.split(',');
        expect(dimensions).toEqual(['FunctionName', 'Organization']);
        expect(published).toContain(`${namespace} ${metric} FunctionName ${name} Organization 300000000001`);
      }
    }
  });

  it.each(dashboards)('find something in the logs with every query: $name', ({ stack, sources }) => {
    const lines = sources.flatMap((source) => records(source));

    for (const { properties } of widgets(stack)) {
      if (properties.query)
        expect([properties.query, query(properties.query, lines)]).not.toEqual([properties.query, []]);
    }
  });

  it.each(dashboards)('ask the logs for nothing that is not in them: $name', ({ stack, sources }) => {
    const lines = sources.flatMap((source) => records(source));
    const queries = widgets(stack).flatMap(({ properties }) => properties.query ?? []);

    expect(queries).not.toHaveLength(0);
    for (const text of queries) {
      expect(text).toMatch(/^SOURCE 'SyncPMP(Management|Member)Logs' \| /);
      const words = [...text.matchAll(/"([^"]+)"/g)].map(([, word]) => word);
      const fields = text
        .replace(/^SOURCE '[^']+' \| /, '')
        .replace(/"[^"]*"/g, '')
        .split(' | ')
        .flatMap((command) =>
          /^(filter|fields|stats)/.test(command) ? command.replace(/ as \w+/g, '').split(/[^\w.@]+/) : [],
        )
        .filter((field) => field && !/^(filter|fields|stats|by|in|and|latest|@timestamp)$/.test(field));
      for (const field of fields) {
        expect([field, lines.some((line) => fieldOf(line, field) !== undefined)]).toEqual([field, true]);
      }
      for (const word of words) {
        expect([word, lines.some(({ level, message }) => level === word || message === word)]).toEqual([
          word,
          true,
        ]);
      }
    }
  });
});

describe('docs/operations.md', () => {
  const text = readFileSync('docs/operations.md', 'utf8');

  it('explains every alarm, every outcome and every metric', () => {
    const alarms = [managementStack, memberStack].flatMap((stack) => stack.ofType('AWS::CloudWatch::Alarm'));
    const own = [...metrics.values()]
      .flat()
      .filter(({ namespace }) => namespace === 'PrivateMarketplaceSync');
    for (const name of [
      ...alarms,
      ...Object.keys(OUTCOME_LEVELS),
      ...new Set(own.map(({ metric }) => metric)),
    ]) {
      expect(text).toContain(`\`${name}\``);
    }
  });
});

describe('npm run status', () => {
  it('ends with 0 while every organization is synchronized', () => {
    expect(statusWhenWell.code).toBe(0);
    expect(statusWhenWell.stdout).toContain(
      '5 organizations: none is behind (more than 3 hours), none failed.',
    );
  });

  it('shows each outcome with its reason, and ends with 1', () => {
    const { code, stdout } = statusInTrouble;
    const row = (id: string) => {
      const from = stdout.slice(stdout.indexOf(id));
      return from.slice(0, from.search(/[├└]/)).replace(/[│\s]+/g, ' ');
    };

    expect(code).toBe(1);
    expect(row('300000000001')).toMatch(/\d\d:\d\d 0 min 2 synchronized/);
    expect(row('300000000002')).toMatch(/synchronized .*1 refused/);
    expect(row('300000000002')).toContain(`refused to approve ${scene.refusedProduct}`);
    expect(row('300000000003')).toMatch(/0 of 1 held back .*MaxDeniedPercent/);
    expect(row('300000000004')).toMatch(/1 of 2 partly failed .*AccessDenied/);
    expect(row('300000000005')).toMatch(/failed .*AccessDenied/);
    expect(row('300000000006')).toMatch(/5\.0 h 2 synchronized nothing was reported since .*BEHIND/);
    expect(stdout).toContain('6 organizations: 1 behind (not synchronized for more than 3 hours), 2 failed.');
  });

  it('gives the same to programs, and takes another limit', () => {
    const { table, staleAfterHours, organizations } = JSON.parse(statusAsJson.stdout);

    expect(statusAsJson.code).toBe(1); // two have failed
    expect({ table, staleAfterHours }).toEqual({
      table: 'exp-management-SyncTimestamps',
      staleAfterHours: 24,
    });
    expect(organizations).toHaveLength(6);
    expect(organizations[5]).toMatchObject({
      organization: '300000000006',
      email: 'cloud@behind.example',
      experiences: 2,
      outcome: 'synchronized',
      behind: false,
      failed: false,
    });
  });
});
