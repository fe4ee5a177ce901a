import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SNSClient } from '@aws-sdk/client-sns';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Context } from 'aws-lambda';
import { createCatalogClient, errorText } from '../../shared/catalog.js';
import { systemClock } from '../../shared/clock.js';
import { createLogger } from '../../shared/telemetry.js';
import { type ManagementConfiguration, readConfiguration } from './configuration.js';
import { type ManagementServices, type PublicationSummary, publishSnapshot } from './publish-snapshot.js';

/** How long before the function's time limit nothing more is started, in milliseconds. */
const STOP_MARGIN_MS = 10_000;
/** How often the SDK sends a request to DynamoDB or SNS, at most, before its error counts. */
const TRIES = 6;
/** An answer of DynamoDB or SNS that takes longer than this counts as lost; both in milliseconds. */
const TIMEOUTS = { connectionTimeout: 5_000, requestTimeout: 10_000, throwOnRequestTimeout: true };

const log = createLogger('SyncPMPManagement');
let ready:
  | { readonly configuration: ManagementConfiguration; readonly services: ManagementServices }
  | undefined;

/**
 * Publishes the snapshot of the management experience. The event can be anything: the schedule's, or what a person
 * sends from the console's test pane.
 *
 * @returns what the run did, as JSON that a person reads.
 * @throws ConfigurationError naming the variable, before anything is read; otherwise what {@link publishSnapshot} throws.
 */
export async function handler(_event: unknown, context: Context): Promise<PublicationSummary> {
  log.addContext(context);
  try {
    ready ??= { configuration: readConfiguration(process.env), services: createServices() };
    const stopAt = systemClock.now() + context.getRemainingTimeInMillis() - STOP_MARGIN_MS;
    const summary = await publishSnapshot(ready.configuration, ready.services, stopAt);
    log.info('The snapshot is published.', { ...summary });
    return summary;
  } catch (error) {
    log.error(errorText(error));
    throw error;
  }
}

function createServices(): ManagementServices {
  const client = { maxAttempts: TRIES, requestHandler: TIMEOUTS };
  return {
    catalogClient: createCatalogClient(),
    documents: DynamoDBDocumentClient.from(new DynamoDBClient(client)),
    sns: new SNSClient(client),
    clock: systemClock,
    log,
  };
}
