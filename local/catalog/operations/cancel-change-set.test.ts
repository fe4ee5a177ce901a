import { CancelChangeSetCommand } from '@aws-sdk/client-marketplace-catalog';
import { allow, createLaboratory, DELEGATE, OWNER, start } from '../laboratory.js';

test('a change set can be cancelled while it is PREPARING, which frees its experience, and not later', async () => {
  const { service, client, clock } = createLaboratory();
  const experience = service.addExperience({ owner: OWNER, sharedWith: [DELEGATE] });
  const first = await client.send(start([allow(experience, ['prod-a'])]));
  const cancel = (ChangeSetId: string | undefined) =>
    client.send(new CancelChangeSetCommand({ Catalog: 'AWSMarketplace', ChangeSetId }));

  await cancel(first.ChangeSetId);
  const second = await client.send(start([allow(experience, ['prod-b'])]));
  clock.pass(5_000);

  await expect(cancel(second.ChangeSetId)).rejects.toMatchObject({
    name: 'ResourceInUseException',
    message: /APPLYING/,
  });
  clock.pass(60_000);
  expect(service.products(experience).approved).toEqual(new Set(['prod-b']));
});
