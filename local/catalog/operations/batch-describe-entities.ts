import { CatalogError, invalid } from '../errors.js';
import { checkCatalog, fields, isoTime, list, text } from '../fields.js';
import { entityFor, type Run } from './operation.js';

/** BatchDescribeEntities: 1 to 20 entities, each with its details or its error. */
export const batchDescribeEntities: Run = (context, input) => {
  const requests = list(input, 'EntityRequestList');
  if (requests.length < 1 || requests.length > 20) {
    throw invalid('EntityRequestList must have 1 to 20 members');
  }
  const details: Record<string, unknown> = {};
  const errors: Record<string, unknown> = {};
  for (const item of requests) {
    const request = fields(item, 'A member of EntityRequestList');
    checkCatalog(request, 'Catalog');
    const id = text(request, 'EntityId');
    try {
      const entity = entityFor(context, id, 'BatchDescribeEntities');
      details[id] = {
        EntityType: entity.type,
        EntityArn: entity.arn,
        EntityIdentifier: entity.identifier,
        LastModifiedDate: isoTime(entity.modifiedAt),
        DetailsDocument: JSON.parse(entity.json),
      };
    } catch (error) {
      if (!(error instanceof CatalogError)) throw error;
      errors[id] = { ErrorCode: error.name, ErrorMessage: error.message };
    }
  }
  return JSON.stringify({ EntityDetails: details, Errors: errors });
};
