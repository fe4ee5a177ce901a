import type { DescribeEntityResponse } from '@aws-sdk/client-marketplace-catalog';
import type { Catalog } from './catalog.js';
import {
  type ExperienceId,
  type ProcurementPolicyId,
  type ProductId,
  procurementPolicyId,
  productId,
} from './identifiers.js';
import type { ProductLists } from './product-lists.js';

/** The Marketplace's answer does not have the form that its documentation gives. */
export class MalformedEntity extends Error {
  override readonly name = 'MalformedEntity';
}

/** An experience as DescribeEntity shows it. */
export interface Experience {
  readonly id: ExperienceId;
  readonly enabled: boolean;
  readonly archived: boolean;
  readonly procurementPolicies: readonly ProcurementPolicyId[];
}

/** The priorities of DescribeEntity requests: what lets a change set start sooner goes first. */
const READ_POLICY = 0;
const READ_EXPERIENCE = 1;

/**
 * Reads an experience.
 *
 * @throws MalformedEntity when the entity is not an experience, and whatever {@link Catalog} throws.
 */
export async function readExperience(catalog: Catalog, id: ExperienceId): Promise<Experience> {
  const details = document(await catalog.describeEntity(id, READ_EXPERIENCE), id);
  const policies = details.ProcurementPolicies ?? [];
  if (!Array.isArray(policies) || !policies.every((policy) => typeof policy === 'string')) {
    throw new MalformedEntity(`${id} is not an experience: its ProcurementPolicies are no list of ids.`);
  }
  return {
    id,
    enabled: details.Status === 'Enabled',
    archived: Boolean(details.AdminStatus),
    procurementPolicies: policies.filter(Boolean).map(procurementPolicyId),
  };
}

/**
 * Reads the products of all procurement policies of an experience.
 *
 * @throws MalformedEntity when an entity is not a procurement policy, and whatever {@link Catalog} throws.
 */
export async function readProductLists(catalog: Catalog, experience: Experience): Promise<ProductLists> {
  const policies = await Promise.all(
    experience.procurementPolicies.map(async (id) =>
      productsOfPolicy(await catalog.describeEntity(id, READ_POLICY), id),
    ),
  );
  return {
    approved: new Set(policies.flatMap(({ approved }) => [...approved])),
    rejected: new Set(policies.flatMap(({ rejected }) => [...rejected])),
  };
}

/**
 * The products in a procurement policy: of every statement and every resource of the type `Product`.
 *
 * @param answer what DescribeEntity answered, from the API or from a file that the AWS CLI wrote.
 * @param name how a message calls the entity.
 * @throws MalformedEntity when it is anything but a procurement policy.
 */
export function productsOfPolicy(
  answer: Pick<DescribeEntityResponse, 'EntityType' | 'Details' | 'DetailsDocument'>,
  name: string,
): ProductLists {
  const { Statements } = document(answer, name);
  const isPolicy = answer.EntityType?.startsWith('ProcurementPolicy') ?? false;
  if (Statements === undefined && isPolicy) return { approved: new Set(), rejected: new Set() };
  if (!Array.isArray(Statements)) {
    throw new MalformedEntity(`${name} is not a procurement policy: it has no Statements.`);
  }
  const approved = new Set<ProductId>();
  const rejected = new Set<ProductId>();
  for (const statement of Statements as unknown[]) {
    const { Effect, Resources = [] } = object(statement, name, 'a statement');
    if (Effect !== 'Allow' && Effect !== 'Deny') {
      throw new MalformedEntity(`${name} has a statement with the effect ${JSON.stringify(Effect)}.`);
    }
    if (!Array.isArray(Resources)) throw new MalformedEntity(`${name} has a statement without resources.`);
    for (const resource of Resources as unknown[]) {
      const { Type, Ids = [] } = object(resource, name, 'a resource');
      if (Type !== 'Product') continue;
      if (!Array.isArray(Ids) || !Ids.every((id) => typeof id === 'string' && id !== '')) {
        throw new MalformedEntity(`${name} has a resource whose Ids are no list of product ids.`);
      }
      for (const id of Ids) (Effect === 'Allow' ? approved : rejected).add(productId(id));
    }
  }
  return { approved, rejected };
}

/** The entity's document, which an answer carries twice: as an object and as a text. */
function document(
  answer: Pick<DescribeEntityResponse, 'Details' | 'DetailsDocument'>,
  name: string,
): Record<string, unknown> {
  if (answer.DetailsDocument != null) return object(answer.DetailsDocument, name, 'its document');
  if (!answer.Details) throw new MalformedEntity(`${name} came without its Details.`);
  try {
    return object(JSON.parse(answer.Details), name, 'its document');
  } catch (error) {
    if (error instanceof SyntaxError) throw new MalformedEntity(`${name} has Details that are not JSON.`);
    throw error;
  }
}

function object(value: unknown, name: string, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MalformedEntity(`${name}: ${what} is not an object.`);
  }
  return value as Record<string, unknown>; // its fields stay unknown until each is checked
}
