/** An error as the Catalog API answers it: the exception's name and its documented HTTP status. */
export class CatalogError extends Error {
  override readonly name: string;
  readonly status: number;

  constructor(name: string, status: number, message: string) {
    super(message);
    this.name = name;
    this.status = status;
  }
}

export const accessDenied = (message: string) => new CatalogError('AccessDeniedException', 403, message);
export const internalFault = () =>
  new CatalogError('InternalServiceException', 500, 'There was an internal service exception.');
export const resourceInUse = (message: string) => new CatalogError('ResourceInUseException', 423, message);
export const notFound = (message: string) => new CatalogError('ResourceNotFoundException', 404, message);
export const openRequestsExceeded = () =>
  new CatalogError(
    'ServiceQuotaExceededException',
    402,
    'The maximum number of open requests per account has been exceeded.',
  );
export const throttled = () => new CatalogError('ThrottlingException', 429, 'Too many requests.');
export const invalid = (message: string) => new CatalogError('ValidationException', 422, message);

/** The refusal of an experience that a running change set holds, in the service's words. */
export const locked = (experience: string, changeSet: string) =>
  resourceInUse(
    `Requested change set has entities locked by change sets - entity: '${experience}'  change sets: ${changeSet}`,
  );
