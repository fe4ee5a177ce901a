import type { Range } from '../random.js';
import type { FaultPlan } from './faults.js';

/** The operations that this catalog answers. */
export const OPERATIONS = [
  'ListEntities',
  'DescribeEntity',
  'BatchDescribeEntities',
  'StartChangeSet',
  'DescribeChangeSet',
  'ListChangeSets',
  'CancelChangeSet',
] as const;

/** One of {@link OPERATIONS}. */
export type Operation = (typeof OPERATIONS)[number];

/** What is asked of a product: to be approved (AllowProductProcurement) or denied (DenyProductProcurement). */
export type ProductChange = 'approve' | 'deny';

/**
 * How a product is refused. How the Marketplace does it is not documented, so each way can be had: by
 * StartChangeSet at once or by the change set when it runs, and with the product's id in the message or without.
 */
export interface Refusal {
  readonly how: 'at-once-named' | 'at-once-unnamed' | 'later-named' | 'later-unnamed';
  /** Only this change is refused; both when absent. */
  readonly change?: ProductChange;
}

/** Everything about the service that can differ from one simulation to the next. */
export interface CatalogSettings {
  /** How long a change set takes, in milliseconds. The reference says: from a few seconds to a minute or so. */
  readonly durationMs: Range;
  /** The part of that time in which it is PREPARING and can be cancelled, 0 to 1. */
  readonly preparing: number;
  /** How long a request is under way in all, in milliseconds. */
  readonly latencyMs: Range;
  /**
   * The request quotas, for each account and operation: `off`, or a factor to the published ones (a cloud whose
   * time is compressed by a factor has quotas of as many times the size).
   */
  readonly quotas: 'off' | number;
  /** How many change sets of an account may run at a time. The real number is not published. */
  readonly openChangeSets: number;
  /** What happens to a change set that both allows and denies products of one experience. */
  readonly mixed: 'accept' | 'refuse-at-once' | 'fail-later';
  /** Whether the 50 ids count for each change or for all changes of a change set on one experience together. */
  readonly fiftyCountFor: 'each change' | 'each experience';
  /** What happens to a change set on an archived experience. */
  readonly archived: 'refuse-at-once' | 'fail-later';
  /** The products that are refused, by id. */
  readonly refused: ReadonlyMap<string, Refusal>;
  /** How many refused products a message names at the most. */
  readonly namesAtMost: number;
  /** Decides which requests and change sets go wrong; none when absent. */
  readonly faults?: FaultPlan;
  /** Whether {@link import('./service.js').CatalogService.log} keeps the events; an observer sees them in any case. */
  readonly keepLog: boolean;
}

/** A well-behaved service without delays: each test says what is different. */
export const DEFAULT_SETTINGS: CatalogSettings = {
  durationMs: [4_000, 8_000],
  preparing: 0.5,
  latencyMs: [0, 0],
  quotas: 1,
  openChangeSets: 250,
  mixed: 'accept',
  fiftyCountFor: 'each change',
  archived: 'fail-later',
  refused: new Map(),
  namesAtMost: Number.POSITIVE_INFINITY,
  keepLog: true,
};
