import { serveCatalog } from '../local/catalog/server.js';
import { CatalogService } from '../local/catalog/service.js';
import type { LocalServer } from '../local/http.js';
import { seededRandom } from '../local/random.js';
import { systemClock } from '../shared/clock.js';

/** How much faster than the real one the Marketplace is here. */
export const TIME_FACTOR = 20;
/** POLL_SECONDS, and with it every wait of the member function, shrinks as much as the Marketplace's times. */
export const POLL_SECONDS = 2 / TIME_FACTOR;

/** The organizations of the test and their Marketplaces, in one catalog: the account says who may see what. */
export interface Marketplaces extends LocalServer {
  readonly service: CatalogService;
}

/** Serves the catalog on a loopback port. */
export async function startMarketplaces(): Promise<Marketplaces> {
  const service = new CatalogService({
    clock: systemClock,
    random: seededRandom(4),
    settings: {
      durationMs: [5_000 / TIME_FACTOR, 15_000 / TIME_FACTOR],
      quotas: TIME_FACTOR,
      keepLog: false,
    },
  });
  const { url, stop } = await serveCatalog(service);
  return { service, url, stop };
}

/** Product ids that are easy to tell apart: `prod-<letter>` and a number. */
export function products(letter: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `prod-${letter}${String(index).padStart(11, '0')}`);
}
