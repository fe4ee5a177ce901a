import { DescribeEntityCommand, MarketplaceCatalogClient } from '@aws-sdk/client-marketplace-catalog';
import { mockClient } from 'aws-sdk-client-mock';
import fc from 'fast-check';
import { Catalog } from './catalog.js';
import { MalformedEntity, productsOfPolicy, readExperience, readProductLists } from './experience.js';
import type { ExperienceId, ProcurementPolicyId } from './identifiers.js';
import { aProduct, lists } from './testing/products.js';
import { VirtualClock } from './testing/virtual-clock.js';

const service = mockClient(MarketplaceCatalogClient);
const experience = 'exp-abc123' as ExperienceId;
const policy = (name: string) => `procpolicy-${name}` as ProcurementPolicyId;

function createCatalog(): Catalog {
  const clock = new VirtualClock();
  const client = new MarketplaceCatalogClient({ region: 'us-east-1' });
  return new Catalog({ client, clock, unitMs: 2000, stopAt: Number.POSITIVE_INFINITY });
}

/** An answer to DescribeEntity that carries its document in both forms, as the service's does. */
function answer(entity: unknown, type = 'ProcurementPolicy@1.0') {
  return { EntityType: type, Details: JSON.stringify(entity), DetailsDocument: entity as never }; // any JSON value
}

const statement = (effect: string, ...resources: unknown[]) => ({ Effect: effect, Resources: resources });
const products = (...ids: string[]) => ({ Type: 'Product', Ids: ids });

beforeEach(() => {
  service.reset();
});

describe('An experience', () => {
  it('is read with its state and all its procurement policies', async () => {
    service
      .on(DescribeEntityCommand, { Catalog: 'AWSMarketplace', EntityId: experience })
      .resolves(
        answer(
          { Status: 'Enabled', ProcurementPolicies: ['procpolicy-a', 'procpolicy-b'] },
          'Experience@1.0',
        ),
      );

    expect(await readExperience(createCatalog(), experience)).toEqual({
      id: experience,
      enabled: true,
      archived: false,
      procurementPolicies: ['procpolicy-a', 'procpolicy-b'],
    });
  });

  it.each([
    ['Disabled', undefined, { enabled: false, archived: false }],
    ['Enabled', 'Archived', { enabled: true, archived: true }],
    [undefined, undefined, { enabled: false, archived: false }],
  ])('with the status %s and the admin status %s is known as such', async (Status, AdminStatus, state) => {
    service
      .on(DescribeEntityCommand)
      .resolves(answer({ Status, AdminStatus, ProcurementPolicies: ['procpolicy-a'] }));

    expect(await readExperience(createCatalog(), experience)).toMatchObject(state);
  });

  it.each([{}, { ProcurementPolicies: [] }, { ProcurementPolicies: [''] }, { ProcurementPolicies: null }])(
    'may have no procurement policy: %j',
    async (details) => {
      service.on(DescribeEntityCommand).resolves(answer(details, 'Experience@1.0'));

      expect(await readExperience(createCatalog(), experience)).toMatchObject({ procurementPolicies: [] });
    },
  );

  it.each(['procpolicy-a', { a: 1 }, [1], [null]])(
    'is malformed when its policies are %j',
    async (policies) => {
      service.on(DescribeEntityCommand).resolves(answer({ ProcurementPolicies: policies }));

      await expect(readExperience(createCatalog(), experience)).rejects.toThrow(MalformedEntity);
    },
  );
});

describe('The product lists of an experience', () => {
  const read = (...policies: string[]) =>
    readProductLists(createCatalog(), {
      id: experience,
      enabled: true,
      archived: false,
      procurementPolicies: policies.map(policy),
    });

  it('are those of all its procurement policies together', async () => {
    service
      .on(DescribeEntityCommand, { EntityId: policy('a') })
      .resolves(answer({ Statements: [statement('Allow', products('prod-1', 'prod-2'))] }))
      .on(DescribeEntityCommand, { EntityId: policy('b') })
      .resolves(
        answer({
          Statements: [
            statement('Allow', products('prod-2', 'prod-3')),
            statement('Deny', products('prod-4')),
          ],
        }),
      );

    expect(await read('a', 'b')).toEqual(lists(['prod-1', 'prod-2', 'prod-3'], ['prod-4']));
  });

  it('are not known when one of its policies cannot be read', async () => {
    service
      .on(DescribeEntityCommand)
      .resolves(answer({ Statements: [statement('Allow', products('prod-1'))] }))
      .on(DescribeEntityCommand, { EntityId: policy('b') })
      .rejects(
        Object.assign(new Error('no'), { name: 'AccessDeniedException', $metadata: { httpStatusCode: 403 } }),
      );

    await expect(read('a', 'b')).rejects.toThrow('no');
  });
});

describe('The products of a procurement policy', () => {
  it('are those of every statement and every resource, whatever their order', () => {
    const someStatement = fc.record({
      Effect: fc.constantFrom('Allow', 'Deny'),
      Resources: fc.array(fc.record({ Type: fc.constant('Product'), Ids: fc.array(aProduct) })),
    });
    fc.assert(
      fc.property(fc.array(someStatement), (statements) => {
        const found = productsOfPolicy(answer({ Statements: statements }), 'procpolicy-a');

        for (const [effect, list] of [
          ['Allow', found.approved],
          ['Deny', found.rejected],
        ] as const) {
          const all = statements
            .filter(({ Effect }) => Effect === effect)
            .flatMap(({ Resources }) => Resources.flatMap(({ Ids }) => Ids));
          expect([...list].sort()).toEqual([...new Set(all)].sort());
        }
      }),
    );
  });

  it('are no resources of other types', () => {
    const found = productsOfPolicy(
      answer({ Statements: [statement('Allow', { Type: 'Seller', Ids: ['seller-1'] }, products('prod-1'))] }),
      'procpolicy-a',
    );

    expect(found).toEqual(lists(['prod-1']));
  });

  it('are read from the text where the answer has no document, as the AWS CLI of some versions prints it', () => {
    const { Details } = answer({ Statements: [statement('Deny', products('prod-1'))] });

    expect(productsOfPolicy({ Details }, 'policy.json')).toEqual(lists([], ['prod-1']));
  });

  it('are none in a policy in which nothing was decided yet', () => {
    expect(productsOfPolicy(answer({}), 'procpolicy-a')).toEqual(lists([]));
    expect(productsOfPolicy(answer({ Statements: [] }), 'procpolicy-a')).toEqual(lists([]));
    expect(productsOfPolicy(answer({ Statements: [{ Effect: 'Allow' }] }), 'procpolicy-a')).toEqual(
      lists([]),
    );
  });

  it.each([
    ['no policy at all, but an experience', answer({ Status: 'Enabled' }, 'Experience@1.0'), 'no Statements'],
    ['without a document', { EntityType: 'ProcurementPolicy@1.0' }, 'without its Details'],
    ['a text that is not JSON', { Details: '{"Statements": [' }, 'not JSON'],
    ['JSON, but no object', { Details: '[]' }, 'is not an object'],
    ['null', { Details: 'null' }, 'is not an object'],
    ['statements that are no list', answer({ Statements: {} }), 'no Statements'],
    ['a statement that is no object', answer({ Statements: ['Allow'] }), 'a statement is not an object'],
    ['an unknown effect', answer({ Statements: [statement('Permit')] }), 'the effect "Permit"'],
    ['no effect', answer({ Statements: [{ Resources: [] }] }), 'the effect undefined'],
    [
      'resources that are no list',
      answer({ Statements: [{ Effect: 'Deny', Resources: 'all' }] }),
      'without resources',
    ],
    [
      'a resource that is no object',
      answer({ Statements: [statement('Deny', null)] }),
      'a resource is not an object',
    ],
    [
      'ids that are no list',
      answer({ Statements: [statement('Deny', { Type: 'Product', Ids: 'prod-1' })] }),
      'no list',
    ],
    [
      'an id that is no text',
      answer({ Statements: [statement('Deny', { Type: 'Product', Ids: [1] })] }),
      'no list',
    ],
    ['an empty id', answer({ Statements: [statement('Deny', products('prod-1', ''))] }), 'no list'],
  ])('cannot be read from one that is malformed: %s', (_, malformed, text) => {
    const read = () => productsOfPolicy(malformed, 'procpolicy-a');
    expect(read).toThrow(MalformedEntity);
    expect(read).toThrow('procpolicy-a');
    expect(read).toThrow(text);
  });
});
