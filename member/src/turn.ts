import { randomUUID } from 'node:crypto';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import type { Clock } from '../../shared/clock.js';
import type { AccountId, TableName } from '../../shared/identifiers.js';
import { later, readSeal, type SnapshotSeal } from '../../shared/notification.js';
import type { RefusedProduct, SyncTimestampsItem } from '../../shared/sync-timestamps.js';

/**
 * One invocation at a time works for an organization. The turn is three attributes of the organization's own
 * SyncTimestamps item, changed by conditional updates alone, which is all that the cross-account role may do:
 *
 * - `turn_holder`: who has it;
 * - `turn_until`: when the holder's Lambda time limit ends it, in milliseconds since 1970;
 * - `turn_wishes`: what later invocations asked of the holder, a list of {@link Wish}.
 *
 * A later invocation adds its wish and ends. The holder can give the turn back only while there is no wish, so none
 * is ever overlooked.
 */
interface Wish {
  /** The snapshot to synchronize with; absent when none was announced. */
  readonly Snapshot?: SnapshotSeal;
}

/** What the item remembers for the invocation that has the turn. */
export interface Memory {
  readonly refused: readonly RefusedProduct[];
  /** The newest snapshot that was ever announced or asked for. */
  readonly seal?: SnapshotSeal;
}

/** Another invocation has the turn, and has taken the wish. */
export interface HandedOver {
  readonly kind: 'handed over';
  readonly holder: string;
  /** When the holder's time limit ends, in milliseconds since 1970. */
  readonly until: number;
}

/** The turn was lost: the item says that another invocation has it. Nothing may be changed any more. */
export class TurnLost extends Error {
  override readonly name = 'TurnLost';
}

/** The attributes of a status; those that are `undefined` are removed. */
export type StatusUpdate = {
  readonly [Name in Exclude<keyof SyncTimestampsItem, 'ID'>]?: SyncTimestampsItem[Name] | undefined;
};

const HELD = 'attribute_exists(turn_holder) AND turn_until > :now';
const FREE = 'attribute_not_exists(turn_holder) OR turn_until <= :now';
const MINE = 'turn_holder = :me';
/** The attributes that go when the turn is given back. */
const GIVEN_BACK = ['turn_holder', 'turn_until'];
/** How often to try, when the turn changes hands between two requests. */
const TRIES = 10;

/** Where the turn is kept. */
export interface TurnPlace {
  readonly client: DynamoDBDocumentClient;
  readonly table: TableName;
  readonly organization: AccountId;
  readonly clock: Clock;
}

/**
 * Takes the turn, or leaves a wish with the invocation that has it.
 *
 * @param until when this invocation's own time limit ends, in milliseconds since 1970: then the turn is free again,
 * whatever became of its holder.
 * @param seal the snapshot to synchronize with, where one was announced.
 */
export async function takeTurn(
  place: TurnPlace,
  until: number,
  seal: SnapshotSeal | undefined,
): Promise<Turn | HandedOver> {
  const me = randomUUID();
  const wish: Wish = seal ? { Snapshot: seal } : {};
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const now = place.clock.now();
    const taken = await update(place, {
      UpdateExpression:
        'SET turn_holder = :me, turn_until = :until, first_attempt_utc = if_not_exists(first_attempt_utc, :utc) ' +
        'REMOVE turn_wishes',
      ConditionExpression: FREE,
      ExpressionAttributeValues: {
        ':me': me,
        ':until': until,
        ':now': now,
        ':utc': new Date(now).toISOString(),
      },
      ReturnValues: 'ALL_OLD',
    });
    if (taken) return new Turn(place, me, taken, seal);
    const handed = await update(place, {
      UpdateExpression: 'SET turn_wishes = list_append(if_not_exists(turn_wishes, :none), :wish)',
      ConditionExpression: HELD,
      ExpressionAttributeValues: { ':none': [], ':wish': [wish], ':now': place.clock.now() },
      ReturnValues: 'ALL_NEW',
    });
    if (handed) {
      return { kind: 'handed over', holder: String(handed.turn_holder), until: Number(handed.turn_until) };
    }
  }
  throw new Error(
    `The turn in ${place.table} (item ${place.organization}) changes hands too fast to be taken or waited for.`,
  );
}

/** The turn of this invocation. */
export class Turn {
  readonly kind = 'turn';
  readonly #place: TurnPlace;
  readonly #me: string;
  readonly memory: Memory;

  constructor(place: TurnPlace, me: string, item: Attributes, seal: SnapshotSeal | undefined) {
    this.#place = place;
    this.#me = me;
    this.memory = remembered(item, seal);
  }

  /**
   * Writes the status and gives the turn back, in one update.
   *
   * @returns `undefined` when that is done, or the memory with which to start over, when others left wishes.
   * @throws TurnLost when another invocation has the turn.
   */
  async finish(status: StatusUpdate): Promise<Memory | undefined> {
    if (await this.#write(status, GIVEN_BACK, `${MINE} AND attribute_not_exists(turn_wishes)`))
      return undefined;
    const wished = await this.#write(status, ['turn_wishes'], MINE);
    if (!wished) throw this.#lost();
    // An attempt that never came to the experiences says nothing of refused products: what was known of them stays.
    return remembered({ ...wished, refused: status.refused ?? wished.refused }, status.snapshot_seal);
  }

  /**
   * Writes the status and gives the turn back, leaving wishes where they are: the invocation that continues this one
   * takes them up.
   *
   * @throws TurnLost when another invocation has the turn.
   */
  async pause(status: StatusUpdate): Promise<void> {
    if (!(await this.#write(status, GIVEN_BACK, MINE))) throw this.#lost();
  }

  /**
   * Writes the status and gives the turn back after a failure, as far as that is still possible.
   *
   * @returns whether wishes are left behind.
   */
  async abandon(status: StatusUpdate): Promise<boolean> {
    const item = await this.#write(status, GIVEN_BACK, MINE);
    return Array.isArray(item?.turn_wishes) && item.turn_wishes.length > 0;
  }

  /**
   * Writes the status and removes attributes of the turn.
   *
   * @returns the item as it was before; `undefined` when the condition does not hold, and nothing was written.
   */
  #write(
    status: StatusUpdate,
    removed: readonly string[],
    condition: string,
  ): Promise<Attributes | undefined> {
    const { sets, removes, names, values } = expressions(status);
    return update(this.#place, {
      UpdateExpression: `SET ${sets} REMOVE ${[...removes, ...removed].join(', ')}`,
      ConditionExpression: condition,
      ExpressionAttributeNames: names,
      ExpressionAttributeValues: { ...values, ':me': this.#me },
      ReturnValues: 'ALL_OLD',
    });
  }

  #lost(): TurnLost {
    const { table, organization } = this.#place;
    return new TurnLost(
      `Another invocation has taken the turn in ${table} (item ${organization}): this one must have outlived its time ` +
        'limit. Nothing was reported; the other one does the work.',
    );
  }
}

type Attributes = Readonly<Record<string, unknown>>;

/** Updates the item. @returns its attributes as `ReturnValues` asked; `undefined` when the condition does not hold. */
async function update(
  { client, table, organization }: TurnPlace,
  input: Omit<UpdateCommandInput, 'TableName' | 'Key'>,
): Promise<Attributes | undefined> {
  try {
    const { Attributes = {} } = await client.send(
      new UpdateCommand({ TableName: table, Key: { ID: organization }, ...input }),
    );
    return Attributes;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
}

/** The parts of an update that write a status. Every name goes through a placeholder, as some are reserved words. */
function expressions(status: StatusUpdate) {
  const entries = Object.entries(status);
  const set = entries.filter(([, value]) => value !== undefined);
  return {
    sets: set.map(([name]) => `#${name} = :${name}`).join(', '),
    removes: entries.filter(([, value]) => value === undefined).map(([name]) => `#${name}`),
    names: Object.fromEntries(entries.map(([name]) => [`#${name}`, name])),
    values: Object.fromEntries(set.map(([name, value]) => [`:${name}`, value])),
  };
}

/**
 * What an item remembers. A snapshot that nobody announced counts for nothing, so an invocation without a seal takes
 * the tables as they are, unless a wish has one; an older seal gives way to a newer one.
 */
function remembered(item: Attributes, own: SnapshotSeal | undefined): Memory {
  const wishes = Array.isArray(item.turn_wishes) ? item.turn_wishes.map(readSeal) : [];
  const asked = wishes.reduce(later, own);
  const seal = asked && later(asked, readSeal({ Snapshot: item.snapshot_seal }));
  return {
    refused: Array.isArray(item.refused) ? (item.refused as RefusedProduct[]) : [], // written by this software alone
    ...(seal && { seal }),
  };
}
