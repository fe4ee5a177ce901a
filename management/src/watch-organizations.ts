import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Clock } from '../../shared/clock.js';
import { seal } from '../../shared/notification.js';
import {
  judgeOrganization,
  type OrganizationStatus,
  OUTCOME_LEVELS,
} from '../../shared/organization-status.js';
import { readSnapshot } from '../../shared/snapshot-tables.js';
import { readSyncTimestamps } from '../../shared/sync-timestamps.js';
import type { Log } from '../../shared/telemetry.js';
import type { ManagementConfiguration } from './configuration.js';

/** The dimension that tells the organizations apart: the account id of an organization's management account. */
const ORGANIZATION = 'Organization';
/** How long the tables may take to be read, in milliseconds: publishing the snapshot waits for it. */
const LIMIT_MS = 30_000;

/** What {@link watchOrganizations} works with. */
export interface WatchServices {
  readonly documents: DynamoDBDocumentClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** How many organizations there are, and how many give cause for concern. */
export interface Census {
  readonly organizations: number;
  readonly behind: number;
  readonly failed: number;
}

/**
 * Reads what the members report, and publishes for each organization how long ago it was synchronized and the outcome
 * of its last attempt: as metrics and as a line in the log. Each metric is published without the organization's
 * dimension too, so that one alarm covers every organization, those of tomorrow included.
 *
 * @throws whatever the DynamoDB client throws.
 */
export async function watchOrganizations(
  configuration: ManagementConfiguration,
  { documents, clock, log, metrics }: WatchServices,
): Promise<Census> {
  const { tables, syncTimestampsTable, alwaysNotify, staleAfterHours } = configuration;
  const items = await readSyncTimestamps(documents, syncTimestampsTable, AbortSignal.timeout(LIMIT_MS));
  // Members that are told of changes only need not have been synchronized lately: with what they were told last, which
  // is what the last run left in the tables, is enough.
  const announced = alwaysNotify ? undefined : seal(await readSnapshot(documents, tables), 0);
  const now = clock.now();
  const organizations = items.map((item) => judgeOrganization(item, { now, staleAfterHours, announced }));
  for (const organization of organizations) {
    publishOrganization(organization, metrics);
    logOrganization(organization, log);
  }
  const census = {
    organizations: organizations.length,
    behind: organizations.filter(({ behind }) => behind).length,
    failed: organizations.filter(({ failed }) => failed).length,
  };
  metrics
    .addMetric('Organizations', MetricUnit.Count, census.organizations)
    .addMetric('OrganizationsBehind', MetricUnit.Count, census.behind)
    .addMetric('OrganizationsFailed', MetricUnit.Count, census.failed)
    .publishStoredMetrics();
  log.info('Organizations watched', { ...census });
  return census;
}

function publishOrganization({ organization, hours, outcome }: OrganizationStatus, metrics: Metrics): void {
  metrics.addDimensions({}).addDimensions({ [ORGANIZATION]: organization });
  if (hours !== undefined) metrics.addMetric('HoursSinceSynchronization', MetricUnit.NoUnit, hours);
  // Whoever has reported nothing yet is still at its first attempt.
  metrics
    .addMetric('OutcomeLevel', MetricUnit.NoUnit, OUTCOME_LEVELS[outcome ?? 'in progress'])
    .publishStoredMetrics();
}

function logOrganization(status: OrganizationStatus, log: Log): void {
  const { organization, lastSynchronized, hours, outcome, behind, failed, reason, refused } = status;
  const line = {
    organization,
    last_synchronized_utc: lastSynchronized ?? 'never',
    hours_ago: hours === undefined ? undefined : Math.round(10 * hours) / 10,
    outcome: outcome ?? 'nothing reported yet',
    behind,
    refused_products: refused,
    reason,
  };
  if (behind || failed) log.warn('Organization', line);
  else log.info('Organization', line);
}
