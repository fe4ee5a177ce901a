import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { LambdaFunction } from './lambda.js';

const LOGICAL_ID = 'FunctionOfLambdaTest';
const HANDLER = `
let invocations = 0;
export async function handler(event, context) {
  invocations += 1;
  if (event.wait) await new Promise((wake) => setTimeout(wake, event.wait));
  if (event.fail) throw new RangeError('as asked');
  console.log('handled');
  return {
    invocations,
    left: context.getRemainingTimeInMillis(),
    arn: context.invokedFunctionArn,
    variables: Object.keys(process.env).filter((name) => !name.startsWith('AWS_LAMBDA_') && name !== 'NODE_CHANNEL_FD'),
  };
}`;
const lines: string[] = [];
let lambda: LambdaFunction;

beforeAll(() => {
  mkdirSync(`dist/${LOGICAL_ID}`, { recursive: true });
  writeFileSync(`dist/${LOGICAL_ID}/index.mjs`, HANDLER);
});
afterAll(() => rmSync(`dist/${LOGICAL_ID}`, { recursive: true }));
beforeEach(() => {
  lambda = new LambdaFunction({
    logicalId: LOGICAL_ID,
    arn: 'arn:aws:lambda:eu-west-1:222222222222:function:f',
    environment: { MODE: 'sync' },
    timeoutMs: 1_500,
    memory: 256,
    onLog: (line) => lines.push(line),
  });
});
afterEach(() => lambda.stop());

test('a function sees its own environment and its context, and its process stays warm', async () => {
  const first = await lambda.invoke({});
  const second = await lambda.invoke({});

  expect(first).toMatchObject({
    outcome: 'returned',
    value: { invocations: 1, arn: 'arn:aws:lambda:eu-west-1:222222222222:function:f' },
  });
  expect(second).toMatchObject({ outcome: 'returned', value: { invocations: 2 } });
  if (first.outcome !== 'returned') throw new Error('checked above');
  const { left, variables } = first.value as { left: number; variables: string[] }; // as the handler above returns it
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThanOrEqual(1_500);
  expect(variables.filter((name) => name !== 'NODE_CHANNEL_SERIALIZATION_MODE').sort()).toEqual([
    'MODE',
    'TZ',
  ]);
  expect(lambda.loadTimesMs).toHaveLength(1);
  expect(lines).toContain('handled');
});

test('two events at a time have a process each', async () => {
  const both = await Promise.all([lambda.invoke({ wait: 50 }), lambda.invoke({ wait: 50 })]);

  expect(both).toMatchObject([{ value: { invocations: 1 } }, { value: { invocations: 1 } }]);
});

test('an error is told with its type, and the process lives on', async () => {
  const failed = await lambda.invoke({ fail: true });

  expect(failed).toMatchObject({
    outcome: 'failed',
    error: { errorType: 'RangeError', errorMessage: 'as asked' },
  });
  expect(await lambda.invoke({})).toMatchObject({ value: { invocations: 2 } });
});

test('an invocation that outlives its time is ended, and the next one starts afresh', async () => {
  expect(await lambda.invoke({ wait: 60_000 })).toMatchObject({ outcome: 'timed out' });
  expect(await lambda.invoke({})).toMatchObject({ outcome: 'returned', value: { invocations: 1 } });
});

test('an invocation can be killed at any moment', async () => {
  const killed = lambda.invoke({ wait: 60_000 });
  expect(lambda.running).toBe(1);
  setTimeout(() => lambda.kill(), 100);

  expect(await killed).toMatchObject({ outcome: 'killed' });
  expect(lambda.running).toBe(0);
});

test('a bundle that cannot be loaded fails every invocation', async () => {
  const missing = new LambdaFunction({
    logicalId: 'NoSuchFunction',
    arn: 'arn',
    environment: {},
    timeoutMs: 5_000,
    memory: 256,
  });

  expect(await missing.invoke({})).toMatchObject({
    outcome: 'failed',
    error: { errorMessage: expect.stringContaining('NoSuchFunction') },
  });
  await missing.stop();
});
