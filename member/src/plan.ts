import type { ProductId } from '../../shared/identifiers.js';
import type { ProductLists } from '../../shared/product-lists.js';

/**
 * What has to change so that an experience equals the snapshot. Pure: two pairs of lists in, changes out.
 *
 * |                         | approved locally | rejected locally | neither |
 * | ----------------------- | ---------------- | ---------------- | ------- |
 * | approved in snapshot    |                  | approve          | approve |
 * | rejected in snapshot    | deny             |                  | deny    |
 * | in both snapshot lists  | deny             |                  | deny    |
 * | in neither              | deny             |                  |         |
 *
 * A product that is rejected locally and in neither list of the snapshot stays rejected: it cannot be bought
 * either way, and the API knows no way to un-reject it without approving it.
 */
export interface Plan {
  readonly approve: readonly ProductId[];
  readonly deny: readonly ProductId[];
}

/** The changes that make `local` equal to `snapshot`, each list sorted. */
export function plan(snapshot: ProductLists, local: ProductLists): Plan {
  const approved = snapshot.approved.difference(snapshot.rejected);
  return {
    approve: [...approved.difference(local.approved)].sort(),
    deny: [...local.approved.difference(approved).union(snapshot.rejected.difference(local.rejected))].sort(),
  };
}

/** How many products a plan changes. */
export function size({ approve, deny }: Plan): number {
  return approve.length + deny.length;
}

/** What a member stack is allowed to do. */
export type Mode = 'sync' | 'add-only' | 'dry-run';

/** The rules that a plan must keep to before it is applied. */
export interface Policy {
  readonly mode: Mode;
  /** The largest share of an experience's approved products that may be denied at once, in percent. */
  readonly maxDeniedPercent: number;
  readonly allowEmptySnapshot: boolean;
}

/** The part of a plan that the mode permits: `add-only` approves and never denies. */
export function permitted(planned: Plan, { mode }: Policy): Plan {
  return mode === 'add-only' ? { approve: planned.approve, deny: [] } : planned;
}

/**
 * Why a plan must not be applied, for the operator to read; `undefined` when it may.
 *
 * @param local the experience's lists before the plan.
 */
export function heldBack(
  planned: Plan,
  snapshot: ProductLists,
  local: ProductLists,
  policy: Policy,
): string | undefined {
  const denied = planned.deny.filter((id) => local.approved.has(id)).length;
  if (denied === 0) return undefined;
  // A snapshot that only rejects counts as empty too: it takes away everything there is to buy just the same.
  if (snapshot.approved.isSubsetOf(snapshot.rejected) && !policy.allowEmptySnapshot) {
    return (
      `the snapshot approves nothing, and applying it would deny all ${denied} approved products: check the ` +
      'management experience; if it is meant to be empty, set AllowEmptySnapshot to yes in the member stack'
    );
  }
  const percent = (100 * denied) / local.approved.size;
  if (percent <= policy.maxDeniedPercent) return undefined;
  return (
    `it would deny ${denied} of ${local.approved.size} approved products (${percent.toFixed(1)} %), more than ` +
    `MaxDeniedPercent (${policy.maxDeniedPercent}) permits: check the management experience; if this is meant, ` +
    'raise MaxDeniedPercent in the member stack for one synchronization'
  );
}
