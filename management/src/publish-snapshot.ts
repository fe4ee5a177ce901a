import type { MarketplaceCatalogClient } from '@aws-sdk/client-marketplace-catalog';
import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Catalog, errorText } from '../../shared/catalog.js';
import type { Clock } from '../../shared/clock.js';
import type { ExperienceId, TableName } from '../../shared/identifiers.js';
import { type Notification, seal } from '../../shared/notification.js';
import { readSnapshot } from '../../shared/snapshot-tables.js';
import type { Log } from '../../shared/telemetry.js';
import type { ManagementConfiguration } from './configuration.js';
import { readSource, type Source } from './read-source.js';
import { compare, holdBackLast, type Stages, type TableChange } from './table-changes.js';
import { writeTables } from './write-tables.js';

/** The unit of every wait between requests to the Catalog API, in milliseconds: its quotas hold as they stand. */
const CATALOG_UNIT_MS = 2_000;

/** The snapshot did not get all the way from the experience to the members. The message says how far it got. */
export class SnapshotNotPublished extends Error {
  override readonly name = 'SnapshotNotPublished';
}

/** What {@link publishSnapshot} works with. */
export interface ManagementServices {
  readonly catalogClient: MarketplaceCatalogClient;
  readonly documents: DynamoDBDocumentClient;
  readonly sns: SNSClient;
  readonly clock: Clock;
  readonly log: Log;
}

/** How one list of the snapshot ended up in its table. */
export interface TableSummary {
  readonly table: TableName;
  /** How many products it holds now. */
  readonly products: number;
  readonly added: number;
  readonly removed: number;
}

/** What a run did, for the person who started it and for the log. */
export interface PublicationSummary {
  readonly experience: ExperienceId;
  readonly procurementPolicies: number;
  readonly approved: TableSummary;
  readonly rejected: TableSummary;
  readonly notified: boolean;
  /** SNS's id of the notification, by which the members' logs name it too. */
  readonly notificationId?: string;
  /** Why members were notified, or why not. */
  readonly reason: string;
}

/**
 * Brings the snapshot in the tables up to date with the management experience, and tells the members.
 *
 * Where members are told of changes only, the last change is written after they were told. Until then the tables
 * differ from the experience, so a run that fails before it told them leaves the next run something to tell. Members
 * wait for that change: the notification says what the whole snapshot is.
 *
 * @param stopAt from when on nothing is started any more, in milliseconds since 1970.
 * @throws UnreadableExperience when the experience cannot be read: nothing has been changed then, and nobody notified.
 * @throws SnapshotNotPublished when the tables cannot be read or written, or the notification cannot be sent.
 */
export async function publishSnapshot(
  configuration: ManagementConfiguration,
  { catalogClient, documents, sns, clock, log }: ManagementServices,
  stopAt: number,
): Promise<PublicationSummary> {
  const { experience, tables, topicArn, alwaysNotify } = configuration;
  const bothTables = `The tables ${tables.approved} and ${tables.rejected}`;

  // The tables first: a run beside this one that is further ahead then cannot have its additions deleted, because
  // only what was in the tables before the experience was read is ever deleted.
  const inTables = await readSnapshot(documents, tables).catch(
    failed(`${bothTables} could not be read`, 'They stay as they are and nobody is notified.'),
  );
  const taken = clock.now();
  const catalog = new Catalog({ client: catalogClient, clock, unitMs: CATALOG_UNIT_MS, stopAt });
  const source = await readSource(catalog, experience);
  warnIfNotLive(source, log);

  const stages = compare(source.products, inTables, tables);
  const changed = stages.some((stage) => stage.length > 0);
  const notified = alwaysNotify || changed;
  const { first, held } = alwaysNotify ? { first: stages, held: [] } : holdBackLast(stages);

  const write = async (some: Stages) => {
    for (const stage of some) {
      await writeTables(stage, { documents, clock, stopAt }).catch(
        failed(
          `${bothTables} could not be made equal to ${experience}`,
          'The next run writes what is missing.',
        ),
      );
    }
  };
  await write(first);
  let notificationId: string | undefined;
  if (notified) {
    const notification: Notification = { Action: 'Products-Updated', Snapshot: seal(source.products, taken) };
    ({ MessageId: notificationId } = await sns
      .send(new PublishCommand({ TopicArn: topicArn, Message: JSON.stringify(notification) }))
      .catch(failed(`The members could not be notified through ${topicArn}`, 'The next run tries again.')));
  }
  await write([held]);

  return {
    experience,
    procurementPolicies: source.experience.procurementPolicies.length,
    approved: tableSummary(tables.approved, source.products.approved.size, stages),
    rejected: tableSummary(tables.rejected, source.products.rejected.size, stages),
    notified,
    ...(notificationId !== undefined && { notificationId }),
    reason: reasonFor(alwaysNotify, changed),
  };
}

function warnIfNotLive({ experience: { id, enabled, archived } }: Source, log: Log): void {
  if (enabled && !archived) return;
  log.warn(
    `The management experience ${id} is ${archived ? 'archived' : 'not enabled'}: its lists are published all the same.`,
  );
}

function tableSummary(table: TableName, products: number, stages: Stages): TableSummary {
  const count = (kind: TableChange['kind']) =>
    stages.flat().filter((change) => change.table === table && change.kind === kind).length;
  return { table, products, added: count('put'), removed: count('delete') };
}

function reasonFor(alwaysNotify: boolean, changed: boolean): string {
  if (changed) return 'The experience has changed since the tables were last written.';
  return alwaysNotify
    ? 'Nothing has changed; members are notified after every run (ALWAYS_NOTIFY is yes).'
    : 'Nothing has changed, and members are notified of changes only (ALWAYS_NOTIFY is no).';
}

/** What throws {@link SnapshotNotPublished} for an error. @param then how things stand after it. */
function failed(what: string, then: string): (cause: unknown) => never {
  return (cause) => {
    throw new SnapshotNotPublished(
      `${what} (${errorText(cause)}). ${then} If this goes on, deploy the management stack again.`,
      { cause },
    );
  };
}
