import { SQSClient } from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { EventSource } from './event-source.js';
import type { Invocation } from './lambda.js';

const returned: Invocation = {
  requestId: '1',
  startedAt: 0,
  durationMs: 0,
  outcome: 'returned',
  value: undefined,
  peakMemoryMb: 0,
};
let server: FauxqsServer;
let client: SQSClient;
let source: EventSource | undefined;

beforeEach(async () => {
  server = await startFauxqs({ port: 0, logger: false, defaultRegion: 'eu-west-1', messageSpies: true });
  server.createQueue('dead');
  server.createQueue('queue', {
    attributes: {
      VisibilityTimeout: '1',
      RedrivePolicy: JSON.stringify({
        deadLetterTargetArn: 'arn:aws:sqs:eu-west-1:000000000000:dead',
        maxReceiveCount: '2',
      }),
    },
  });
  client = new SQSClient({
    region: 'eu-west-1',
    endpoint: server.address,
    credentials: { accessKeyId: '222222222222', secretAccessKey: 'local' },
  });
});
afterEach(async () => {
  await source?.stop();
  client.destroy();
  await server.stop();
});

function connect(invoke: (event: SQSEvent) => Promise<Invocation>): void {
  source = new EventSource({
    client,
    queueUrl: `${server.address}/000000000000/queue`,
    queueArn: 'arn:aws:sqs:eu-west-1:000000000000:queue',
    batchSize: 1,
    concurrency: 1,
    invoke,
  });
}

test('a message becomes an event of one record, and is deleted when the function returns', async () => {
  const events: SQSEvent[] = [];
  connect(async (event) => {
    events.push(event);
    return returned;
  });

  server.sendMessage('queue', '{"Action":"Products-Updated"}');
  await server.spy.waitForMessage({ service: 'sqs', queueName: 'queue' }, 'consumed', 5_000);

  expect(events).toMatchObject([
    {
      Records: [
        {
          body: '{"Action":"Products-Updated"}',
          eventSource: 'aws:sqs',
          eventSourceARN: 'arn:aws:sqs:eu-west-1:000000000000:queue',
          awsRegion: 'eu-west-1',
          attributes: { ApproximateReceiveCount: '1' },
        },
      ],
    },
  ]);
});

test('a message that the function fails on comes back, and goes to the dead letters in the end', async () => {
  const receives: string[] = [];
  connect(async ({ Records: [record] }) => {
    receives.push(record?.attributes.ApproximateReceiveCount ?? '');
    return { requestId: '1', startedAt: 0, durationMs: 0, outcome: 'timed out' };
  });

  server.sendMessage('queue', 'hopeless');
  await server.spy.waitForMessage({ service: 'sqs', body: 'hopeless' }, 'dlq', 10_000);

  expect(receives).toEqual(['1', '2']);
  expect(server.inspectQueue('dead')?.messages.ready).toMatchObject([{ body: 'hopeless' }]);
});
