import {
  ConfigurationError,
  checkLogLevel,
  type Environment,
  optionalChoice,
  optionalExperienceIds,
  optionalNumber,
  required,
  requiredRoleArn,
  requiredTableName,
  requiredTopicArn,
  type TopicArn,
} from '../../shared/environment.js';
import type { ExperienceId, TableName } from '../../shared/identifiers.js';
import type { SnapshotTables } from '../../shared/snapshot-tables.js';
import type { Policy } from './plan.js';

/** What the member function is told by its environment. */
export interface Configuration {
  readonly crossAccountRoleArn: string;
  /** Its Region is the one of the tables. */
  readonly topic: TopicArn;
  readonly tables: SnapshotTables;
  readonly syncTimestampsTable: TableName;
  /** The experiences asked for; `undefined` stands for every live one. */
  readonly experienceIds: readonly ExperienceId[] | undefined;
  readonly queueUrl: string;
  /** The unit of every wait, in milliseconds. */
  readonly unitMs: number;
  /** How long before its time limit an invocation starts nothing more, in milliseconds. */
  readonly stopMarginMs: number;
  readonly policy: Policy;
}

/**
 * Reads the member function's environment.
 *
 * @throws ConfigurationError naming the variable that is missing or malformed.
 */
export function readConfiguration(env: Environment): Configuration {
  checkLogLevel(env);
  const configuration: Configuration = {
    crossAccountRoleArn: requiredRoleArn(env, 'CROSS_ACCOUNT_ACCESS_ROLE_ARN'),
    topic: requiredTopicArn(env, 'SNS_TOPIC_ARN'),
    tables: {
      approved: requiredTableName(env, 'APPROVED_TABLE_NAME'),
      rejected: requiredTableName(env, 'REJECTED_TABLE_NAME'),
    },
    syncTimestampsTable: requiredTableName(env, 'SYNC_TIMESTAMPS_TABLE_NAME'),
    experienceIds: optionalExperienceIds(env, 'MEMBER_EXPERIENCE_IDS'),
    queueUrl: required(env, 'QUEUE_URL', /^https?:\/\/\S+$/, 'the URL of the SQS queue'),
    unitMs: 1000 * optionalNumber(env, 'POLL_SECONDS', 2, { above: 0, to: 60 }),
    stopMarginMs: 1000 * optionalNumber(env, 'STOP_MARGIN_SECONDS', 60, { from: 0, to: 840 }),
    policy: {
      mode: optionalChoice(env, 'MODE', ['sync', 'add-only', 'dry-run']),
      maxDeniedPercent: optionalNumber(env, 'MAX_DENIED_PERCENT', 100, { from: 1, to: 100 }),
      allowEmptySnapshot: optionalChoice(env, 'ALLOW_EMPTY_SNAPSHOT', ['no', 'yes']) === 'yes',
    },
  };
  if (configuration.tables.approved === configuration.tables.rejected) {
    throw new ConfigurationError(
      `APPROVED_TABLE_NAME and REJECTED_TABLE_NAME are both ${configuration.tables.approved}: they must be two tables.`,
    );
  }
  return configuration;
}
