/**
 * The strings that name things. Each has a type of its own, so that one cannot stand where another belongs;
 * the parse functions are the only way in.
 */
type Named<Name extends string> = string & { readonly __name: Name };

/** `exp-` then letters and digits. */
export type ExperienceId = Named<'experience'>;
/** `procpolicy-` then letters and digits. */
export type ProcurementPolicyId = Named<'procurement policy'>;
/** A Marketplace product: `prod-…`, or a UUID for older ones. */
export type ProductId = Named<'product'>;
/** Twelve digits. */
export type AccountId = Named<'account'>;
/** The name of a DynamoDB table. */
export type TableName = Named<'table'>;
/** The id of a Catalog API change set. */
export type ChangeSetId = Named<'change set'>;

const EXPERIENCE_ID = /^exp-[A-Za-z0-9]+$/;

/** Whether a text is an experience id: `exp-` then letters and digits. */
export function isExperienceId(text: string): text is ExperienceId {
  return EXPERIENCE_ID.test(text);
}

/** Takes a product id as the Marketplace gave it: the forms in use are not documented, so none is refused. */
export const productId = (text: string): ProductId => text as ProductId;
/** Takes an account id that AWS itself answered with. */
export const accountId = (text: string): AccountId => text as AccountId;
/** Takes a procurement policy id as the Marketplace gave it. */
export const procurementPolicyId = (text: string): ProcurementPolicyId => text as ProcurementPolicyId;
/** Takes a change set id as the Marketplace gave it. */
export const changeSetId = (text: string): ChangeSetId => text as ChangeSetId;
