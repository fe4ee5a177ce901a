import { invalid } from '../errors.js';
import { asksForShared, checkCatalog, count, filters, isoTime, optionalText, page, text } from '../fields.js';
import { arn, type Run } from './operation.js';

/** The entity types that the reference lists for this operation. */
const ENTITY_TYPES = [
  'AmiProduct',
  'ContainerProduct',
  'DataProduct',
  'SaaSProduct',
  'ProcurementPolicy',
  'Experience',
  'Audience',
  'BrandingSettings',
  'Offer',
  'OfferSet',
  'Seller',
  'ResaleAuthorization',
  'Solution',
];

/**
 * ListEntities: the experiences, or the procurement policies, that the account owns; with the filter
 * `Scope: SharedWithMe` those that are shared with it instead. Of other entity types there are none here.
 */
export const listEntities: Run = ({ marketplace, account }, input) => {
  checkCatalog(input, 'Catalog');
  const type = text(input, 'EntityType').replace(/@1\.0$/, '');
  if (!ENTITY_TYPES.includes(type)) throw invalid(`There is no entity type ${type}`);
  const found = filters(input, ['Scope', 'EntityId', 'Name']);
  const shared = asksForShared(found);
  const most = count(input, 'MaxResults', 50, 20);

  const summaries: object[] = [];
  for (const experience of marketplace.experiences.values()) {
    if (shared ? !experience.sharedWith.has(account) : experience.owner !== account) continue;
    const entities =
      type === 'Experience'
        ? [{ id: experience.id, name: experience.name, modifiedAt: experience.modifiedAt }]
        : type === 'ProcurementPolicy'
          ? experience.policies.map(({ id, modifiedAt }) => ({ id, name: id, modifiedAt }))
          : [];
    for (const { id, name, modifiedAt } of entities) {
      if (!(found.get('EntityId')?.includes(id) ?? true)) continue;
      if (!(found.get('Name')?.includes(name) ?? true)) continue;
      summaries.push({
        Name: name,
        EntityType: type,
        EntityId: id,
        EntityArn: arn(experience.owner, type, id),
        LastModifiedDate: isoTime(modifiedAt),
      });
    }
  }
  const { items, NextToken } = page(summaries, most, optionalText(input, 'NextToken'), [
    account,
    type,
    ...found,
  ]);
  return JSON.stringify({ EntitySummaryList: items, NextToken });
};
