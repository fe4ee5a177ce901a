import { allow, createLaboratory, DELEGATE, deny, OWNER, products, STRANGER, start } from '../laboratory.js';

const shared = { owner: OWNER, sharedWith: [DELEGATE] };

describe('what StartChangeSet refuses at once', () => {
  const { service, client } = createLaboratory();
  const experience = service.addExperience(shared);

  test.each([
    ['more than 50 ids in a change', [allow(experience, products(51))]],
    ['an id twice in a change', [allow(experience, ['prod-a', 'prod-a'])]],
    ['no id in a change', [allow(experience, [])]],
    ['no change', []],
    ['more than 20 changes', products(21, 'exp-').map((id) => allow(id, ['prod-a']))],
    ['a change type twice on one entity', [allow(experience, ['prod-a']), allow(experience, ['prod-b'])]],
    ['a change type that it does not know', [{ ...allow(experience, ['prod-a']), ChangeType: 'AddRegions' }]],
    [
      'another entity type',
      [{ ...allow(experience, ['prod-a']), Entity: { Type: 'Offer@1.0', Identifier: experience } }],
    ],
    ['details that are not JSON', [{ ...allow(experience, []), DetailsDocument: undefined, Details: '{' }]],
  ])('%s', async (_, changes) => {
    const refusal = client.send(start(changes));

    await expect(refusal).rejects.toMatchObject({
      name: 'ValidationException',
      $metadata: { httpStatusCode: 422 },
    });
  });

  test('the limit of 50 counts all Ids lists of a change together', async () => {
    const ids = products(51);
    const split = {
      ...allow(experience, []),
      DetailsDocument: { Products: [{ Ids: ids.slice(0, 30) }, { Ids: ids.slice(30), Notes: 'more' }] },
    };

    await expect(client.send(start([split]))).rejects.toThrow('less than or equal to 50');
  });

  test.each([
    ['a name with other characters', { ChangeSetName: 'naïve' }],
    ['a name of more than 100 characters', { ChangeSetName: 'x'.repeat(101) }],
    ['an idempotency token with a space', { ClientRequestToken: 'a b' }],
    ['another catalog', { Catalog: 'AWSMarketplaceChina' }],
  ])('%s', async (_, more) => {
    const refusal = client.send(start([allow(experience, ['prod-a'])], more));

    await expect(refusal).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('an experience of another organization is not found', async () => {
    const { service, clientOf } = createLaboratory();
    const experience = service.addExperience(shared);

    const refusal = clientOf(STRANGER).send(start([allow(experience, ['prod-a'])]));

    await expect(refusal).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      $metadata: { httpStatusCode: 404 },
    });
  });

  test('an experience to which access is denied', async () => {
    const { service, client } = createLaboratory();
    const experience = service.addExperience({ ...shared, denied: ['StartChangeSet'] });

    const refusal = client.send(start([allow(experience, ['prod-a'])]));

    await expect(refusal).rejects.toMatchObject({
      name: 'AccessDeniedException',
      $metadata: { httpStatusCode: 403 },
      message: expect.stringContaining(experience),
    });
  });
});

describe('locks', () => {
  test('an experience with a running change set is locked, and the refusal names the change set', async () => {
    const { service, client } = createLaboratory();
    const experience = service.addExperience(shared);
    const { ChangeSetId } = await client.send(start([allow(experience, ['prod-a'])]));

    const refusal = client.send(start([allow(experience, ['prod-b'])]));

    await expect(refusal).rejects.toMatchObject({
      name: 'ResourceInUseException',
      $metadata: { httpStatusCode: 423 },
      message: expect.stringMatching(new RegExp(`'${experience}'.*${ChangeSetId}`)),
    });
    expect(service.lockedBy(experience)).toBe(ChangeSetId);
  });

  test('experiences do not lock each other, and a lock goes with its change set', async () => {
    const { service, client, clock } = createLaboratory();
    const [one, other] = [service.addExperience(shared), service.addExperience(shared)];

    await client.send(start([allow(one, ['prod-a'])]));
    await client.send(start([allow(other, ['prod-a'])]));
    clock.pass(10_000);

    await expect(client.send(start([allow(one, ['prod-b'])]))).resolves.toHaveProperty('ChangeSetId');
  });

  test("an administrator's own change set locks an experience as well", async () => {
    const { service, client, clock } = createLaboratory();
    const experience = service.addExperience(shared);
    const byHand = service.lock(experience, 5_000);

    await expect(client.send(start([allow(experience, ['prod-a'])]))).rejects.toThrow(byHand);
    clock.pass(5_000);
    await expect(client.send(start([allow(experience, ['prod-a'])]))).resolves.toBeDefined();
  });

  test('an account may have only so many change sets running', async () => {
    const { service, client, clock } = createLaboratory({ openChangeSets: 1 });
    const [one, other] = [service.addExperience(shared), service.addExperience(shared)];
    await client.send(start([allow(one, ['prod-a'])]));

    await expect(client.send(start([allow(other, ['prod-a'])]))).rejects.toMatchObject({
      name: 'ServiceQuotaExceededException',
      $metadata: { httpStatusCode: 402 },
    });
    clock.pass(10_000);
    await expect(client.send(start([allow(other, ['prod-a'])]))).resolves.toBeDefined();
  });
});

describe('idempotency tokens', () => {
  test('the same token gives the same change set, as long as it runs and after it has failed', async () => {
    const { service, client, clock } = createLaboratory();
    const experience = service.addExperience({ ...shared, policies: [] });
    const request = () => client.send(start([allow(experience, ['prod-a'])], { ClientRequestToken: 'once' }));

    const first = await request();
    const whileItRuns = await request();
    clock.pass(10_000);
    const afterwards = await request();

    expect([whileItRuns.ChangeSetId, afterwards.ChangeSetId]).toEqual([first.ChangeSetId, first.ChangeSetId]);
    expect(service.lockedBy(experience)).toBeUndefined();
  });

  test('a token is refused with a different request, and free again for another account', async () => {
    const { service, client, clientOf } = createLaboratory();
    const [one, other] = [service.addExperience(shared), service.addExperience(shared)];
    const token = { ClientRequestToken: 'once' };
    await client.send(start([allow(one, ['prod-a'])], token));

    await expect(client.send(start([allow(one, ['prod-b'])], token))).rejects.toThrow('ClientRequestToken');
    await expect(clientOf(OWNER).send(start([allow(other, ['prod-b'])], token))).resolves.toBeDefined();
  });

  test('a request that was refused leaves its token free', async () => {
    const { service, client, clock } = createLaboratory();
    const experience = service.addExperience(shared);
    service.lock(experience, 5_000);
    const request = () => client.send(start([allow(experience, ['prod-a'])], { ClientRequestToken: 'once' }));

    await expect(request()).rejects.toThrow('locked');
    clock.pass(5_000);

    await expect(request()).resolves.toBeDefined();
  });
});

describe('a change set that allows and denies', () => {
  const both = (experience: string) => [allow(experience, ['prod-a']), deny(experience, ['prod-b'])];

  test('is accepted, by default', async () => {
    const { service, client, clock } = createLaboratory();
    const experience = service.addExperience({ ...shared, approved: ['prod-b'] });

    await client.send(start(both(experience)));
    clock.pass(10_000);

    expect(service.products(experience)).toEqual({
      approved: new Set(['prod-a']),
      rejected: new Set(['prod-b']),
    });
  });

  test('is refused at once, where that is set', async () => {
    const { service, client } = createLaboratory({ mixed: 'refuse-at-once' });
    const experience = service.addExperience(shared);

    await expect(client.send(start(both(experience)))).rejects.toThrow('same change set');
  });

  test('may count its ids together', async () => {
    const { service, client } = createLaboratory({ fiftyCountFor: 'each experience' });
    const experience = service.addExperience(shared);
    const [first, second] = [products(30, 'prod-a'), products(30, 'prod-b')];

    await expect(client.send(start([allow(experience, first), deny(experience, second)]))).rejects.toThrow(
      'less than or equal to 50',
    );
    await expect(client.send(start([allow(experience, first)]))).resolves.toBeDefined();
  });
});

test('a refused product may be named at once, or not, and only for one kind of change', async () => {
  const { service, client } = createLaboratory({
    refused: new Map([
      ['prod-named', { how: 'at-once-named', change: 'approve' }],
      ['prod-unnamed', { how: 'at-once-unnamed' }],
    ]),
  });
  const experience = service.addExperience(shared);

  const named = client.send(start([allow(experience, ['prod-fine', 'prod-named'])]));
  await expect(named).rejects.toMatchObject({ name: 'ValidationException', message: /prod-named/ });
  const unnamed = client.send(start([deny(experience, ['prod-fine', 'prod-unnamed'])]));
  await expect(unnamed).rejects.toMatchObject({
    name: 'ValidationException',
    message: expect.not.stringContaining('prod-'),
  });
  await expect(client.send(start([deny(experience, ['prod-named'])]))).resolves.toBeDefined();
});

test('an archived experience may be refused at once', async () => {
  const { service, client } = createLaboratory({ archived: 'refuse-at-once' });
  const experience = service.addExperience({ ...shared, archived: true });

  await expect(client.send(start([allow(experience, ['prod-a'])]))).rejects.toThrow('archived');
});
