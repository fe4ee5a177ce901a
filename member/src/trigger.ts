import {
  type ChangeSetId,
  changeSetId,
  type ExperienceId,
  isExperienceId,
  type ProductId,
  productId,
} from '../../shared/identifiers.js';
import { later, readSeal, type SnapshotSeal } from '../../shared/notification.js';
import type { Mode } from './plan.js';

/** What an invocation was started by, and what that says. */
export interface Trigger {
  /** Whether a message of the queue started it, which comes back when the invocation fails. */
  readonly fromQueue: boolean;
  /** SNS's id of the notification that started it, or the invocations that it continues. */
  readonly notificationId?: string;
  /** The snapshot that was announced; a manual test and a Python management stack announce none. */
  readonly seal?: SnapshotSeal;
  /** The mode that a manual test event asked for. */
  readonly mode?: Mode;
  /** Whether a manual test event asks to try refused products again. */
  readonly retryRefused: boolean;
  /** Change sets that the invocation before this one left running. */
  readonly inFlight: ReadonlyMap<ExperienceId, ChangeSetId>;
  /** Where that invocation's search for refused products stood. */
  readonly suspects: ReadonlyMap<ExperienceId, readonly (readonly ProductId[])[]>;
  /** Whether that invocation found that approvals and denials must travel apart. */
  readonly apart: boolean;
  /** How many invocations before this one, one after the other, brought the experiences no closer. */
  readonly stalled: number;
}

/** The message by which an invocation that ran out of time has itself continued. */
export interface Continuation {
  readonly Action: 'Continue-Synchronization';
  /** The notification that started it all, for the log. */
  readonly NotificationId?: string;
  readonly Snapshot?: SnapshotSeal;
  readonly InFlight?: Readonly<Record<ExperienceId, ChangeSetId>>;
  readonly Suspects?: Readonly<Record<ExperienceId, readonly (readonly ProductId[])[]>>;
  readonly Apart?: boolean;
  /** The mode that the manual test event asked for. */
  readonly Mode?: Mode;
  readonly Stalled?: number;
}

/** A manual test event asks for something that does not exist. */
export class UnknownRequest extends Error {
  override readonly name = 'UnknownRequest';
}

const MODES: readonly Mode[] = ['sync', 'add-only', 'dry-run'];

/**
 * Reads the event that started an invocation: messages of the queue, or a manual test event of any content.
 *
 * @throws UnknownRequest for a manual test event with a `mode` that is none, rather than to take it for `sync`.
 */
export function readTrigger(event: unknown): Trigger {
  const { Records, mode, retryRefused } = fields(event);
  if (Array.isArray(Records)) return readMessages(Records);
  if (mode !== undefined && !MODES.some((known) => known === mode)) {
    throw new UnknownRequest(
      `The test event's mode is ${JSON.stringify(mode)}: it must be ${MODES.join(', ')}, or be left out.`,
    );
  }
  const asked = MODES.find((known) => known === mode);
  return {
    fromQueue: false,
    ...(asked && { mode: asked }),
    retryRefused: retryRefused === true,
    inFlight: new Map(),
    suspects: new Map(),
    apart: false,
    stalled: 0,
  };
}

/** Of two modes, the one that changes less: an event can narrow what the stack permits, not widen it. */
export function stricter(a: Mode, b: Mode | undefined): Mode {
  return MODES[Math.max(MODES.indexOf(a), b ? MODES.indexOf(b) : 0)] ?? a;
}

function readMessages(records: readonly unknown[]): Trigger {
  let newest: SnapshotSeal | undefined;
  let stalled = 0;
  let apart = false;
  let mode: Mode | undefined;
  let notificationId: string | undefined;
  const inFlight = new Map<ExperienceId, ChangeSetId>();
  const suspects = new Map<ExperienceId, ProductId[][]>();
  for (const record of records) {
    const body = parsed(fields(record).body);
    const { Message, MessageId } = fields(body);
    const message = fields(typeof Message === 'string' ? parsed(Message) : body); // a continuation has no envelope
    newest = later(newest, readSeal(message));
    const id = typeof Message === 'string' ? MessageId : message.NotificationId;
    if (typeof id === 'string') notificationId = id;
    if (message.Action !== 'Continue-Synchronization') continue;
    if (typeof message.Stalled === 'number') stalled = Math.max(stalled, message.Stalled);
    for (const [experience, changeSet] of Object.entries(fields(message.InFlight))) {
      if (isExperienceId(experience) && typeof changeSet === 'string') {
        inFlight.set(experience, changeSetId(changeSet));
      }
    }
    for (const [experience, groups] of Object.entries(fields(message.Suspects))) {
      if (isExperienceId(experience)) suspects.set(experience, list(groups).map(texts));
    }
    if (message.Apart === true) apart = true;
    mode ??= MODES.find((known) => known === message.Mode);
  }
  return {
    fromQueue: true,
    ...(notificationId !== undefined && { notificationId }),
    ...(newest && { seal: newest }),
    ...(mode && { mode }),
    retryRefused: false,
    inFlight,
    suspects,
    apart,
    stalled,
  };
}

/** A text as JSON; a text that is none counts as an empty message, as the Python sample looks at nothing in it. */
function parsed(text: unknown): unknown {
  if (typeof text !== 'string') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}; // read with care
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function texts(value: unknown): ProductId[] {
  return list(value)
    .filter((text) => typeof text === 'string')
    .map(productId);
}
