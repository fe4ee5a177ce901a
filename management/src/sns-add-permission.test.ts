import { text } from 'node:stream/consumers';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { type LocalServer, startServer } from '../../shared/testing/http-server.js';
import { lambdaContext } from '../../shared/testing/lambda-context.js';
import { createEvent, deleteEvent } from './testing/stack-events.js';
import { startTopicPolicies, type TopicPolicies } from './testing/topic-policies.js';

const TOPIC = 'arn:aws:sns:eu-central-1:111111111111:exp-abc123-PrivateMarketplace';
const properties = { AWSAccount: '222222222222', TopicArn: TOPIC };
const environment = process.env;

let policies: TopicPolicies;
let cloudFormation: LocalServer;
let answers: unknown[];
let statuses: number[];
let handler: typeof import('./sns-add-permission.js').handler;

beforeAll(async () => {
  policies = await startTopicPolicies();
  cloudFormation = await startServer(async (request, response) => {
    answers.push(JSON.parse(await text(request)));
    response.writeHead(statuses.shift() ?? 200).end();
  });
  process.env = {
    ...environment,
    LOG_LEVEL: 'SILENT',
    AWS_ENDPOINT_URL_SNS: policies.url,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
  ({ handler } = await import('./sns-add-permission.js'));
});

beforeEach(() => {
  policies.topics.clear();
  policies.topics.set(TOPIC, new Map());
  policies.fault = () => undefined;
  answers = [];
  statuses = [];
});

afterAll(async () => {
  process.env = environment;
  await policies.close();
  await cloudFormation.close();
});

const invoke = (event: CloudFormationCustomResourceEvent, remainingMs = 60_000) =>
  handler(
    { ...event, ResponseURL: `${cloudFormation.url}/answer?Signature=abc` },
    lambdaContext(remainingMs),
  );

it('The custom resource adds a permission, removes it, and answers CloudFormation each time', async () => {
  const created = await invoke(createEvent(properties));
  const between = [...(policies.topics.get(TOPIC)?.keys() ?? [])];
  const deleted = await invoke(deleteEvent(created.PhysicalResourceId, properties));

  expect(between).toEqual(['222222222222']);
  expect(policies.topics.get(TOPIC)?.size).toBe(0);
  expect(answers).toEqual([created, deleted]);
  expect(answers).toMatchObject([{ Status: 'SUCCESS' }, { Status: 'SUCCESS' }]);
});

it('A failure is an answer too', async () => {
  policies.topics.clear();

  await invoke(createEvent(properties));

  expect(answers).toMatchObject([{ Status: 'FAILED', Reason: expect.stringContaining('NotFoundException') }]);
});

it('An answer that CloudFormation does not take at first is sent again', async () => {
  statuses = [500];

  await invoke(createEvent(properties));

  expect(answers).toMatchObject([{ Status: 'SUCCESS' }, { Status: 'SUCCESS' }]);
});

it('An answer that CloudFormation never takes is an error, so that Lambda runs the function again', async () => {
  statuses = Array(4).fill(503);

  await expect(invoke(createEvent(properties))).rejects.toThrow(/^CloudFormation did not take the answer/);
  expect(answers).toHaveLength(4);
}, 10_000);

it('SNS that never answers does not keep CloudFormation waiting: the answer comes before the time limit', async () => {
  policies.fault = () => 'hang';
  const start = Date.now();

  await invoke(createEvent(properties), 3_000);

  expect(Date.now() - start).toBeLessThan(3_000);
  expect(answers).toMatchObject([
    { Status: 'FAILED', Reason: expect.stringContaining('SNS did not answer') },
  ]);
});

it('An event that is not from CloudFormation is refused', async () => {
  const event = { hello: 'world' } as unknown as CloudFormationCustomResourceEvent; // what a person may send by hand

  await expect(handler(event, lambdaContext(60_000))).rejects.toThrow('serves CloudFormation alone');
  expect(answers).toEqual([]);
});
