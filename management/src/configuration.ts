import {
  checkLogLevel,
  type Environment,
  optionalChoice,
  optionalNumber,
  requiredExperienceId,
  requiredTableName,
  requiredTopicArn,
} from '../../shared/environment.js';
import type { ExperienceId, TableName } from '../../shared/identifiers.js';
import { STALE_AFTER_HOURS } from '../../shared/organization-status.js';
import type { SnapshotTables } from '../../shared/snapshot-tables.js';

/** What the environment of `SyncPMPManagement` says. */
export interface ManagementConfiguration {
  readonly experience: ExperienceId;
  readonly tables: SnapshotTables;
  readonly syncTimestampsTable: TableName;
  readonly topicArn: string;
  /** Whether members are notified after every run, or only after one that found a change. */
  readonly alwaysNotify: boolean;
  /** From when on an organization that was not synchronized counts as behind. */
  readonly staleAfterHours: number;
}

/**
 * Reads the environment of `SyncPMPManagement`.
 *
 * @throws ConfigurationError naming the first variable that is missing or malformed.
 */
export function readConfiguration(env: Environment): ManagementConfiguration {
  checkLogLevel(env);
  return {
    experience: requiredExperienceId(env, 'MANAGEMENT_EXPERIENCE_ID'),
    tables: {
      approved: requiredTableName(env, 'APPROVED_TABLE_NAME'),
      rejected: requiredTableName(env, 'REJECTED_TABLE_NAME'),
    },
    syncTimestampsTable: requiredTableName(env, 'SYNC_TIMESTAMPS_TABLE_NAME'),
    topicArn: requiredTopicArn(env, 'SNS_TOPIC_ARN').arn,
    alwaysNotify: optionalChoice(env, 'ALWAYS_NOTIFY', ['yes', 'no']) === 'yes',
    staleAfterHours: optionalNumber(env, 'STALE_AFTER_HOURS', STALE_AFTER_HOURS, { above: 0 }),
  };
}
