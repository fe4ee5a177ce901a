import {
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import type { Invocation } from './lambda.js';

/** What an {@link EventSource} connects. */
export interface EventSourceOptions {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly queueArn: string;
  /** Messages in an event, at the most. */
  readonly batchSize: number;
  /** Events under way, at the most. */
  readonly concurrency: number;
  readonly invoke: (event: SQSEvent) => Promise<Invocation>;
}

/** How long a look at an empty queue waits, in seconds. */
const WAIT_SECONDS = 1;

/**
 * An event source mapping from a queue to a function, as Lambda has it: the messages of an event are deleted when
 * the function returns, and left to become visible again when it does not.
 */
export class EventSource {
  readonly #options: EventSourceOptions;
  readonly #stopping = new AbortController();
  readonly #pollers: Promise<void>[];

  /** Starts at once. */
  constructor(options: EventSourceOptions) {
    this.#options = options;
    this.#pollers = Array.from({ length: options.concurrency }, () => this.#poll());
  }

  /** Takes no further messages, and waits for the events under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#pollers);
  }

  async #poll(): Promise<void> {
    const { client, queueUrl, batchSize, invoke } = this.#options;
    while (!this.#stopping.signal.aborted) {
      const { Messages = [] } = await client
        .send(
          new ReceiveMessageCommand({
            QueueUrl: queueUrl,
            MaxNumberOfMessages: batchSize,
            WaitTimeSeconds: WAIT_SECONDS,
            MessageSystemAttributeNames: ['All'],
            MessageAttributeNames: ['All'],
          }),
          { abortSignal: this.#stopping.signal },
        )
        .catch((error: unknown) => {
          if (this.#stopping.signal.aborted) return { Messages: [] };
          throw error;
        });
      if (Messages.length === 0) continue;
      const { outcome } = await invoke({ Records: Messages.map((message) => this.#record(message)) });
      if (outcome !== 'returned') continue;
      for (const { ReceiptHandle } of Messages) {
        await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
      }
    }
  }

  #record(message: Message): SQSRecord {
    const { queueArn } = this.#options;
    const { Attributes = {}, MessageId = '', ReceiptHandle = '', Body = '', MD5OfBody = '' } = message;
    return {
      messageId: MessageId,
      receiptHandle: ReceiptHandle,
      body: Body,
      attributes: {
        ApproximateReceiveCount: Attributes.ApproximateReceiveCount ?? '1',
        SentTimestamp: Attributes.SentTimestamp ?? '0',
        SenderId: Attributes.SenderId ?? '',
        ApproximateFirstReceiveTimestamp: Attributes.ApproximateFirstReceiveTimestamp ?? '0',
      },
      messageAttributes: {},
      md5OfBody: MD5OfBody,
      eventSource: 'aws:sqs',
      eventSourceARN: queueArn,
      awsRegion: queueArn.split(':')[3] ?? '',
    };
  }
}
