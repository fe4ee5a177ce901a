import type { ExperienceId, ProductId } from '../../shared/identifiers.js';
import type { RefusedProduct } from '../../shared/sync-timestamps.js';
import type { Plan } from './plan.js';
import type { Refusal } from './work.js';

/**
 * For how long a product that the Marketplace refused is not tried again, in milliseconds: the hourly
 * synchronizations of a day share the cost of one search, and a product that is healed is approved within a day.
 */
const NOT_TRIED_AGAIN_MS = 24 * 60 * 60 * 1000;

/** The products that earlier synchronizations found to be refused, as the SyncTimestamps item remembers them. */
export class KnownRefusals {
  readonly #byExperience = new Map<ExperienceId, Map<ProductId, RefusedProduct>>();

  /**
   * @param remembered from the SyncTimestamps item.
   * @param now in milliseconds since 1970: what was refused more than a day before is forgotten.
   */
  constructor(remembered: readonly RefusedProduct[], now: number) {
    for (const refused of remembered) {
      if (refused.at + NOT_TRIED_AGAIN_MS <= now) continue;
      const products = this.#byExperience.get(refused.experience) ?? new Map();
      this.#byExperience.set(refused.experience, products.set(refused.product, refused));
    }
  }

  /** Those of a plan's changes to an experience that are known to be refused. */
  among(experience: ExperienceId, planned: Plan): Refusal[] {
    const products = this.#byExperience.get(experience);
    if (!products) return [];
    const known = (ids: readonly ProductId[], change: Refusal['change']) =>
      ids.map((id) => products.get(id)).filter((refused) => refused?.change === change);
    return [...known(planned.approve, 'approve'), ...known(planned.deny, 'deny')].filter(
      (refused) => refused !== undefined,
    );
  }

  /** All that are known of an experience, for one whose lists could not be read. */
  of(experience: ExperienceId): Refusal[] {
    return [...(this.#byExperience.get(experience)?.values() ?? [])];
  }

  /** When a product was refused: as remembered, or `now` (milliseconds since 1970) where it is new. */
  refusedAt(experience: ExperienceId, { product, change }: Refusal, now: number): number {
    const refused = this.#byExperience.get(experience)?.get(product);
    return refused?.change === change ? refused.at : now;
  }
}
