import type { Operation, ProductChange } from './settings.js';

/** A request, after it was answered. */
export interface RequestEvent {
  readonly kind: 'request';
  /** Milliseconds since 1970, as in every event. */
  readonly at: number;
  readonly account: string;
  readonly operation: Operation;
  /** The HTTP status; 0 when the connection broke before anything was done. */
  readonly status: number;
  /** The exception's name, where the request was refused. */
  readonly error?: string;
  /** Whether the answer got lost on its way. */
  readonly lost?: true;
}

/** What a change set asks of one experience. */
export interface RequestedChange {
  readonly experience: string;
  readonly change: ProductChange;
  readonly products: readonly string[];
}

/** A change set was accepted. From now on its experiences are locked. */
export interface ChangeSetStartedEvent {
  readonly kind: 'change set started';
  readonly at: number;
  readonly id: string;
  /** Who started it; {@link ADMINISTRATOR} when it did not come through the API. */
  readonly account: string;
  readonly experiences: readonly string[];
  readonly changes: readonly RequestedChange[];
  /** When it will end. */
  readonly endsAt: number;
}

/** A change set ended. Its experiences are free again. */
export interface ChangeSetEndedEvent {
  readonly kind: 'change set ended';
  readonly at: number;
  readonly id: string;
  readonly account: string;
  readonly experiences: readonly string[];
  readonly startedAt: number;
  readonly status: 'SUCCEEDED' | 'FAILED' | 'CANCELLED';
}

/** One experience's product lists changed: what is different now, not what was asked for. */
export interface ProductsEvent {
  readonly kind: 'products';
  readonly at: number;
  readonly experience: string;
  readonly changeSet: string;
  /** Products that are approved now and were not. */
  readonly approved: readonly string[];
  /** Products that are rejected now and were not, and those that were approved and are not any more. */
  readonly denied: readonly string[];
}

/** An experience was archived. */
export interface ArchivedEvent {
  readonly kind: 'archived';
  readonly at: number;
  readonly experience: string;
}

export type CatalogEvent =
  | RequestEvent
  | ChangeSetStartedEvent
  | ChangeSetEndedEvent
  | ProductsEvent
  | ArchivedEvent;

/** Is told of every event, in the order of time. What it throws comes out of the call under way. */
export type Observer = (event: CatalogEvent) => void;

/** The account in the events of a change set that an administrator started by hand. */
export const ADMINISTRATOR = 'administrator';
