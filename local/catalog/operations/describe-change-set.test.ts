import { DescribeChangeSetCommand } from '@aws-sdk/client-marketplace-catalog';
import { allow, createLaboratory, DELEGATE, deny, OWNER, STRANGER, start } from '../laboratory.js';
import type { CatalogSettings } from '../settings.js';

const shared = { owner: OWNER, sharedWith: [DELEGATE] };

/** A change set of an experience that approves prod-old, and a way to look at it. */
async function startOne(settings: Partial<CatalogSettings> = {}, experience: object = {}) {
  const laboratory = createLaboratory(settings);
  const { service, client, clock } = laboratory;
  const id = service.addExperience({ ...shared, approved: ['prod-old'], ...experience });
  const { ChangeSetId } = await client.send(
    start([allow(id, ['prod-new']), deny(id, ['prod-old'])], { ChangeSetName: 'A synchronization' }),
  );
  const look = (by = client) =>
    by.send(new DescribeChangeSetCommand({ Catalog: 'AWSMarketplace', ChangeSetId }));
  return { ...laboratory, id, look, clock };
}

test('a change set is PREPARING, then APPLYING, then SUCCEEDED, and takes effect at its end', async () => {
  const { clock, look, service, id } = await startOne();

  expect(await look()).toMatchObject({ Status: 'PREPARING', ChangeSetName: 'A synchronization' });
  clock.pass(5_000);
  const applying = await look();
  expect(applying.Status).toBe('APPLYING');
  expect(applying).not.toHaveProperty('EndTime');
  clock.pass(4_999);
  expect(service.products(id)).toEqual({ approved: new Set(['prod-old']), rejected: new Set() });
  clock.pass(1);
  expect(await look()).toMatchObject({
    Status: 'SUCCEEDED',
    StartTime: '2026-01-01T00:00:00Z',
    EndTime: '2026-01-01T00:00:10Z',
  });
  expect(service.products(id)).toEqual({ approved: new Set(['prod-new']), rejected: new Set(['prod-old']) });
});

test('its changes are shown as they were sent, both as a text and as a document', async () => {
  const { look, id } = await startOne();

  const { ChangeSet } = await look();

  expect(ChangeSet?.[0]).toMatchObject({
    ChangeType: 'AllowProductProcurement',
    Entity: { Type: 'Experience@1.0', Identifier: id },
    Details: '{"Products":[{"Ids":["prod-new"]}]}',
    DetailsDocument: { Products: [{ Ids: ['prod-new'] }] },
    ErrorDetailList: [],
  });
});

test('it fails with ENTITY_NOT_FOUND on an experience without a procurement policy', async () => {
  const { clock, look } = await startOne({}, { policies: [] });
  clock.pass(10_000);

  expect(await look()).toMatchObject({
    Status: 'FAILED',
    FailureCode: 'CLIENT_ERROR',
    ChangeSet: [
      { ErrorDetailList: [{ ErrorCode: 'ENTITY_NOT_FOUND' }] },
      { ErrorDetailList: [{ ErrorCode: 'ENTITY_NOT_FOUND' }] },
    ],
  });
});

test.each([
  ['later-named', /prod-new/],
  ['later-unnamed', /^[^-]*$/],
] as const)('one product that is refused %s fails all of it, at its change', async (how, message) => {
  const { clock, look, service, id } = await startOne({ refused: new Map([['prod-new', { how }]]) });
  clock.pass(10_000);

  const { Status, FailureCode, ChangeSet } = await look();

  expect([Status, FailureCode]).toEqual(['FAILED', 'CLIENT_ERROR']);
  expect(ChangeSet?.[0]?.ErrorDetailList).toEqual([
    { ErrorCode: 'INVALID_PRODUCT', ErrorMessage: expect.stringMatching(message) },
  ]);
  expect(ChangeSet?.[1]?.ErrorDetailList).toEqual([]);
  expect(service.products(id)).toEqual({ approved: new Set(['prod-old']), rejected: new Set() });
});

test('allowing and denying together may fail later', async () => {
  const { clock, look } = await startOne({ mixed: 'fail-later' });
  clock.pass(10_000);

  expect(await look()).toMatchObject({ Status: 'FAILED', FailureCode: 'CLIENT_ERROR' });
});

test('it fails when the experience is archived while it runs', async () => {
  const { clock, look, service, id } = await startOne();
  clock.pass(5_000);
  service.archive(id);
  clock.pass(5_000);

  expect(await look()).toMatchObject({ Status: 'FAILED', FailureCode: 'CLIENT_ERROR' });
  expect(service.products(id).approved).toEqual(new Set(['prod-old']));
});

test('a fault of the service fails it with SERVER_FAULT and no error of a change', async () => {
  const { clock, look } = await startOne({ faults: { changeSet: () => 'server fault' } });
  clock.pass(10_000);

  expect(await look()).toMatchObject({
    Status: 'FAILED',
    FailureCode: 'SERVER_FAULT',
    FailureDescription: expect.any(String),
    ChangeSet: [{ ErrorDetailList: [] }, { ErrorDetailList: [] }],
  });
});

test('an administrator may cancel it while it is PREPARING', async () => {
  const { clock, look, service, id } = await startOne({ faults: { changeSet: () => 'cancelled' } });
  clock.pass(5_000);

  const cancelled = await look();
  expect(cancelled.Status).toBe('CANCELLED');
  expect(cancelled).not.toHaveProperty('FailureCode');
  expect(service.products(id).approved).toEqual(new Set(['prod-old']));
});

test('only accounts that may use its experiences see it', async () => {
  const { look, clientOf } = await startOne();

  await expect(look(clientOf(OWNER))).resolves.toBeDefined();
  await expect(look(clientOf(STRANGER))).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});
