import type { ProductId } from '../../shared/identifiers.js';
import type { Plan } from './plan.js';

/** At most 50 ids in one change: "Work with the private marketplace", Catalog API. */
export const PRODUCTS_A_CHANGE = 50;

/** A product that the Marketplace refused. */
export interface Refusal {
  readonly product: ProductId;
  readonly change: 'approve' | 'deny';
  readonly reason: string;
}

/** Groups of products, each of which was part of a refused batch. */
export type Suspects = readonly (readonly ProductId[])[];

/**
 * Whether the Marketplace takes an approval and a denial of one experience in one change set, as far as is known.
 * One answer serves all experiences of a run.
 */
export interface Pairing {
  accepted: boolean;
}

type Item =
  | {
      readonly batch: Plan;
      /** Whether it is part of a batch that was refused. */
      readonly part?: true;
      /**
       * Set on the second part of a refused batch: how many refusals were known when it was divided. If the first
       * part brought none, this part must hold one.
       */
      readonly refusalsBefore?: number;
    }
  /** Stands behind the two parts of a refused pair: if neither held a refused product, the pair was the reason. */
  | { readonly pairRefusedAt: number };

/**
 * The change sets that one plan takes, in order, and the search for the products that the Marketplace refuses.
 *
 * A refused batch goes apart: approvals and denials first, then each into halves, until the refused product stands
 * alone. When the first half turns out fine, the second is not sent as a whole: it must hold the refused product,
 * and is halved at once. So one refused product among n costs about log2(n) more change sets.
 */
export class Work {
  readonly #pairing: Pairing;
  readonly #items: Item[];
  readonly #refusals: Refusal[] = [];

  /**
   * @param suspects groups of products that an earlier search was left with: each is tried by itself, after the rest.
   */
  constructor(planned: Plan, pairing: Pairing, suspects: Suspects = []) {
    this.#pairing = pairing;
    const suspected = new Set(suspects.flat());
    this.#items = [
      ...batches(only(planned, (id) => !suspected.has(id))),
      ...suspects
        .map((group) => new Set(group))
        .map((group) => ({ batch: only(planned, (id) => group.has(id)), part: true as const }))
        .filter(({ batch }) => count(batch) > 0),
    ];
  }

  /** The groups of products in which a search still has to find the refused ones. */
  get suspects(): Suspects {
    return this.#items.flatMap((item) =>
      'batch' in item && item.part ? [[...item.batch.approve, ...item.batch.deny]] : [],
    );
  }

  /** Products refused so far. */
  get refusals(): readonly Refusal[] {
    return this.#refusals;
  }

  /** Whether the next batch is part of a search for a refused product. */
  get searching(): boolean {
    const next = this.#items[0];
    return next !== undefined && 'batch' in next && next.part === true;
  }

  /** How many products are still to be changed. */
  get remaining(): number {
    return this.#items.reduce((sum, item) => sum + ('batch' in item ? count(item.batch) : 0), 0);
  }

  /** The batch to send next; `undefined` when all is done. It stays next until {@link succeeded} or {@link refused}. */
  next(): Plan | undefined {
    for (let item = this.#items[0]; item; item = this.#items[0]) {
      if ('pairRefusedAt' in item) {
        if (item.pairRefusedAt === this.#refusals.length) this.#pairing.accepted = false;
        this.#items.shift();
        continue;
      }
      const { batch } = item;
      const mustHoldRefused = item.refusalsBefore === this.#refusals.length && count(batch) > 1;
      const pairIsRefused = !this.#pairing.accepted && isPair(batch);
      if (!mustHoldRefused && !pairIsRefused) return this.#joined(batch);
      this.#items.shift();
      if (pairIsRefused) this.#items.unshift(...apart(batch).map((part) => ({ ...item, batch: part })));
      else this.#divide(batch);
    }
    return undefined;
  }

  /** The batch that was next has been applied. */
  succeeded(): void {
    this.#items.shift();
  }

  /**
   * The batch that was next was refused, for a reason that lies in its products or in their being together.
   *
   * @param message what the Marketplace said; where it names some of the batch's products, those are the refused ones.
   */
  refused(message: string): void {
    const item = this.#items.shift();
    if (!item || !('batch' in item)) return;
    const { batch } = item;
    const words = new Set(message.split(/[^A-Za-z0-9-]+/));
    const named = [...batch.approve, ...batch.deny].filter((id) => words.has(id));
    const alone = count(batch) === 1;
    if (alone || (named.length > 0 && named.length < count(batch))) {
      const guilty = new Set(alone ? [...batch.approve, ...batch.deny] : named);
      this.#note(batch.approve, guilty, 'approve', message);
      this.#note(batch.deny, guilty, 'deny', message);
      const rest = only(batch, (id) => !guilty.has(id));
      if (count(rest) > 0) this.#items.unshift({ batch: rest });
    } else if (isPair(batch)) {
      this.#items.unshift(...apart(batch).map((part) => ({ batch: part, part: true as const })), {
        pairRefusedAt: this.#refusals.length,
      });
    } else {
      this.#divide(batch);
    }
  }

  /**
   * Puts the second parts that stand in a row into one batch, once a first part has turned out to hold the refused
   * product: nothing speaks against them any more, and together they cost one change set instead of one each.
   */
  #joined(first: Plan): Plan {
    const acquitted = (item: Item | undefined) =>
      item && 'batch' in item && (item.refusalsBefore ?? Number.POSITIVE_INFINITY) < this.#refusals.length
        ? item
        : undefined;
    let joined = first;
    if (!acquitted(this.#items[0])) return joined;
    for (let next = acquitted(this.#items[1]); next; next = acquitted(this.#items[1])) {
      const { approve, deny } = next.batch;
      const both = { approve: [...joined.approve, ...approve], deny: [...joined.deny, ...deny] };
      if (isPair(both) || count(both) > PRODUCTS_A_CHANGE) break;
      this.#items.splice(0, 2, { ...next, batch: both });
      joined = both;
    }
    return joined;
  }

  #note(
    ids: readonly ProductId[],
    guilty: ReadonlySet<ProductId>,
    change: Refusal['change'],
    reason: string,
  ) {
    for (const product of ids) if (guilty.has(product)) this.#refusals.push({ product, change, reason });
  }

  #divide({ approve, deny }: Plan): void {
    const half = (ids: readonly ProductId[]) => Math.ceil(ids.length / 2);
    this.#items.unshift(
      { batch: { approve: approve.slice(0, half(approve)), deny: deny.slice(0, half(deny)) }, part: true },
      {
        part: true,
        batch: { approve: approve.slice(half(approve)), deny: deny.slice(half(deny)) },
        refusalsBefore: this.#refusals.length,
      },
    );
  }
}

/** Cuts a plan into batches of at most 50 approvals and 50 denials each. */
function batches({ approve, deny }: Plan): Item[] {
  const items: Item[] = [];
  for (let at = 0; at < approve.length || at < deny.length; at += PRODUCTS_A_CHANGE) {
    const end = at + PRODUCTS_A_CHANGE;
    items.push({ batch: { approve: approve.slice(at, end), deny: deny.slice(at, end) } });
  }
  return items;
}

function only({ approve, deny }: Plan, wanted: (id: ProductId) => boolean): Plan {
  return { approve: approve.filter(wanted), deny: deny.filter(wanted) };
}

function apart({ approve, deny }: Plan): [Plan, Plan] {
  return [
    { approve, deny: [] },
    { approve: [], deny },
  ];
}

function isPair({ approve, deny }: Plan): boolean {
  return approve.length > 0 && deny.length > 0;
}

function count({ approve, deny }: Plan): number {
  return approve.length + deny.length;
}
