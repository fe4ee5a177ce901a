import fc from 'fast-check';
import { seal } from '../../shared/notification.js';
import { lists } from '../../shared/testing/products.js';
import type { Mode } from './plan.js';
import { readTrigger, stricter, type Trigger, UnknownRequest } from './trigger.js';

const SEAL = seal(lists(['prod-a'], ['prod-b']), Date.UTC(2026, 0, 1));
const LATER = seal(lists(['prod-a', 'prod-c']), Date.UTC(2026, 0, 2));

/** What a trigger says when nothing is said. */
const NOTHING: Trigger = {
  fromQueue: true,
  retryRefused: false,
  inFlight: new Map(),
  suspects: new Map(),
  apart: false,
  stalled: 0,
};

/** An event of the queue. */
const queued = (...bodies: unknown[]) => ({ Records: bodies.map((body) => ({ messageId: 'sqs-1', body })) });
/** A message in the envelope that SNS puts around it, as text. */
const envelope = (message: unknown, id = 'note-1') =>
  JSON.stringify({
    Type: 'Notification',
    MessageId: id,
    TopicArn: 'arn:aws:sns:eu-central-1:111111111111:exp-abc123-PrivateMarketplace',
    Message: typeof message === 'string' ? message : JSON.stringify(message),
    Timestamp: '2026-01-01T00:00:00.000Z',
  });
const continuation = (fields: object) => JSON.stringify({ Action: 'Continue-Synchronization', ...fields });

describe('A message of the queue', () => {
  it('is a notification in the envelope of SNS: its seal says which snapshot it announces', () => {
    expect(readTrigger(queued(envelope({ Action: 'Products-Updated', Snapshot: SEAL })))).toEqual({
      ...NOTHING,
      notificationId: 'note-1',
      seal: SEAL,
    });
  });

  it('may be the bare action that a Python management stack publishes', () => {
    expect(readTrigger(queued(envelope({ Action: 'Products-Updated' })))).toEqual({
      ...NOTHING,
      notificationId: 'note-1',
    });
  });

  it('may be a notification without an envelope, where the subscription delivers raw messages', () => {
    const raw = JSON.stringify({ Action: 'Products-Updated', Snapshot: SEAL });

    expect(readTrigger(queued(raw))).toEqual({ ...NOTHING, seal: SEAL });
  });

  it('may have a seal that is none: then it announces no snapshot', () => {
    const damaged = { ...SEAL, ApprovedCount: 'many' };

    expect(
      readTrigger(queued(envelope({ Action: 'Products-Updated', Snapshot: damaged }))).seal,
    ).toBeUndefined();
  });

  it.each([
    ['no JSON', 'hello'],
    ['nothing', ''],
    ['missing', undefined],
    ['null', 'null'],
    ['a number', '7'],
    ['a list', '[1,2]'],
    ['an envelope around no JSON', envelope('hello')],
    ['an envelope around null', envelope('null')],
    ['an envelope without a message', '{"Type":"Notification"}'],
  ])('may have any content, as the Python sample looks at nothing in it: %s', (_, body) => {
    expect(readTrigger(queued(body))).toMatchObject(NOTHING);
  });

  it('may come with others: the newest snapshot counts', () => {
    const older = envelope({ Action: 'Products-Updated', Snapshot: SEAL });
    const newer = envelope({ Action: 'Products-Updated', Snapshot: LATER }, 'note-2');

    expect(readTrigger(queued(newer, older)).seal).toEqual(LATER);
    expect(readTrigger(queued(older, newer, 'hello')).seal).toEqual(LATER);
  });

  it('cannot ask for another mode or for another try of refused products: those are for tests by hand', () => {
    const trigger = readTrigger({
      ...queued(envelope({ Action: 'Products-Updated', mode: 'dry-run', Mode: 'dry-run' })),
      mode: 'dry-run',
      retryRefused: true,
    });

    expect(trigger.mode).toBeUndefined();
    expect(trigger.retryRefused).toBe(false);
  });

  it('cannot pose as a continuation without being one', () => {
    const message = { Action: 'Products-Updated', InFlight: { 'exp-abc': 'cs-1' }, Stalled: 2, Apart: true };

    expect(readTrigger(queued(envelope(message)))).toMatchObject(NOTHING);
  });
});

describe('A continuation', () => {
  it('says where the invocation before it stood', () => {
    const body = continuation({
      NotificationId: 'note-1',
      Snapshot: SEAL,
      InFlight: { 'exp-abc': 'cs-1', 'exp-def': 'cs-2' },
      Suspects: { 'exp-abc': [['prod-a', 'prod-b'], ['prod-c']] },
      Apart: true,
      Mode: 'add-only',
      Stalled: 2,
    });

    expect(readTrigger(queued(body))).toEqual({
      fromQueue: true,
      notificationId: 'note-1',
      seal: SEAL,
      mode: 'add-only',
      retryRefused: false,
      inFlight: new Map([
        ['exp-abc', 'cs-1'],
        ['exp-def', 'cs-2'],
      ]),
      suspects: new Map([['exp-abc', [['prod-a', 'prod-b'], ['prod-c']]]]),
      apart: true,
      stalled: 2,
    });
  });

  it('may say nothing more than that it is one', () => {
    expect(readTrigger(queued(continuation({})))).toEqual(NOTHING);
  });

  it.each([
    { InFlight: { 'not an experience': 'cs-1', 'exp-abc': 7 } },
    { InFlight: 'cs-1', Suspects: ['prod-a'], Stalled: 'twice', Apart: 'yes', Mode: 'loud' },
    { InFlight: null, Suspects: null, Stalled: null, NotificationId: 7 },
  ])('with fields that make no sense loses these, and no more: %j', (fields) => {
    expect(readTrigger(queued(continuation(fields)))).toEqual(NOTHING);
  });

  it('keeps of its suspects what are product ids', () => {
    const body = continuation({
      Suspects: { 'exp-abc': [['prod-a', 7, null], 'prod-b'], 'no experience': [] },
    });

    expect(readTrigger(queued(body)).suspects).toEqual(new Map([['exp-abc', [['prod-a'], []]]]));
  });
});

describe('A manual test event', () => {
  it.each([
    {},
    null,
    undefined,
    'anything',
    7,
    [1],
    { key1: 'value1' },
    { Records: 'none' },
    { mode: undefined },
  ])('may have any content: %j', (event) => {
    expect(readTrigger(event)).toEqual({ ...NOTHING, fromQueue: false });
  });

  it.each<Mode>(['sync', 'add-only', 'dry-run'])('can ask for the mode %s', (mode) => {
    expect(readTrigger({ mode })).toEqual({ ...NOTHING, fromQueue: false, mode });
  });

  it.each(['dry run', 'DRY-RUN', 'dryrun', '', 0, null, true])(
    'that asks for a mode that does not exist (%j) is refused, rather than to change something',
    (mode) => {
      expect(() => readTrigger({ mode })).toThrow(UnknownRequest);
      expect(() => readTrigger({ mode })).toThrow(/must be sync, add-only, dry-run, or be left out/);
    },
  );

  it('can ask to try refused products again', () => {
    expect(readTrigger({ retryRefused: true })).toMatchObject({ retryRefused: true });
    expect(readTrigger({ retryRefused: 'yes' })).toMatchObject({ retryRefused: false });
  });
});

it('Whatever the queue brings is read without an error', () => {
  const anyBody = fc.oneof(
    fc.string(),
    fc.json(),
    fc.json().map((message) => envelope(message)),
    fc.json().map((value) => `{"Action":"Continue-Synchronization","InFlight":${value},"Suspects":${value}}`),
  );
  fc.assert(
    fc.property(fc.array(anyBody, { maxLength: 3 }), (bodies) => {
      expect(readTrigger(queued(...bodies)).fromQueue).toBe(true);
    }),
  );
});

describe('Of two modes, the one that changes less counts', () => {
  it.each<[Mode, Mode | undefined, Mode]>([
    ['sync', undefined, 'sync'],
    ['sync', 'sync', 'sync'],
    ['sync', 'add-only', 'add-only'],
    ['sync', 'dry-run', 'dry-run'],
    ['add-only', undefined, 'add-only'],
    ['add-only', 'sync', 'add-only'],
    ['add-only', 'add-only', 'add-only'],
    ['add-only', 'dry-run', 'dry-run'],
    ['dry-run', undefined, 'dry-run'],
    ['dry-run', 'sync', 'dry-run'],
    ['dry-run', 'add-only', 'dry-run'],
    ['dry-run', 'dry-run', 'dry-run'],
  ])('the stack’s %s and the event’s %s: %s', (stack, event, expected) => {
    expect(stricter(stack, event)).toBe(expected);
  });
});
