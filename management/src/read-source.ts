import { type Catalog, errorName, errorText } from '../../shared/catalog.js';
import { type Experience, readExperience, readProductLists } from '../../shared/experience.js';
import type { ExperienceId } from '../../shared/identifiers.js';
import type { ProductLists } from '../../shared/product-lists.js';

/** The management experience cannot be read, or there is nothing in it to read. */
export class UnreadableExperience extends Error {
  override readonly name = 'UnreadableExperience';
}

/** The management experience with the products of all its procurement policies. */
export interface Source {
  readonly experience: Experience;
  readonly products: ProductLists;
}

/**
 * Reads the management experience.
 *
 * @throws UnreadableExperience naming the experience and what to do, whatever went wrong.
 */
export async function readSource(catalog: Catalog, id: ExperienceId): Promise<Source> {
  try {
    const experience = await readExperience(catalog, id);
    if (experience.procurementPolicies.length === 0) {
      throw unreadable(
        id,
        'has no procurement policy, so it says nothing about any product',
        'Create its procurement policy in AWS Private Marketplace, or deploy the management stack for another experience.',
      );
    }
    return { experience, products: await readProductLists(catalog, experience) };
  } catch (error) {
    if (error instanceof UnreadableExperience) throw error;
    throw unreadable(id, `could not be read (${errorText(error)})`, remedy(error), error);
  }
}

function remedy(error: unknown): string {
  switch (errorName(error)) {
    case 'ResourceNotFoundException':
      return 'Check that MANAGEMENT_EXPERIENCE_ID, the parameter ManagementExperienceId, names an experience of this organization, and that this account administers Private Marketplace for it.';
    case 'AccessDeniedException':
      return "Check that the function's role allows aws-marketplace:DescribeEntity, and that this account is a delegated administrator of AWS Private Marketplace.";
    case 'ValidationException':
    case 'MalformedEntity':
      return 'Check that MANAGEMENT_EXPERIENCE_ID, the parameter ManagementExperienceId, names a Private Marketplace experience.';
    default:
      return 'The next run tries again. If that fails too, look at the state of AWS Marketplace in us-east-1.';
  }
}

function unreadable(id: ExperienceId, what: string, remedy: string, cause?: unknown): UnreadableExperience {
  return new UnreadableExperience(
    `The management experience ${id} ${what}. The tables stay as they are and nobody is notified. ${remedy}`,
    { cause },
  );
}
