import { checkCatalog, isoTime, text } from '../fields.js';
import { entityFor, type Run } from './operation.js';

/** DescribeEntity: an experience or a procurement policy. The document is in the answer twice. */
export const describeEntity: Run = (context, input) => {
  checkCatalog(input, 'catalog');
  const entity = entityFor(context, text(input, 'entityId'), 'DescribeEntity');
  const head = JSON.stringify({
    EntityType: entity.type,
    EntityIdentifier: entity.identifier,
    EntityArn: entity.arn,
    LastModifiedDate: isoTime(entity.modifiedAt),
    Details: entity.json,
  });
  // The document is JSON already, and can be megabytes: it is put in as it is.
  return `${head.slice(0, -1)},"DetailsDocument":${entity.json}}`;
};
