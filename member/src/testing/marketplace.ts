import {
  MarketplaceCatalogClient,
  type StartChangeSetCommandInput,
} from '@aws-sdk/client-marketplace-catalog';
import type { CatalogEvent } from '../../../local/catalog/events.js';
import type { ChangeSetFault, FaultPlan, RequestFault } from '../../../local/catalog/faults.js';
import { inProcessHandler } from '../../../local/catalog/in-process.js';
import type { NewExperience } from '../../../local/catalog/marketplace.js';
import { CatalogService } from '../../../local/catalog/service.js';
import type { CatalogSettings, Operation } from '../../../local/catalog/settings.js';
import { IdleClock } from '../../../local/idle-clock.js';
import { seededRandom } from '../../../local/random.js';
import { Catalog } from '../../../shared/catalog.js';
import { type ExperienceId, isExperienceId } from '../../../shared/identifiers.js';
import { InvocationTime } from '../invocation-time.js';
import { OpenChangeSets } from '../open-change-sets.js';
import { Pace } from '../pace.js';
import { recordedLog } from './recorded-log.js';

/** The delegated administrator account, in which the member function runs. */
export const MEMBER = '222222222222';
/** The organization's management account, which owns the experiences. */
export const OWNER = '333333333333';
/** The unit of every wait, in milliseconds. */
export const UNIT = 2000;
/** How long every change set takes here, in milliseconds, unless a test says otherwise. */
export const CHANGE_SET = 30_000;

/** What goes wrong, in order: each fault strikes once, at the next request of its operation. */
export interface Mishaps {
  /** `undefined` lets a request pass. */
  readonly requests?: Partial<Record<Operation, (RequestFault | undefined)[]>>;
  readonly changeSets?: (ChangeSetFault | undefined)[];
  /** Is told each time a change set has ended, and may meddle with the experiences then. */
  readonly whenEnded?: (service: CatalogService) => void;
}

/**
 * A local Marketplace in virtual time, with the real SDK client before it, and what the engine needs to work with it.
 * Its requests take no time.
 *
 * @param stopAfterMs when the invocation has to start nothing more, from now.
 */
export function createMarketplace(
  settings: Partial<CatalogSettings> = {},
  { requests = {}, changeSets = [], whenEnded }: Mishaps = {},
  stopAfterMs = 14 * 60_000,
) {
  const clock = new IdleClock(Date.UTC(2026, 0, 1));
  const startedAt = clock.now();
  const faults: FaultPlan = {
    request: ({ operation }) => requests[operation]?.shift(),
    changeSet: () => changeSets.shift(),
  };
  const service: CatalogService = new CatalogService({
    clock,
    random: seededRandom(1),
    settings: { durationMs: [CHANGE_SET, CHANGE_SET], faults, ...settings },
    observe: ({ kind }) => {
      if (kind === 'change set ended') whenEnded?.(service);
    },
  });
  const client = new MarketplaceCatalogClient({
    region: 'us-east-1',
    credentials: { accessKeyId: MEMBER, secretAccessKey: 'local' },
    maxAttempts: 1,
    requestHandler: inProcessHandler(service, MEMBER),
  });
  const starts: StartChangeSetCommandInput[] = [];
  client.middlewareStack.add(
    (next, context) => (args) => {
      // The command's name says what its input is.
      if (context.commandName === 'StartChangeSetCommand')
        starts.push(args.input as StartChangeSetCommandInput);
      // The client reads its configuration from files: that takes real time, in which none may pass here.
      return clock.tracked(next(args));
    },
    { step: 'initialize', name: 'watch' },
  );
  const stopAt = startedAt + stopAfterMs;
  const { log, lines } = recordedLog();
  const events = <Kind extends CatalogEvent['kind']>(kind: Kind) =>
    service.log.filter((event): event is Extract<CatalogEvent, { kind: Kind }> => event.kind === kind);
  return {
    clock,
    service,
    client,
    catalog: new Catalog({ client, clock, unitMs: UNIT, stopAt }),
    time: new InvocationTime(clock, UNIT, stopAt),
    pace: new Pace(),
    open: new OpenChangeSets(),
    log,
    lines,
    /** The StartChangeSet requests so far, as the engine made them; those that the SDK or the engine sent again, too. */
    starts,
    events,
    /** How often an operation was requested. */
    requested: (operation: Operation) =>
      events('request').filter((event) => event.operation === operation).length,
    /** Milliseconds since the invocation began. */
    elapsed: () => clock.now() - startedAt,
    /** Adds an experience that the account may manage. */
    add(experience: Partial<NewExperience> = {}): ExperienceId {
      const id = service.addExperience({ owner: OWNER, sharedWith: [MEMBER], ...experience });
      if (!isExperienceId(id)) throw new Error(`${id} is no experience id.`);
      return id;
    },
  };
}

/** A {@link createMarketplace}. */
export type TestMarketplace = ReturnType<typeof createMarketplace>;
