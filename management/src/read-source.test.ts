import { DescribeEntityCommand, MarketplaceCatalogClient } from '@aws-sdk/client-marketplace-catalog';
import { mockClient } from 'aws-sdk-client-mock';
import { Catalog } from '../../shared/catalog.js';
import type { ExperienceId } from '../../shared/identifiers.js';
import { lists } from '../../shared/testing/products.js';
import { VirtualClock } from '../../shared/testing/virtual-clock.js';
import { readSource, UnreadableExperience } from './read-source.js';

const service = mockClient(MarketplaceCatalogClient);
const id = 'exp-abc123' as ExperienceId;

function read(stopInMs = 60_000) {
  const clock = new VirtualClock();
  const client = new MarketplaceCatalogClient({ region: 'us-east-1' });
  return readSource(new Catalog({ client, clock, unitMs: 2000, stopAt: clock.now() + stopInMs }), id);
}

function exception(name: string, httpStatusCode: number): Error {
  return Object.assign(new Error('said the service'), { name, $metadata: { httpStatusCode } });
}

function experienceWith(...ProcurementPolicies: string[]) {
  return { Details: JSON.stringify({ Status: 'Enabled', ProcurementPolicies }) };
}

beforeEach(() => {
  service.reset();
});

describe('The management experience', () => {
  it('is read with the products of all its procurement policies', async () => {
    const policy = (Effect: string, ...Ids: string[]) => ({
      Details: JSON.stringify({ Statements: [{ Effect, Resources: [{ Type: 'Product', Ids }] }] }),
    });
    service
      .on(DescribeEntityCommand, { EntityId: id })
      .resolves(experienceWith('procpolicy-a', 'procpolicy-b'))
      .on(DescribeEntityCommand, { EntityId: 'procpolicy-a' })
      .resolves(policy('Allow', 'prod-1'))
      .on(DescribeEntityCommand, { EntityId: 'procpolicy-b' })
      .resolves(policy('Deny', 'prod-2'));

    expect(await read()).toMatchObject({ experience: { id }, products: lists(['prod-1'], ['prod-2']) });
  });

  it('without a procurement policy is an error that says what to do', async () => {
    service.on(DescribeEntityCommand).resolves(experienceWith());

    const failure = read();

    await expect(failure).rejects.toThrow(UnreadableExperience);
    await expect(failure).rejects.toThrow(
      /exp-abc123 has no procurement policy.*tables stay.*nobody.*Create its/,
    );
  });

  it.each([
    [
      'does not exist',
      exception('ResourceNotFoundException', 404),
      /ManagementExperienceId, names an experience of this/,
    ],
    ['may not be read', exception('AccessDeniedException', 403), /aws-marketplace:DescribeEntity/],
    ['is refused as an id', exception('ValidationException', 422), /names a Private Marketplace experience/],
    ['cannot be read for now', exception('InternalServiceException', 500), /The next run tries again/],
  ])('that %s is an error that names it, the cause and what to do', async (_, error, remedy) => {
    service.on(DescribeEntityCommand).rejects(error);

    const failure = read();

    await expect(failure).rejects.toThrow(UnreadableExperience);
    await expect(failure).rejects.toThrow(
      `The management experience exp-abc123 could not be read (${error.name}: `,
    );
    await expect(failure).rejects.toThrow(/The tables stay as they are and nobody is notified\./);
    await expect(failure).rejects.toThrow(remedy);
  });

  it('is not read in part: one policy that cannot be read is an error', async () => {
    service
      .on(DescribeEntityCommand, { EntityId: id })
      .resolves(experienceWith('procpolicy-a', 'procpolicy-b'))
      .on(DescribeEntityCommand, { EntityId: 'procpolicy-a' })
      .resolves({ Details: JSON.stringify({ Statements: [] }) })
      .on(DescribeEntityCommand, { EntityId: 'procpolicy-b' })
      .resolves({ Details: '{"Statements": [{"Effect": "Permit"}]}' });

    await expect(read()).rejects.toThrow(
      /exp-abc123 could not be read \(MalformedEntity: procpolicy-b has a statement/,
    );
  });

  it('for which no time is left is an error too', async () => {
    await expect(read(0)).rejects.toThrow(/exp-abc123 could not be read \(OutOfTime: /);
  });
});
