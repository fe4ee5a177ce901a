import {
  ListEntitiesCommand,
  type ListEntitiesCommandInput,
  type ListEntitiesCommandOutput,
} from '@aws-sdk/client-marketplace-catalog';
import { createLaboratory, DELEGATE, OWNER } from '../laboratory.js';

const sharedWithMe = { FilterList: [{ Name: 'Scope', ValueList: ['SharedWithMe'] }] };
const list = (more: Partial<ListEntitiesCommandInput> = {}) =>
  new ListEntitiesCommand({ Catalog: 'AWSMarketplace', EntityType: 'Experience', ...more });

function createOrganization(experiences: number) {
  const laboratory = createLaboratory();
  const ids = Array.from({ length: experiences }, () =>
    laboratory.service.addExperience({ owner: OWNER, sharedWith: [DELEGATE] }),
  );
  return { ...laboratory, ids };
}

test('a delegated administrator sees shared experiences only with the scope, the owner only without it', async () => {
  const { client, clientOf, service, ids } = createOrganization(2);
  const own = service.addExperience({ owner: DELEGATE });
  const idsOf = async (by: typeof client, more = {}) =>
    (await by.send(list(more))).EntitySummaryList?.map(({ EntityId }) => EntityId);

  expect(await idsOf(client, sharedWithMe)).toEqual(ids);
  expect(await idsOf(client)).toEqual([own]);
  expect(await idsOf(clientOf(OWNER))).toEqual(ids);
  expect(await idsOf(clientOf(OWNER), sharedWithMe)).toEqual([]);
});

test('pages follow each other by their tokens, of 20 by default', async () => {
  const { client, ids } = createOrganization(45);
  const pages: string[][] = [];
  let NextToken: string | undefined;
  do {
    const page: ListEntitiesCommandOutput = await client.send(
      list({ ...sharedWithMe, ...(NextToken && { NextToken }) }),
    );
    pages.push((page.EntitySummaryList ?? []).map(({ EntityId }) => EntityId ?? ''));
    NextToken = page.NextToken;
  } while (NextToken);

  expect(pages.map(({ length }) => length)).toEqual([20, 20, 5]);
  expect(pages.flat()).toEqual(ids);
});

test.each([
  ['a page of more than 50', { MaxResults: 51 }],
  ['a page of none', { MaxResults: 0 }],
  ['a token that it never gave', { NextToken: 'abc' }],
  ['a filter that it does not know', { FilterList: [{ Name: 'Colour', ValueList: ['red'] }] }],
  ['a filter without values', { FilterList: [{ Name: 'Scope', ValueList: [] }] }],
  ['another scope', { FilterList: [{ Name: 'Scope', ValueList: ['Everything'] }] }],
  ['an entity type that does not exist', { EntityType: 'Expedition' }],
])('it refuses %s', async (_, more) => {
  const { client } = createOrganization(1);

  await expect(client.send(list(more))).rejects.toMatchObject({ name: 'ValidationException' });
});

test('it refuses a token with another question than the one it was given for', async () => {
  const { client } = createOrganization(3);
  const { NextToken } = await client.send(list({ ...sharedWithMe, MaxResults: 1 }));

  await expect(client.send(list({ NextToken }))).rejects.toMatchObject({ name: 'ValidationException' });
});
