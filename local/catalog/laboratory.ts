import {
  type Change,
  MarketplaceCatalogClient,
  StartChangeSetCommand,
  type StartChangeSetCommandInput,
} from '@aws-sdk/client-marketplace-catalog';
import { HandClock } from '../hand-clock.js';
import { seededRandom } from '../random.js';
import type { Observer } from './events.js';
import { inProcessHandler } from './in-process.js';
import { CatalogService } from './service.js';
import type { CatalogSettings } from './settings.js';

/** The organization's management account, which owns the experiences. */
export const OWNER = '111111111111';
/** The delegated administrator account, with which they are shared. */
export const DELEGATE = '222222222222';
/** An account of another organization. */
export const STRANGER = '333333333333';

/** A catalog whose time is moved by hand, and the SDK's clients for it: what the tests beside work with. */
export function createLaboratory(settings: Partial<CatalogSettings> = {}, observe?: Observer) {
  const clock = new HandClock();
  const service = new CatalogService({
    clock,
    random: seededRandom(1),
    settings: { durationMs: [10_000, 10_000], quotas: 'off', ...settings },
    ...(observe && { observe }),
  });
  const clientOf = (account: string) =>
    new MarketplaceCatalogClient({
      region: 'us-east-1',
      credentials: { accessKeyId: account, secretAccessKey: 'local' },
      maxAttempts: 1,
      requestHandler: inProcessHandler(service, account),
    });
  return { clock, service, clientOf, client: clientOf(DELEGATE) };
}

export const allow = (experience: string, ids: readonly string[]) =>
  change('AllowProductProcurement', experience, ids);
export const deny = (experience: string, ids: readonly string[]) =>
  change('DenyProductProcurement', experience, ids);

function change(type: string, experience: string, ids: readonly string[]): Change {
  return {
    ChangeType: type,
    Entity: { Type: 'Experience@1.0', Identifier: experience },
    DetailsDocument: { Products: [{ Ids: [...ids] }] },
  };
}

/** A StartChangeSet request. */
export function start(changes: Change[], more: Partial<StartChangeSetCommandInput> = {}) {
  return new StartChangeSetCommand({ Catalog: 'AWSMarketplace', ChangeSet: changes, ...more });
}

/** So many products. */
export function products(count: number, prefix = 'prod-'): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(13, '0')}`);
}
