import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SNSClient } from '@aws-sdk/client-sns';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Context } from 'aws-lambda';
import { createCatalogClient, errorText } from '../../shared/catalog.js';
import { systemClock } from '../../shared/clock.js';
import { completed } from '../../shared/lambda-context.js';
import { createLogger, createMetrics } from '../../shared/telemetry.js';
import { type ManagementConfiguration, readConfiguration } from './configuration.js';
import { type ManagementServices, type PublicationSummary, publishSnapshot } from './publish-snapshot.js';
import { watchOrganizations } from './watch-organizations.js';

/** How long before the function's time limit nothing more is started, in milliseconds. */
const STOP_MARGIN_MS = 10_000;
/** How often the SDK sends a request to DynamoDB or SNS, at most, before its error counts. */
const TRIES = 6;
/** An answer of DynamoDB or SNS that takes longer than this counts as lost; both in milliseconds. */
const TIMEOUTS = { connectionTimeout: 5_000, requestTimeout: 10_000, throwOnRequestTimeout: true };

/** The time limit in the template, in milliseconds. */
const TIMEOUT_MS = 300_000;

const log = createLogger('SyncPMPManagement');
let metrics: Metrics | undefined;
let ready:
  | { readonly configuration: ManagementConfiguration; readonly services: ManagementServices }
  | undefined;

/**
 * Watches how far the members are, and publishes the snapshot of the management experience. Neither keeps the other
 * from being done. The event can be anything: the schedule's, or what a person sends from the console's test pane.
 *
 * @returns what the run did, as JSON that a person reads.
 * @throws ConfigurationError naming the variable, before anything is read; otherwise what {@link publishSnapshot} throws.
 */
export async function handler(
  _event: unknown,
  lambdaContext?: Partial<Context>,
): Promise<PublicationSummary> {
  const context = completed(lambdaContext, 'SyncPMPManagement', TIMEOUT_MS);
  log.addContext(context);
  metrics ??= createMetrics(context.functionName);
  const startedAt = systemClock.now();
  const stopAt = startedAt + context.getRemainingTimeInMillis() - STOP_MARGIN_MS;
  let summary: PublicationSummary | undefined;
  try {
    ready ??= { configuration: readConfiguration(process.env), services: createServices() };
    const { configuration, services } = ready;
    await watch(configuration, { ...services, metrics });
    summary = await publishSnapshot(configuration, services, stopAt);
    log.info('The snapshot is published.', { ...summary });
    return summary;
  } catch (error) {
    log.error(errorText(error));
    throw error;
  } finally {
    publishMetrics(metrics, (systemClock.now() - startedAt) / 1000, summary);
  }
}

/** Watches the members. That it failed is in the log and in the metrics: it must not cost them their snapshot. */
async function watch(...[configuration, services]: Parameters<typeof watchOrganizations>): Promise<void> {
  let failed = 0;
  try {
    await watchOrganizations(configuration, services);
  } catch (error) {
    failed = 1;
    log.error(
      `The members' reports in ${configuration.syncTimestampsTable} could not be read (${errorText(error)}). ` +
        'The snapshot is published all the same. If this goes on, deploy the management stack again.',
    );
  }
  services.metrics.addMetric('WatchFailures', MetricUnit.Count, failed).publishStoredMetrics();
}

/** @param seconds how long the run took. @param summary missing when it failed. */
function publishMetrics(into: Metrics, seconds: number, summary: PublicationSummary | undefined): void {
  into
    .addMetric('Duration', MetricUnit.Seconds, seconds)
    .addMetric('SnapshotsPublished', MetricUnit.Count, summary ? 1 : 0)
    .addMetric('NotificationsSent', MetricUnit.Count, summary?.notified ? 1 : 0);
  if (summary) {
    into
      .addMetric('SnapshotApproved', MetricUnit.Count, summary.approved.products)
      .addMetric('SnapshotRejected', MetricUnit.Count, summary.rejected.products);
  }
  into.publishStoredMetrics();
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
