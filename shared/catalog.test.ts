import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  DescribeChangeSetCommand,
  DescribeEntityCommand,
  ListEntitiesCommand,
  MarketplaceCatalogClient,
  StartChangeSetCommand,
} from '@aws-sdk/client-marketplace-catalog';
import { mockClient } from 'aws-sdk-client-mock';
import {
  Catalog,
  createCatalogClient,
  errorName,
  errorText,
  isThrottling,
  mayPass,
  OutOfTime,
} from './catalog.js';
import { changeSetId, type ExperienceId } from './identifiers.js';
import { VirtualClock } from './testing/virtual-clock.js';

const service = mockClient(MarketplaceCatalogClient);
const experience = 'exp-abc123' as ExperienceId;

/** An exception as the SDK throws it for an answer of the service. */
function exception(name: string, httpStatusCode: number): Error {
  return Object.assign(new Error(`${name} it is`), { name, $metadata: { httpStatusCode } });
}

/** A failure of the network as Node reports it. */
function networkError(code: string): Error {
  return Object.assign(new Error('it broke'), { code });
}

function createCatalog(clock = new VirtualClock(), stopAt = Number.POSITIVE_INFINITY): Catalog {
  return new Catalog({
    client: new MarketplaceCatalogClient({ region: 'us-east-1' }),
    clock,
    unitMs: 2000,
    stopAt,
  });
}

beforeEach(() => {
  service.reset();
});

describe('A list of experiences', () => {
  it('has all pages, and asks for the largest that the API gives', async () => {
    service
      .on(ListEntitiesCommand)
      .resolves({ EntitySummaryList: [{ EntityId: 'exp-1' }, { EntityId: 'exp-2' }], NextToken: 'more' })
      .on(ListEntitiesCommand, { NextToken: 'more' })
      .resolves({ EntitySummaryList: [{ EntityId: 'exp-3' }] });

    expect(await createCatalog().listExperiences('Owned')).toEqual(['exp-1', 'exp-2', 'exp-3']);
    expect(service.commandCalls(ListEntitiesCommand)[0]?.args[0].input).toEqual({
      Catalog: 'AWSMarketplace',
      EntityType: 'Experience',
      MaxResults: 50,
    });
  });

  it('goes on after an empty page that has a token', async () => {
    service
      .on(ListEntitiesCommand)
      .resolves({ NextToken: 'more' })
      .on(ListEntitiesCommand, { NextToken: 'more' })
      .resolves({ EntitySummaryList: [{ EntityId: 'exp-1' }] });

    expect(await createCatalog().listExperiences('Owned')).toEqual(['exp-1']);
  });

  it('filters by scope on every page for what is shared with the account', async () => {
    service
      .on(ListEntitiesCommand)
      .resolves({ NextToken: 'more' })
      .on(ListEntitiesCommand, { NextToken: 'more' })
      .resolves({});

    await createCatalog().listExperiences('SharedWithMe');

    const filters = service.commandCalls(ListEntitiesCommand).map(({ args }) => args[0].input.FilterList);
    expect(filters).toEqual(Array(2).fill([{ Name: 'Scope', ValueList: ['SharedWithMe'] }]));
  });
});

describe('A request to the Catalog API', () => {
  it.each([
    ['was throttled', exception('ThrottlingException', 429)],
    ['met a fault of the service', exception('InternalServiceException', 500)],
    ['was not answered in time', Object.assign(networkError('ETIMEDOUT'), { name: 'TimeoutError' })],
    ['lost its connection', networkError('ECONNRESET')],
    ['got an answer that cannot be read', exception('SyntaxError', 200)],
  ])('is repeated when it %s', async (_, error) => {
    service.on(DescribeEntityCommand).rejectsOnce(error).resolves({ EntityIdentifier: experience });

    expect(await createCatalog().describeEntity(experience, 0)).toEqual({
      EntityIdentifier: experience,
    });
    expect(service.commandCalls(DescribeEntityCommand)).toHaveLength(2);
  });

  it.each([
    ['AccessDeniedException', 403],
    ['ResourceNotFoundException', 404],
    ['ValidationException', 422],
    ['ResourceInUseException', 423],
    ['ServiceQuotaExceededException', 402],
  ])('is not repeated when it was refused with %s', async (name, status) => {
    service.on(DescribeEntityCommand).rejects(exception(name, status));

    await expect(createCatalog().describeEntity(experience, 0)).rejects.toMatchObject({ name });
    expect(service.commandCalls(DescribeEntityCommand)).toHaveLength(1);
  });

  it('is given up after six tries, with the last error, after waits that double up to eight units', async () => {
    const clock = new VirtualClock();
    const start = clock.now();
    service
      .on(DescribeEntityCommand)
      .rejectsOnce(networkError('ECONNRESET'))
      .rejects(exception('InternalServiceException', 500));

    await expect(createCatalog(clock).describeEntity(experience, 0)).rejects.toMatchObject({
      name: 'InternalServiceException',
    });

    expect(service.commandCalls(DescribeEntityCommand)).toHaveLength(6);
    expect((clock.now() - start) / 2000).toBeCloseTo(1 + 2 + 4 + 8 + 8, 1);
  });

  it('that was throttled holds up all others of its operation', async () => {
    const clock = new VirtualClock();
    const start = clock.now();
    const times: number[] = [];
    service.on(DescribeEntityCommand).callsFake(async () => {
      times.push(clock.now() - start);
      if (times.length === 1) throw exception('ThrottlingException', 429);
      return {};
    });
    const catalog = createCatalog(clock);

    await Promise.all([0, 1, 2].map((priority) => catalog.describeEntity(experience, priority)));

    expect(times).toHaveLength(4);
    expect(times.slice(1).every((time) => time >= 2000)).toBe(true);
  });

  it('that starts a change set keeps its token through every try, so that it never starts two', async () => {
    service
      .on(StartChangeSetCommand)
      .rejectsOnce(networkError('ETIMEDOUT'))
      .rejectsOnce(exception('ThrottlingException', 429))
      .resolves({ ChangeSetId: 'change-1' });

    expect(await createCatalog().startChangeSet('name', [], 'token-1', 0)).toBe('change-1');

    const tokens = service
      .commandCalls(StartChangeSetCommand)
      .map(({ args }) => args[0].input.ClientRequestToken);
    expect(tokens).toEqual(['token-1', 'token-1', 'token-1']);
  });

  it('that starts a change set fails when the answer names none', async () => {
    service.on(StartChangeSetCommand).resolves({});

    await expect(createCatalog().startChangeSet('name', [], 'token-1', 0)).rejects.toThrow(
      'without a ChangeSetId',
    );
  });

  it('asks for one change set of the catalog', async () => {
    service
      .on(DescribeChangeSetCommand, { Catalog: 'AWSMarketplace', ChangeSetId: 'change-1' })
      .resolves({ Status: 'APPLYING' });

    expect(await createCatalog().describeChangeSet(changeSetId('change-1'))).toEqual({ Status: 'APPLYING' });
  });
});

describe('An invocation without time', () => {
  it('sends nothing', async () => {
    const clock = new VirtualClock();

    await expect(createCatalog(clock, clock.now()).describeEntity(experience, 0)).rejects.toThrow(OutOfTime);
    expect(service.calls()).toHaveLength(0);
  });

  it('sends nothing that had to wait for its turn until then', async () => {
    const clock = new VirtualClock();
    service.on(StartChangeSetCommand).resolves({ ChangeSetId: 'change-1' });
    const catalog = createCatalog(clock, clock.now() + 1_000);

    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => catalog.startChangeSet('name', [], `token-${index}`, 0)),
    );

    expect(service.calls().length).toBeLessThanOrEqual(5);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(service.calls().length);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(OutOfTime);
    }
  });

  it('waits no longer than it has before it gives up a request that fails', async () => {
    const clock = new VirtualClock();
    const stopAt = clock.now() + 5_000;
    service.on(DescribeEntityCommand).rejects(exception('InternalServiceException', 500));

    await expect(createCatalog(clock, stopAt).describeEntity(experience, 0)).rejects.toThrow(OutOfTime);
    expect(clock.now()).toBe(stopAt);
  });
});

describe('The name and text of an error', () => {
  it('are those of the service, or of the network', () => {
    expect(errorName(exception('AccessDeniedException', 403))).toBe('AccessDeniedException');
    expect(errorName(networkError('ECONNREFUSED'))).toBe('ECONNREFUSED');
    expect(errorText(networkError('ECONNREFUSED'))).toBe('ECONNREFUSED: it broke');
    expect(errorText('no error at all')).toBe('no error at all');
    expect(errorName(undefined)).toBe('undefined');
  });

  it('tell throttling by name or by status', () => {
    expect(isThrottling(exception('ThrottlingException', 400))).toBe(true);
    expect(isThrottling(exception('TooManyRequestsException', 400))).toBe(true);
    expect(isThrottling(exception('Unknown', 429))).toBe(true);
    expect(isThrottling(exception('ValidationException', 422))).toBe(false);
  });

  it('never let a stop for lack of time pass as something to try again', () => {
    expect(mayPass(new OutOfTime('The invocation has no time left.'))).toBe(false);
  });
});

/** Makes a client wait a tenth of a second for an answer, and leaves everything else as it was made. */
function shortenTimeout({ config }: MarketplaceCatalogClient): void {
  // The type covers browsers, whose handler has no such method; this is Node's.
  const handler = config.requestHandler as unknown as {
    updateHttpClientConfig(key: 'requestTimeout', milliseconds: number): void;
  };
  handler.updateHttpClientConfig('requestTimeout', 100);
}

describe("The SDK's client", () => {
  const environment = process.env;
  let server: Server;
  let client: MarketplaceCatalogClient;

  /** Starts a server, and a client that the SDK's own variables point at it. */
  async function start(answer: RequestListener): Promise<void> {
    service.restore();
    server = createServer(answer);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    const { port } = server.address() as AddressInfo; // it listens on a port, not on a pipe
    process.env = {
      ...environment,
      AWS_ENDPOINT_URL_MARKETPLACE_CATALOG: `http://127.0.0.1:${port}`,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    };
    client = createCatalogClient();
  }

  const describeExperience = () =>
    client.send(new DescribeEntityCommand({ Catalog: 'AWSMarketplace', EntityId: experience }));

  afterEach(async () => {
    process.env = environment;
    client.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('sends each request once, to us-east-1, whatever the Region of the function', async () => {
    const signatures: (string | undefined)[] = [];
    await start((request, response) => {
      signatures.push(request.headers.authorization);
      response.writeHead(500, { 'content-type': 'application/json' }).end('{}');
    });

    await expect(describeExperience()).rejects.toMatchObject({ $metadata: { httpStatusCode: 500 } });
    expect(signatures).toEqual([expect.stringContaining('/us-east-1/aws-marketplace/')]);
  });

  it('gives up a request that is never answered, as one to be repeated', async () => {
    await start(() => {});
    shortenTimeout(client);

    const error: unknown = await describeExperience().catch((thrown: unknown) => thrown);

    expect(errorName(error)).toBe('TimeoutError');
    expect(mayPass(error)).toBe(true);
  });
});
