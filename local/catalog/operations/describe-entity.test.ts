import { BatchDescribeEntitiesCommand, DescribeEntityCommand } from '@aws-sdk/client-marketplace-catalog';
import { productsOfPolicy } from '../../../shared/experience.js';
import { createLaboratory, DELEGATE, OWNER, products, STRANGER } from '../laboratory.js';

const shared = { owner: OWNER, sharedWith: [DELEGATE] };
const describeOne = (EntityId = '') => new DescribeEntityCommand({ Catalog: 'AWSMarketplace', EntityId });

test('an experience shows its status and its policies, the same twice', async () => {
  const { service, client } = createLaboratory();
  const id = service.addExperience({ ...shared, status: 'Disabled', policies: [{}, {}] });

  const answer = await client.send(describeOne(id));

  expect(answer).toMatchObject({
    EntityType: 'Experience@1.0',
    EntityIdentifier: `${id}@1`,
    EntityArn: `arn:aws:aws-marketplace:us-east-1:${OWNER}:AWSMarketplace/Experience/${id}`,
    LastModifiedDate: '2026-01-01T00:00:00Z',
    DetailsDocument: { Status: 'Disabled', ProcurementPolicies: service.policiesOf(id) },
  });
  expect(JSON.parse(answer.Details ?? '')).toEqual(answer.DetailsDocument);
});

test('an archived experience has an AdminStatus, and one without a policy no ProcurementPolicies', async () => {
  const { service, client } = createLaboratory();
  const id = service.addExperience({ ...shared, archived: true, policies: [] });

  const { DetailsDocument } = await client.send(describeOne(id));

  expect(DetailsDocument).toHaveProperty('AdminStatus');
  expect(DetailsDocument).not.toHaveProperty('ProcurementPolicies');
});

test('a policy spread over several statements and resources holds the same products', async () => {
  const { service, client } = createLaboratory();
  const [approved, rejected] = [products(70, 'prod-a'), products(25, 'prod-r')];
  const id = service.addExperience({ ...shared, approved, rejected, idsInResource: 10 });

  const answer = await client.send(describeOne(service.policiesOf(id)[0]));

  const { Statements } = answer.DetailsDocument as { Statements: { Resources: unknown[] }[] }; // as documented
  expect(Statements.length).toBeGreaterThan(2);
  expect(Statements[0]?.Resources.length).toBeGreaterThan(1);
  expect(productsOfPolicy(answer, 'the policy')).toEqual({
    approved: new Set(approved),
    rejected: new Set(rejected),
  });
});

test('an entity is found with its revision and without, and by its own accounts only', async () => {
  const { service, client, clientOf } = createLaboratory();
  const id = service.addExperience(shared);

  await expect(client.send(describeOne(`${id}@1`))).resolves.toBeDefined();
  await expect(clientOf(STRANGER).send(describeOne(id))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    $metadata: { httpStatusCode: 404 },
  });
});

test('BatchDescribeEntities gives each entity or its error', async () => {
  const { service, client } = createLaboratory();
  const id = service.addExperience(shared);
  const batch = (ids: string[]) =>
    client.send(
      new BatchDescribeEntitiesCommand({
        EntityRequestList: ids.map((EntityId) => ({ Catalog: 'AWSMarketplace', EntityId })),
      }),
    );

  const answer = await batch([id, 'exp-nowhere']);

  expect(answer.EntityDetails?.[id]).toMatchObject({ DetailsDocument: { Status: 'Enabled' } });
  expect(answer.Errors?.['exp-nowhere']).toMatchObject({ ErrorCode: 'ResourceNotFoundException' });
  await expect(batch(products(21))).rejects.toMatchObject({ name: 'ValidationException' });
});
