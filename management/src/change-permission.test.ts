import { SNSClient } from '@aws-sdk/client-sns';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import fc from 'fast-check';
import type { Log } from '../../shared/telemetry.js';
import { changePermission } from './change-permission.js';
import { createEvent, deleteEvent, type Properties, STACK_ID, updateEvent } from './testing/stack-events.js';
import { invalidParameter, startTopicPolicies, type TopicPolicies } from './testing/topic-policies.js';

const TOPIC = 'arn:aws:sns:eu-central-1:111111111111:exp-abc123-PrivateMarketplace';
const OTHER_TOPIC = 'arn:aws:sns:eu-central-1:111111111111:exp-def456-PrivateMarketplace';
const two: Properties = { AWSAccount: '222222222222', TopicArn: TOPIC };
const three: Properties = { AWSAccount: '333333333333', TopicArn: TOPIC };
/** An id as the Python sample's custom resource gave it. */
const SAMPLE_ID = 'member-two_SNSAddPermission_A1B2C3D4';
const AUTHORIZATION_ERROR = { status: 403, code: 'AuthorizationError', message: 'User is not authorized' };

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
let policies: TopicPolicies;
let sns: SNSClient;

beforeAll(async () => {
  policies = await startTopicPolicies();
});

beforeEach(() => {
  policies.topics.clear();
  policies.topics.set(
    TOPIC,
    new Map([['Stmt1643807474528', { accounts: ['444444444444'], actions: ['Subscribe'] }]]),
  );
  policies.requests.length = 0;
  policies.fault = () => undefined;
  sns = new SNSClient({
    endpoint: policies.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
});

afterEach(() => sns.destroy());
afterAll(() => policies.close());

function change(event: CloudFormationCustomResourceEvent, deadline = new AbortController().signal) {
  return changePermission(event, { sns, log: silent }, deadline);
}

/** The labels of the topic's statements besides the one that the stack's own policy has. */
const labels = (topic = TOPIC) =>
  [...(policies.topics.get(topic)?.keys() ?? [])].filter((label) => label !== 'Stmt1643807474528').sort();

describe('Creating the resource', () => {
  it('lets the account subscribe, in a statement with the account id as its label', async () => {
    const answer = await change(createEvent(two));

    expect(policies.topics.get(TOPIC)?.get('222222222222')).toEqual({
      accounts: ['222222222222'],
      actions: ['Subscribe'],
    });
    expect(answer).toEqual({
      Status: 'SUCCESS',
      PhysicalResourceId: `${STACK_ID}/SNSAddPermission`,
      StackId: STACK_ID,
      RequestId: 'request-1',
      LogicalResourceId: 'SNSAddPermission',
    });
  });

  it('gives the same id when it is asked for again, and succeeds', async () => {
    const first = await change(createEvent(two));
    const again = await change(createEvent(two));

    expect(again).toEqual(first);
    expect(labels()).toEqual(['222222222222']);
  });

  it('succeeds for the account that the topic policy of the full stack names already', async () => {
    expect(await change(createEvent({ AWSAccount: '444444444444', TopicArn: TOPIC }))).toMatchObject({
      Status: 'SUCCESS',
    });
    expect(policies.topics.get(TOPIC)?.size).toBe(2);
  });

  it.each([
    ['AWSAccount', undefined],
    ['AWSAccount', '2222'],
    ['AWSAccount', ['222222222222']],
    ['AWSAccount', '“222222222222”'],
    ['TopicArn', undefined],
    ['TopicArn', 'exp-abc123-PrivateMarketplace'],
  ])('fails by the name of the property when %s is %j', async (property, value) => {
    const answer = await change(createEvent({ ...two, [property]: value }));

    expect(answer).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining(`${property} is `) });
    expect(policies.requests).toEqual([]);
  });

  it.each([
    [
      'refuses the account',
      invalidParameter('AWSAccountId'),
      'InvalidParameterException',
      'existing AWS account',
    ],
    [
      'does not let the function',
      AUTHORIZATION_ERROR,
      'AuthorizationErrorException',
      "the function's role allows",
    ],
    [
      'is out of order',
      { status: 500, code: 'InternalError', message: 'x' },
      'InternalErrorException',
      'Try the stack',
    ],
  ])('fails with the cause and what to do when SNS %s', async (_, fault, name, remedy) => {
    policies.fault = () => fault;

    const answer = await change(createEvent(two));

    expect(answer).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringContaining(
        `222222222222 could not be allowed to subscribe to ${TOPIC} (${name}: `,
      ),
    });
    expect(answer.Reason).toContain(remedy);
  });

  it('fails and says which stack to deploy first when there is no topic', async () => {
    policies.topics.clear();

    expect((await change(createEvent(two))).Reason).toMatch(
      /NotFoundException.*OnlyCrossAccountAccessRole=no first/,
    );
  });
});

describe('Updating the resource', () => {
  beforeEach(async () => {
    await change(createEvent(two));
    policies.requests.length = 0;
  });

  it('keeps its id, also one that the Python sample gave', async () => {
    expect(await change(updateEvent(SAMPLE_ID, two, three))).toMatchObject({
      Status: 'SUCCESS',
      PhysicalResourceId: SAMPLE_ID,
    });
  });

  it('moves the permission to a changed account, adding it before the old one goes', async () => {
    await change(updateEvent(SAMPLE_ID, two, three));

    expect(labels()).toEqual(['333333333333']);
    expect(policies.requests).toEqual(['AddPermission 333333333333', 'RemovePermission 222222222222']);
  });

  it('moves the permission to a changed topic', async () => {
    policies.topics.set(OTHER_TOPIC, new Map());

    await change(updateEvent(SAMPLE_ID, two, { ...two, TopicArn: OTHER_TOPIC }));

    expect([labels(TOPIC), labels(OTHER_TOPIC)]).toEqual([[], ['222222222222']]);
  });

  it('moves the permission from a topic that is gone', async () => {
    policies.topics.clear();
    policies.topics.set(OTHER_TOPIC, new Map());

    expect(await change(updateEvent(SAMPLE_ID, two, { ...two, TopicArn: OTHER_TOPIC }))).toMatchObject({
      Status: 'SUCCESS',
    });
  });

  it('removes nothing when neither has changed, and adds what somebody has removed', async () => {
    policies.topics.get(TOPIC)?.delete('222222222222');

    await change(updateEvent(SAMPLE_ID, two, two));

    expect(labels()).toEqual(['222222222222']);
    expect(policies.requests).toEqual(['AddPermission 222222222222']);
  });

  it('that fails keeps the old permission, and rolling it back succeeds', async () => {
    policies.fault = (_, label) => (label === '333333333333' ? invalidParameter('AWSAccountId') : undefined);

    const failed = await change(updateEvent(SAMPLE_ID, two, three));
    const rolledBack = await change(updateEvent(SAMPLE_ID, three, two));

    expect([failed.Status, rolledBack.Status]).toEqual(['FAILED', 'SUCCESS']);
    expect([failed.PhysicalResourceId, rolledBack.PhysicalResourceId]).toEqual([SAMPLE_ID, SAMPLE_ID]);
    expect(labels()).toEqual(['222222222222']);
  });

  it('from properties that never were valid, as a rollback may be, succeeds', async () => {
    expect(await change(updateEvent(SAMPLE_ID, { AWSAccount: 'none' }, two))).toMatchObject({
      Status: 'SUCCESS',
    });
  });

  it('fails when the old permission may not be removed, and names it', async () => {
    policies.fault = (action) => (action === 'RemovePermission' ? AUTHORIZATION_ERROR : undefined);

    const answer = await change(updateEvent(SAMPLE_ID, two, three));

    expect(answer).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringContaining('The permission of the account 222222222222'),
    });
  });
});

describe('Deleting the resource', () => {
  it('removes its permission, and no other', async () => {
    await change(createEvent(two));
    await change(createEvent(three));

    const answer = await change(deleteEvent(SAMPLE_ID, two));

    expect(answer).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: SAMPLE_ID });
    expect(labels()).toEqual(['333333333333']);
  });

  it.each([
    ['the permission is not there', () => {}],
    [
      'SNS calls a permission that is not there an error',
      () => {
        policies.fault = () => invalidParameter('Statement does not exist');
      },
    ],
    ['the topic is gone', () => policies.topics.clear()],
  ])('succeeds when %s', async (_, prepare) => {
    prepare();

    expect(await change(deleteEvent(SAMPLE_ID, two))).toMatchObject({ Status: 'SUCCESS' });
  });

  it.each(['2222', ['222222222222'], undefined])(
    'succeeds without a request when the properties never were valid: account %j',
    async (AWSAccount) => {
      expect(await change(deleteEvent(SAMPLE_ID, { AWSAccount, TopicArn: TOPIC }))).toMatchObject({
        Status: 'SUCCESS',
      });
      expect(policies.requests).toEqual([]);
    },
  );

  it('fails when SNS refuses, so that the permission is not forgotten', async () => {
    await change(createEvent(two));
    policies.fault = () => AUTHORIZATION_ERROR;

    expect(await change(deleteEvent(SAMPLE_ID, two))).toMatchObject({
      Status: 'FAILED',
      PhysicalResourceId: SAMPLE_ID,
    });
  });

  it('succeeds in any case after a creation that failed', async () => {
    for (const [properties, fault] of [
      [two, AUTHORIZATION_ERROR],
      [two, { status: 500, code: 'InternalError', message: 'x' }],
      [{ AWSAccount: 'none' }, undefined],
    ] as const) {
      policies.fault = () => fault;

      const created = await change(createEvent(properties));
      const deleted = await change(deleteEvent(created.PhysicalResourceId, properties));

      expect([created.Status, deleted.Status]).toEqual(['FAILED', 'SUCCESS']);
      expect(deleted.PhysicalResourceId).toBe(created.PhysicalResourceId);
    }
  });

  it('takes away what a creation added although it was not answered in time', async () => {
    const deadline = new AbortController();
    policies.fault = () => {
      policies.topics.get(TOPIC)?.set('222222222222', { accounts: ['222222222222'], actions: ['Subscribe'] });
      deadline.abort();
      return 'hang';
    };
    const created = await change(createEvent(two), deadline.signal);
    policies.fault = () => undefined;

    await change(deleteEvent(created.PhysicalResourceId, two));

    expect(created.Status).toBe('FAILED');
    expect(labels()).toEqual([]);
  });
});

describe('When the time is up', () => {
  it.each([
    ['creating', createEvent(two)],
    ['updating', updateEvent(SAMPLE_ID, two, three)],
    ['deleting', deleteEvent(SAMPLE_ID, two)],
  ])('%s fails instead of waiting for SNS', async (_, event) => {
    const deadline = new AbortController();
    policies.fault = () => {
      deadline.abort();
      return 'hang';
    };

    expect(await change(event, deadline.signal)).toMatchObject({
      Status: 'FAILED',
      Reason: 'SNS did not answer before the time limit of the function. Try the stack operation again.',
    });
  });

  it('an answer comes even if it was up from the start', async () => {
    expect(await change(createEvent(two), AbortSignal.abort())).toMatchObject({ Status: 'FAILED' });
  });
});

it('After any history of a stack, exactly its own permission is left, or none when it is deleted', async () => {
  const properties = fc.record({
    AWSAccount: fc.constantFrom('222222222222', '333333333333', 'none'),
    TopicArn: fc.constantFrom(TOPIC, OTHER_TOPIC),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(properties, { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      async (history, deleted) => {
        for (const topic of [TOPIC, OTHER_TOPIC]) policies.topics.set(topic, new Map());
        let current: Properties | undefined;
        let id = '';
        for (const next of history) {
          const answer = await change(current ? updateEvent(id, current, next) : createEvent(next));
          id = answer.PhysicalResourceId;
          if (answer.Status === 'SUCCESS') current = next;
          else if (current)
            await change(updateEvent(id, next, current)); // as CloudFormation rolls an update back
          else await change(deleteEvent(id, next)); // and a creation
        }
        if (deleted && current) await change(deleteEvent(id, current));

        const expected = deleted || !current ? [] : [`${current.TopicArn} ${current.AWSAccount}`];
        expect(
          [TOPIC, OTHER_TOPIC].flatMap((topic) => labels(topic).map((label) => `${topic} ${label}`)),
        ).toEqual(expected);
      },
    ),
    { numRuns: 40 },
  );
}, 30_000);
