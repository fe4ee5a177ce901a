import type { Metrics } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { OrganizationsClient } from '@aws-sdk/client-organizations';
import { SQSClient } from '@aws-sdk/client-sqs';
import { STSClient } from '@aws-sdk/client-sts';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Context } from 'aws-lambda';
import { createCatalogClient } from '../../shared/catalog.js';
import { systemClock } from '../../shared/clock.js';
import { accountId } from '../../shared/identifiers.js';
import { completed } from '../../shared/lambda-context.js';
import { createLogger, createMetrics } from '../../shared/telemetry.js';
import { type Configuration, readConfiguration } from './configuration.js';
import { crossAccountCredentials } from './cross-account-credentials.js';
import { RunMetrics } from './metrics.js';
import type { Summary } from './report.js';
import { type Clients, SynchronizationFailed, synchronizeOrganization } from './synchronize-organization.js';
import { readTrigger, stricter } from './trigger.js';

const logger = createLogger('SyncPMPMember');
let metrics: Metrics | undefined;
/** The time limit in the template, in milliseconds. */
const TIMEOUT_MS = 900_000;
let ready: { readonly configuration: Configuration; readonly clients: Clients } | undefined;

/**
 * Brings this organization's experiences to the snapshot. Started by the queue, or by a manual test event of any
 * content; `{"mode": "dry-run"}` only reports what would be done.
 *
 * @returns a summary for the console's test pane.
 * @throws ConfigurationError when the environment is incomplete, before anything is read or changed;
 * SynchronizationFailed when a later try may mend what failed, so that the queue brings the message back.
 */
export async function handler(event: unknown, lambdaContext?: Partial<Context>): Promise<Summary> {
  const context = completed(lambdaContext, 'SyncPMPMember', TIMEOUT_MS);
  logger.resetKeys();
  logger.addContext(context);
  metrics ??= createMetrics(context.functionName);
  const startedAt = systemClock.now();
  const run = new RunMetrics();
  let dryRun = false;
  try {
    ready ??= prepare(readConfiguration(process.env));
    const trigger = readTrigger(event);
    dryRun = stricter(ready.configuration.policy.mode, trigger.mode) === 'dry-run';
    logger.appendKeys({ notification_id: trigger.notificationId });
    const summary = await synchronizeOrganization(ready.configuration, ready.clients, systemClock, logger, {
      trigger,
      endsAt: startedAt + context.getRemainingTimeInMillis(),
      account: accountIn(context.invokedFunctionArn),
      onPass: (pass) => run.add(pass),
    });
    logger.info('Run ended', inBrief(summary));
    return summary;
  } catch (error) {
    logger.error('Run failed', {
      error: error instanceof Error ? error : String(error),
      ...(error instanceof SynchronizationFailed && inBrief(error.summary)),
    });
    throw error;
  } finally {
    // A dry run did none of what it reports, so it counts nowhere.
    if (!dryRun) run.publish(metrics, (systemClock.now() - startedAt) / 1000);
  }
}

/** A summary without its lists of products. */
function inBrief({ experiences, ...rest }: Summary) {
  return {
    ...rest,
    experiences: experiences.map(({ approved: _, denied: __, refused: ___, ...experience }) => experience),
  };
}

/**
 * The SDK's own retries, for everything but the Catalog API: an answer that takes longer than this counts as lost (in
 * milliseconds). Together they fit into the default STOP_MARGIN_SECONDS.
 */
const PATIENCE = {
  maxAttempts: 5,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 8_000, throwOnRequestTimeout: true },
};

function prepare(configuration: Configuration): { configuration: Configuration; clients: Clients } {
  const sts = new STSClient(PATIENCE);
  const dynamoDB = new DynamoDBClient({
    ...PATIENCE,
    region: configuration.topic.region,
    credentials: crossAccountCredentials(sts, configuration.crossAccountRoleArn),
  });
  return {
    configuration,
    clients: {
      catalog: createCatalogClient(),
      tables: DynamoDBDocumentClient.from(dynamoDB, { marshallOptions: { removeUndefinedValues: true } }),
      organizations: new OrganizationsClient(PATIENCE),
      sts,
      sqs: new SQSClient(PATIENCE),
    },
  };
}

/** The account in a function's ARN, `arn:aws:lambda:region:account:function:name`. */
function accountIn(functionArn: string | undefined) {
  const account = functionArn?.split(':')[4];
  return account ? accountId(account) : undefined;
}
