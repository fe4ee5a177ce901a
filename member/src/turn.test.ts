import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { HandClock } from '../../local/hand-clock.js';
import { type AccountId, accountId, type ExperienceId, type TableName } from '../../shared/identifiers.js';
import { type SnapshotSeal, seal } from '../../shared/notification.js';
import type { RefusedProduct } from '../../shared/sync-timestamps.js';
import { type LocalDynamoDB, startDynamoDB } from '../../shared/testing/dynamodb.js';
import { lists, manyProducts } from '../../shared/testing/products.js';
import { type HandedOver, type Memory, Turn, TurnLost, type TurnPlace, takeTurn } from './turn.js';

const MINUTE = 60_000;
/** The time limit of the member function. */
const LIMIT = 15 * MINUTE;

let dynamodb: LocalDynamoDB;
let table: TableName;
let organizations = 0;

beforeAll(async () => {
  dynamodb = await startDynamoDB();
  table = await dynamodb.createTable('exp-abc123-SyncTimestamps');
});

afterAll(() => dynamodb.close());

/** An organization that no other test knows, and a clock that stands still. */
function createPlace() {
  organizations += 1;
  const clock = new HandClock();
  const organization: AccountId = accountId(String(organizations).padStart(12, '0'));
  const place: TurnPlace = { client: dynamodb.documents, table, organization, clock };
  return {
    place,
    clock,
    take: (announced?: SnapshotSeal) => takeTurn(place, clock.now() + LIMIT, announced),
    item: () => itemOf(organization),
  };
}

async function itemOf(organization: AccountId): Promise<Record<string, unknown>> {
  const { Item } = await dynamodb.documents.send(
    new GetCommand({ TableName: table, Key: { ID: organization }, ConsistentRead: true }),
  );
  return Item ?? {};
}

function asTurn(result: Turn | HandedOver): Turn {
  if (!(result instanceof Turn)) throw new Error('It was handed over.');
  return result;
}

function asHandedOver(result: Turn | HandedOver): HandedOver {
  if (result instanceof Turn) throw new Error('It was taken.');
  return result;
}

/** The seal of some snapshot, taken so many minutes after the first. */
const taken = (minutes: number) => seal(lists([`prod-${minutes}`]), Date.UTC(2026, 0, 1) + minutes * MINUTE);

const REFUSED: RefusedProduct = {
  experience: 'exp-abc' as ExperienceId,
  product: manyProducts(1)[0] ?? fail(),
  change: 'approve',
  reason: 'withdrawn',
  at: Date.UTC(2026, 0, 1),
};

function fail(): never {
  throw new Error('There is no product.');
}

describe('The turn', () => {
  it('is taken by the first who comes, in an item that does not exist yet', async () => {
    const { take, item, clock } = createPlace();

    const turn = asTurn(await take(taken(1)));

    expect(turn.memory).toEqual({ refused: [], seal: taken(1) });
    expect(await item()).toMatchObject({
      turn_holder: expect.any(String),
      turn_until: clock.now() + LIMIT,
      first_attempt_utc: new Date(clock.now()).toISOString(),
    });
  });

  it('leaves the attributes of the Python sample, and all others, as they are', async () => {
    const { place, take, item } = createPlace();
    const sample = {
      member_org_email: 'org@example.com',
      stamp: '1760000000.5',
      update_time_utc: '2025-10-09T08:53:20Z',
      experiences_updated: 3,
    };
    await dynamodb.documents.send(
      new UpdateCommand({
        TableName: table,
        Key: { ID: place.organization },
        UpdateExpression:
          'SET member_org_email = :a, stamp = :b, update_time_utc = :c, experiences_updated = :d',
        ExpressionAttributeValues: {
          ':a': sample.member_org_email,
          ':b': sample.stamp,
          ':c': sample.update_time_utc,
          ':d': sample.experiences_updated,
        },
      }),
    );

    const turn = asTurn(await take());
    await turn.finish({ outcome: 'failed', reason: 'it rained' });

    expect(await item()).toEqual({
      ID: place.organization,
      first_attempt_utc: expect.any(String),
      ...sample,
      outcome: 'failed',
      reason: 'it rained',
    });
  });

  it('is given back together with the status, and can then be taken again', async () => {
    const { take, item } = createPlace();

    const memory = await asTurn(await take()).finish({ outcome: 'synchronized', remaining: 0 });

    expect(memory).toBeUndefined();
    const after = await item();
    expect(after).toMatchObject({ outcome: 'synchronized', remaining: 0 });
    expect(Object.keys(after).filter((name) => name.startsWith('turn_'))).toEqual([]);
    expect((await take()).kind).toBe('turn');
  });

  it('removes the attributes of a status that do not hold any more', async () => {
    const { take, item } = createPlace();
    await asTurn(await take()).finish({ outcome: 'failed', reason: 'it rained' });

    await asTurn(await take()).finish({ outcome: 'synchronized', reason: undefined });

    expect(await item()).not.toHaveProperty('reason');
  });

  it('remembers when the first attempt ever began', async () => {
    const { take, item, clock } = createPlace();
    const first = new Date(clock.now()).toISOString();
    await asTurn(await take()).finish({ outcome: 'failed' });
    clock.pass(60 * MINUTE);

    await asTurn(await take()).finish({ outcome: 'failed' });

    expect(await item()).toMatchObject({ first_attempt_utc: first });
  });

  it('of one organization is not that of another', async () => {
    expect((await createPlace().take()).kind).toBe('turn');
    expect((await createPlace().take()).kind).toBe('turn');
  });

  it('is taken by exactly one of many who come at the same time, and no wish of the others is lost', async () => {
    const { place, clock } = createPlace();

    const results = await Promise.all(
      Array.from({ length: 20 }, (_, minutes) => takeTurn(place, clock.now() + LIMIT, taken(minutes))),
    );

    const turns = results.filter((result) => result instanceof Turn);
    expect(turns).toHaveLength(1);
    const newest = await turns[0]?.finish({ outcome: 'synchronized', snapshot_seal: turns[0].memory.seal });
    expect((newest ?? turns[0]?.memory)?.seal).toEqual(taken(19));
  });
});

describe('Who comes while another has the turn', () => {
  it('hands over its wish, and is told until when the other one can have it', async () => {
    const { take, clock, item } = createPlace();
    await take(taken(1));
    const until = clock.now() + LIMIT;
    clock.pass(5 * MINUTE);

    const handed = asHandedOver(await take(taken(2)));

    expect(handed).toEqual({ kind: 'handed over', holder: (await item()).turn_holder, until });
  });

  it('makes the other one start over from the newest snapshot that was wished for', async () => {
    const { take, item } = createPlace();
    const turn = asTurn(await take(taken(1)));
    await take(taken(3));
    await take(taken(2));

    const memory = await turn.finish({ outcome: 'synchronized', snapshot_seal: taken(1) });

    expect(memory).toEqual({ refused: [], seal: taken(3) });
    expect(await item()).toMatchObject({ outcome: 'synchronized', turn_holder: expect.any(String) });
    expect((await take()).kind).toBe('handed over'); // the turn is still the other one's
  });

  it('makes the other one start over even when it wishes for no particular snapshot', async () => {
    const { take } = createPlace();
    const turn = asTurn(await take(taken(1)));
    await take(); // a manual test, or a Python management stack

    const memory = await turn.finish({ outcome: 'synchronized', snapshot_seal: taken(1) });

    expect(memory).toEqual({ refused: [], seal: taken(1) });
  });

  it('does not make it go back to an older snapshot', async () => {
    const { take } = createPlace();
    const turn = asTurn(await take(taken(5)));
    await take(taken(2));

    const memory = await turn.finish({ outcome: 'synchronized', snapshot_seal: taken(5) });

    expect(memory?.seal).toEqual(taken(5));
  });

  it('has its wish fulfilled once', async () => {
    const { take } = createPlace();
    const turn = asTurn(await take(taken(1)));
    await take(taken(2));
    await turn.finish({ outcome: 'synchronized', snapshot_seal: taken(1) });

    expect(await turn.finish({ outcome: 'synchronized', snapshot_seal: taken(2) })).toBeUndefined();
  });

  it('never has its wish overlooked, however closely it comes to the other one giving the turn back', async () => {
    const { take, item } = createPlace();
    for (let round = 0; round < 15; round += 1) {
      const turn = asTurn(await take());
      const finish = async () => {
        let memory: Memory | undefined;
        let startedOver = -1;
        do {
          startedOver += 1;
          memory = await turn.finish({ outcome: 'synchronized' });
        } while (memory);
        return startedOver;
      };

      const [startedOver, ...others] = await Promise.all([finish(), take(taken(round)), take()]);

      // Who came too late to hand over has the turn itself.
      const handed = others.filter(({ kind }) => kind === 'handed over').length;
      const next = others.find((other) => other instanceof Turn);
      if (next) {
        const memory = await next.finish({ outcome: 'synchronized' });
        if (memory) expect(await next.finish({ outcome: 'synchronized' })).toBeUndefined();
        expect(startedOver + (memory ? 1 : 0)).toBeGreaterThanOrEqual(handed > 0 ? 1 : 0);
      } else expect(startedOver).toBeGreaterThanOrEqual(1);
      expect(await item()).not.toHaveProperty('turn_holder');
      expect(await item()).not.toHaveProperty('turn_wishes');
    }
  });
});

describe('A holder that dies', () => {
  it('keeps the turn until its own time limit, and not a millisecond longer', async () => {
    const { take, clock } = createPlace();
    await take(taken(1));

    clock.pass(LIMIT - 1);
    expect((await take(taken(2))).kind).toBe('handed over');

    clock.pass(1);
    expect((await take()).kind).toBe('turn');
  });

  it('leaves the wishes to the one that takes over', async () => {
    const { take, clock, item } = createPlace();
    await take(taken(1));
    await take(taken(7));
    clock.pass(LIMIT);

    const next = asTurn(await take(taken(4)));

    expect(next.memory.seal).toEqual(taken(7));
    expect(await item()).not.toHaveProperty('turn_wishes');
  });

  it.each([
    ['finish', (turn: Turn) => turn.finish({ outcome: 'synchronized' })],
    ['pause', (turn: Turn) => turn.pause({ outcome: 'synchronized' })],
  ])('and was not dead after all has lost the turn: it can not %s, and changes nothing', async (_, end) => {
    const { take, clock, item } = createPlace();
    const late = asTurn(await take());
    clock.pass(LIMIT);
    const next = asTurn(await take());
    const before = await item();

    await expect(end(late)).rejects.toThrow(TurnLost);
    expect(await late.abandon({ outcome: 'failed' })).toBe(false);

    expect(await item()).toEqual(before);
    expect(await next.finish({ outcome: 'synchronized' })).toBeUndefined();
  });

  it('and whose turn nobody took can still give it back', async () => {
    const { take, clock } = createPlace();
    const late = asTurn(await take());
    clock.pass(LIMIT + MINUTE);

    expect(await late.finish({ outcome: 'synchronized' })).toBeUndefined();
  });
});

describe('A pause', () => {
  it('gives the turn back and leaves the wishes to the one that continues', async () => {
    const { take, item } = createPlace();
    const turn = asTurn(await take(taken(1)));
    await take(taken(2));

    await turn.pause({ outcome: 'in progress', snapshot_seal: taken(1) });

    expect(await item()).toMatchObject({ outcome: 'in progress' });
    expect(await item()).not.toHaveProperty('turn_holder');
    expect(asTurn(await take(taken(1))).memory.seal).toEqual(taken(2));
  });
});

describe('A holder that fails', () => {
  it('says so, gives the turn back, and is told whether wishes are left behind', async () => {
    const { take, item } = createPlace();
    const alone = asTurn(await take());
    expect(await alone.abandon({ outcome: 'failed', reason: 'it rained' })).toBe(false);
    expect(await item()).toMatchObject({ outcome: 'failed', reason: 'it rained' });

    const wished = asTurn(await take());
    await take(taken(2));
    expect(await wished.abandon({ outcome: 'failed' })).toBe(true);

    expect(await item()).not.toHaveProperty('turn_holder');
    expect(asTurn(await take()).memory.seal).toEqual(taken(2));
  });
});

describe('What the item remembers', () => {
  it('are the refused products, for whoever has the turn next', async () => {
    const { take } = createPlace();
    await asTurn(await take()).finish({ outcome: 'synchronized', refused: [REFUSED] });

    expect(asTurn(await take()).memory.refused).toEqual([REFUSED]);
  });

  it('are the refused products found just now, for the one that starts over', async () => {
    const { take } = createPlace();
    const turn = asTurn(await take());
    await take();

    expect(await turn.finish({ outcome: 'synchronized', refused: [REFUSED] })).toEqual({
      refused: [REFUSED],
    });
  });

  it('are the refused products of before, for one that starts over without having come so far', async () => {
    const { take } = createPlace();
    await asTurn(await take()).finish({ outcome: 'synchronized', refused: [REFUSED] });
    const turn = asTurn(await take());
    await take();

    expect(await turn.finish({ outcome: 'held back' })).toMatchObject({ refused: [REFUSED] });
  });

  it('is the newest snapshot that was worked with: an older announcement that comes late counts for nothing', async () => {
    const { take } = createPlace();
    await asTurn(await take(taken(9))).finish({ outcome: 'synchronized', snapshot_seal: taken(9) });

    expect(asTurn(await take(taken(3))).memory.seal).toEqual(taken(9));
  });

  it('is no snapshot for one that was announced none: it takes the tables as they are', async () => {
    const { take } = createPlace();
    await asTurn(await take(taken(9))).finish({ outcome: 'synchronized', snapshot_seal: taken(9) });

    expect(asTurn(await take()).memory.seal).toBeUndefined();
  });
});
