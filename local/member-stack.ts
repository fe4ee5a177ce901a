import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { clientFor, createFunction, type Deployment, invoker } from './deployment.js';
import { EventSource } from './event-source.js';
import type { Invocation, LambdaFunction } from './lambda.js';
import type { Stack, StackPlace } from './template.js';

/** A member stack that is deployed. */
export interface Member {
  readonly name: string;
  readonly account: string;
  readonly lambda: LambdaFunction;
  /** Invokes its function with a test event, as the console does. */
  readonly invoke: (event?: unknown) => Promise<Invocation>;
  /** How many messages its queue holds, and how many its function could not handle. */
  readonly messages: () => { readonly waiting: number; readonly inFlight: number; readonly dead: number };
  readonly stop: () => Promise<void>;
}

/** What differs from the template, so that a test need not wait for minutes. */
export interface MemberShortcuts {
  /** Variables beside those of the template: `POLL_SECONDS`, `STOP_MARGIN_SECONDS`. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The function's time limit, in seconds. */
  readonly timeout?: number;
  /** The queue's visibility timeout, in seconds. */
  readonly visibilitySeconds?: number;
}

/** What a queue's template says that makes a difference here. */
const QUEUE_PROPERTIES = ['VisibilityTimeout', 'MessageRetentionPeriod', 'RedrivePolicy'] as const;
/** The account that fauxqs has: one alone. */
const QUEUES_ACCOUNT = '000000000000';

/** Creates the queues, the subscription, the function and the event source that `member/template.yaml` describes. */
export async function deployMember(
  stack: Stack,
  deployment: Deployment,
  topicArn: string,
  { environment, timeout, visibilitySeconds }: MemberShortcuts,
): Promise<Member> {
  const { name, account, region, queues } = deployment;
  const place: StackPlace = { account, region, refs: new Map() };
  const sqs = new SQSClient({ ...clientFor(deployment), endpoint: queues.address });
  const createQueue = async (queueName: string, properties: Readonly<Record<string, unknown>>) => {
    await sqs.send(new CreateQueueCommand({ QueueName: queueName, Attributes: queueAttributes(properties) }));
    // The URL that fauxqs answers has a host name that only some resolvers know; this one is the same queue.
    const url = `${queues.address}/${QUEUES_ACCOUNT}/${queueName}`;
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }),
    );
    return { name: queueName, url, arn: Attributes?.QueueArn ?? '' };
  };
  const queueName = `${name.replace(/\W+/g, '-')}-SQSSyncNotifications`;
  const dead = await createQueue(
    `${queueName}DeadLetters`,
    stack.properties('SQSSyncNotificationsDeadLetters', QUEUE_PROPERTIES, place),
  );
  const queue = await createQueue(queueName, {
    ...stack.properties('SQSSyncNotifications', QUEUE_PROPERTIES, {
      ...place,
      attributes: new Map([['SQSSyncNotificationsDeadLetters.Arn', dead.arn]]),
    }),
    ...(visibilitySeconds !== undefined && { VisibilityTimeout: visibilitySeconds }),
  });
  // The topic can be in another Region than the queue; whoever subscribes asks the topic's.
  const sns = new SNSClient({
    ...clientFor({ account, region: topicArn.split(':')[3] ?? region }),
    endpoint: queues.address,
  });
  await sns.send(new SubscribeCommand({ TopicArn: topicArn, Protocol: 'sqs', Endpoint: queue.arn }));
  sns.destroy();

  const description = stack.function('SyncPMPMember', {
    ...place,
    refs: new Map([['SQSSyncNotifications', queue.url]]),
  });
  const lambda = createFunction(
    {
      ...description,
      environment: { ...description.environment, ...environment },
      timeout: timeout ?? description.timeout,
    },
    deployment,
  );
  const { BatchSize, ScalingConfig } = stack.properties(
    'SyncPMPMemberMySQSEvent',
    ['BatchSize', 'ScalingConfig'],
    place,
  ) as { BatchSize: number; ScalingConfig: { MaximumConcurrency: number } }; // CloudFormation's form
  const invoke = invoker(lambda, deployment);
  const eventSource = new EventSource({
    client: sqs,
    queueUrl: queue.url,
    queueArn: queue.arn,
    batchSize: BatchSize,
    concurrency: ScalingConfig.MaximumConcurrency,
    invoke,
  });
  return {
    name,
    account,
    lambda,
    invoke: (event = {}) => invoke(event),
    messages: () => {
      const { ready = [], delayed = [], inflight = [] } = queues.inspectQueue(queue.name)?.messages ?? {};
      return {
        waiting: ready.length + delayed.length,
        inFlight: inflight.length,
        dead: queues.inspectQueue(dead.name)?.messages.ready.length ?? 0,
      };
    },
    stop: async () => {
      const stopped = eventSource.stop();
      await lambda.stop();
      await stopped;
      sqs.destroy();
    },
  };
}

function queueAttributes(properties: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      name,
      typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]),
  );
}
