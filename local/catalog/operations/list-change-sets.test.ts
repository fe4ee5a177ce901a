import { type Filter, ListChangeSetsCommand } from '@aws-sdk/client-marketplace-catalog';
import { allow, createLaboratory, DELEGATE, OWNER, start } from '../laboratory.js';

const scope = { Name: 'Scope', ValueList: ['SharedWithMe'] };

async function startThree() {
  const laboratory = createLaboratory();
  const { service, client, clock } = laboratory;
  const experiences = [1, 2, 3].map(() => service.addExperience({ owner: OWNER, sharedWith: [DELEGATE] }));
  const ids: (string | undefined)[] = [];
  for (const experience of experiences) {
    const request = start([allow(experience, ['prod-a'])], { ChangeSetName: `For ${experience}` });
    ids.push((await client.send(request)).ChangeSetId);
    clock.pass(4_000);
  }
  const list = async (FilterList: Filter[], more = {}) => {
    const answer = await client.send(
      new ListChangeSetsCommand({ Catalog: 'AWSMarketplace', FilterList, ...more }),
    );
    return { ...answer, ids: answer.ChangeSetSummaryList?.map(({ ChangeSetId }) => ChangeSetId) };
  };
  return { ...laboratory, experiences, ids, list };
}

test('it lists the latest first, with what runs and what has ended', async () => {
  const { ids, list, experiences } = await startThree();

  const { ChangeSetSummaryList } = await list([scope]);

  expect(ChangeSetSummaryList).toMatchObject([
    { ChangeSetId: ids[2], Status: 'PREPARING', EntityIdList: [experiences[2]] },
    { ChangeSetId: ids[1], Status: 'APPLYING' },
    { ChangeSetId: ids[0], Status: 'SUCCEEDED', EndTime: '2026-01-01T00:00:10Z' },
  ]);
});

test('a delegated administrator needs the scope', async () => {
  const { list } = await startThree();

  expect((await list([])).ids).toEqual([]);
});

test('filters are combined', async () => {
  const { ids, list, experiences } = await startThree();
  const named = { Name: 'ChangeSetName', ValueList: [`For ${experiences[1]}`] };

  expect((await list([scope, named])).ids).toEqual([ids[1]]);
  expect((await list([scope, named, { Name: 'Status', ValueList: ['SUCCEEDED'] }])).ids).toEqual([]);
  expect((await list([scope, { Name: 'EntityId', ValueList: [experiences[0] ?? ''] }])).ids).toEqual([
    ids[0],
  ]);
  expect((await list([scope, { Name: 'AfterStartTime', ValueList: ['2026-01-01T00:00:03Z'] }])).ids).toEqual([
    ids[2],
    ids[1],
  ]);
  expect((await list([scope, { Name: 'BeforeEndTime', ValueList: ['2026-01-02T00:00:00Z'] }])).ids).toEqual([
    ids[0],
  ]);
});

test('it gives pages of at most 20', async () => {
  const { ids, list } = await startThree();

  const first = await list([scope], { MaxResults: 2 });
  const second = await list([scope], { MaxResults: 2, NextToken: first.NextToken });

  expect([first.ids, second.ids]).toEqual([[ids[2], ids[1]], [ids[0]]]);
  await expect(list([scope], { MaxResults: 21 })).rejects.toMatchObject({ name: 'ValidationException' });
});
