import type { Random } from '../../random.js';
import { accessDenied, notFound } from '../errors.js';
import type { ChangeSetFault } from '../faults.js';
import { type Fields, withoutRevision } from '../fields.js';
import {
  type ChangeSet,
  type Experience,
  experienceDocument,
  type Marketplace,
  type Policy,
  policyDocument,
} from '../marketplace.js';
import type { CatalogSettings, Operation } from '../settings.js';

/** What an operation works with. */
export interface OperationContext {
  readonly marketplace: Marketplace;
  readonly settings: CatalogSettings;
  readonly random: Random;
  /** Who asks. */
  readonly account: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Asks the fault plan what goes wrong with the change set that is about to start. */
  readonly changeSetFault: () => ChangeSetFault | undefined;
  /** The change set of each token that was used, by account and token. */
  readonly tokens: Map<string, { readonly request: string; readonly changeSet: string }>;
}

/**
 * One operation of the API.
 *
 * @param input the fields of the request: of the body, or of the query where the operation has no body.
 * @returns the answer's body, as JSON. @throws CatalogError for anything but a success.
 */
export type Run = (context: OperationContext, input: Fields) => string;

/** An ARN; an entity belongs to its owner, whoever asks. */
export function arn(account: string, type: string, id: string): string {
  return `arn:aws:aws-marketplace:us-east-1:${account}:AWSMarketplace/${type}/${id}`;
}

export function mayUse(experience: Experience, account: string): boolean {
  return experience.owner === account || experience.sharedWith.has(account);
}

/** An experience that the account may use for this operation. @throws CatalogError */
export function experienceFor(
  { marketplace, account }: OperationContext,
  identifier: string,
  operation: Operation,
): Experience {
  const id = withoutRevision(identifier);
  const experience = marketplace.experiences.get(id);
  if (!experience || !mayUse(experience, account)) throw notFound(`Entity ${id} was not found.`);
  if (experience.denied.has(operation)) throw deniedFor(account, operation, experience);
  return experience;
}

/** A change set that the account started, or that is on experiences it may use. @throws CatalogError */
export function changeSetFor({ marketplace, account }: OperationContext, id: string): ChangeSet {
  const changeSet = marketplace.changeSets.get(id);
  const visible =
    changeSet?.account === account ||
    changeSet?.experiences.some((experience) => mayUse(experience, account));
  if (!changeSet || !visible) throw notFound(`Change set ${id} was not found.`);
  return changeSet;
}

export function deniedFor(account: string, operation: Operation, experience: Experience) {
  return accessDenied(
    `User: arn:aws:iam::${account}:root is not authorized to perform: aws-marketplace:${operation} on resource: ${arn(experience.owner, 'Experience', experience.id)}`,
  );
}

/** What an experience or a policy looks like from outside. */
export interface EntityView {
  readonly type: string;
  readonly arn: string;
  readonly identifier: string;
  readonly modifiedAt: number;
  /** The document, as JSON. */
  readonly json: string;
}

/** An experience or one of its policies, whichever has this id. @throws CatalogError */
export function entityFor(context: OperationContext, identifier: string, operation: Operation): EntityView {
  const id = withoutRevision(identifier);
  const policy = context.marketplace.policies.get(id);
  return policy
    ? policyView(policy, experienceFor(context, policy.experience.id, operation))
    : experienceView(experienceFor(context, id, operation));
}

function policyView(policy: Policy, { owner }: Experience): EntityView {
  return {
    type: 'ProcurementPolicy@1.0',
    arn: arn(owner, 'ProcurementPolicy', policy.id),
    identifier: `${policy.id}@${policy.revision}`,
    modifiedAt: policy.modifiedAt,
    json: policyDocument(policy),
  };
}

function experienceView(experience: Experience): EntityView {
  return {
    type: 'Experience@1.0',
    arn: arn(experience.owner, 'Experience', experience.id),
    identifier: `${experience.id}@${experience.revision}`,
    modifiedAt: experience.modifiedAt,
    json: experienceDocument(experience),
  };
}
