import { invalid, openRequestsExceeded } from '../errors.js';
import { checkCatalog, type Fields, fields, list, optionalText, text } from '../fields.js';
import {
  type AcceptedChange,
  changeOf,
  EXPERIENCE_TYPE,
  isMixed,
  refusalText,
  refusedProducts,
} from '../marketplace.js';
import { arn, experienceFor, type OperationContext, type Run } from './operation.js';

/** The API reference, StartChangeSet: how many changes a change set has at the most. */
const CHANGES_IN_CHANGE_SET = 20;
/** The API reference, "Work with the private marketplace": how many ids a change has at the most. */
const IDS_IN_CHANGE = 50;
const CHANGE_SET_NAME = /^[\w\s+=.:@-]{1,100}$/;
const TOKEN = /^[!-~]{1,64}$/;

/** A change before it is known whether its experience is there. */
interface ParsedChange {
  readonly type: AcceptedChange['type'];
  readonly name: string | undefined;
  readonly entity: string;
  readonly details: string;
  readonly products: readonly string[];
}

/** StartChangeSet, with the two change types that approve and deny products of an experience. */
export const startChangeSet: Run = (context, input) => {
  checkCatalog(input, 'Catalog');
  const name = optionalText(input, 'ChangeSetName');
  if (name !== undefined && !CHANGE_SET_NAME.test(name)) {
    throw invalid('ChangeSetName must be 1 to 100 letters, digits, spaces and _+=.:@-');
  }
  const parsed = parseChanges(input);

  const token = optionalText(input, 'ClientRequestToken');
  if (token !== undefined && !TOKEN.test(token)) {
    throw invalid('ClientRequestToken must be 1 to 64 visible ASCII characters');
  }
  const key = `${context.account} ${token}`;
  const request = JSON.stringify([name, parsed]);
  const earlier = token === undefined ? undefined : context.tokens.get(key);
  if (earlier) {
    if (earlier.request !== request) {
      throw invalid('ClientRequestToken was used before with a different request');
    }
    return answer(context, earlier.changeSet);
  }

  const changes = accept(context, parsed);
  // Whose experience is locked is told it before how many change sets run: either may be the case at a time.
  const started = startUnlessTooMany(context, name, changes);
  if (token !== undefined) context.tokens.set(key, { request, changeSet: started });
  return answer(context, started);
};

function parseChanges(input: Fields): ParsedChange[] {
  const items = list(input, 'ChangeSet');
  if (items.length < 1 || items.length > CHANGES_IN_CHANGE_SET) {
    throw invalid(`ChangeSet must have 1 to ${CHANGES_IN_CHANGE_SET} members`);
  }
  const seen = new Set<string>();
  return items.map((item) => {
    const change = fields(item, 'A change');
    const type = text(change, 'ChangeType');
    if (type !== 'AllowProductProcurement' && type !== 'DenyProductProcurement') {
      throw invalid(`This catalog has no change type ${type}`);
    }
    const entity = fields(change.Entity, 'Entity');
    if (text(entity, 'Type') !== EXPERIENCE_TYPE) {
      throw invalid(`${type} is for the entity type ${EXPERIENCE_TYPE} only`);
    }
    const identifier = text(entity, 'Identifier');
    const key = `${type} ${identifier}`;
    if (seen.has(key)) {
      throw invalid(`The change type ${type} cannot be run more than once on the entity ${identifier}`);
    }
    seen.add(key);
    const details = parseDetails(change);
    return {
      type,
      name: optionalText(change, 'ChangeName'),
      entity: identifier,
      details: JSON.stringify(details),
      products: parseProducts(details),
    };
  });
}

/** The details of a change: a document, or the same as a text. */
function parseDetails(change: Fields): Fields {
  const asText = optionalText(change, 'Details');
  const document = change.DetailsDocument;
  if ((asText === undefined) === (document === undefined)) {
    throw invalid('A change must have either Details or DetailsDocument');
  }
  if (asText === undefined) return fields(document, 'DetailsDocument');
  try {
    return fields(JSON.parse(asText), 'Details');
  } catch (error) {
    if (error instanceof SyntaxError) throw invalid('Document not valid JSON format');
    throw error;
  }
}

function parseProducts(details: Fields): string[] {
  const ids: string[] = [];
  for (const item of list(details, 'Products')) {
    const products = fields(item, 'A member of Products');
    optionalText(products, 'Notes');
    for (const id of list(products, 'Ids')) {
      if (typeof id !== 'string' || id === '') throw invalid('Ids must be texts that are not empty');
      ids.push(id);
    }
  }
  if (ids.length === 0) throw invalid('Products must hold at least one id');
  if (new Set(ids).size < ids.length) throw invalid('Values in Ids array must be unique');
  if (ids.length > IDS_IN_CHANGE) throw tooManyIds();
  return ids;
}

function tooManyIds() {
  return invalid(`Cumulative number of values in Ids array must be less than or equal to ${IDS_IN_CHANGE}`);
}

/** Holds the changes against the experiences that they are for. */
function accept(context: OperationContext, parsed: readonly ParsedChange[]): AcceptedChange[] {
  const { settings } = context;
  const changes = parsed.map(
    ({ type, name, entity, details, products }): AcceptedChange => ({
      type,
      name,
      experience: experienceFor(context, entity, 'StartChangeSet'),
      products,
      details,
      errors: [],
    }),
  );
  for (const change of changes) {
    const { experience, products } = change;
    if (settings.archived === 'refuse-at-once' && experience.archived) {
      throw invalid(`Experience ${experience.id} is archived`);
    }
    if (settings.mixed === 'refuse-at-once' && isMixed(changes, experience)) {
      throw invalid('Products cannot be allowed and denied in the same change set');
    }
    if (settings.fiftyCountFor === 'each experience') {
      const together = changes.filter((other) => other.experience === experience);
      if (together.reduce((sum, other) => sum + other.products.length, 0) > IDS_IN_CHANGE) throw tooManyIds();
    }
    const refused = refusedProducts(settings, products, changeOf(change), 'at-once');
    if (refused.length > 0) {
      const named = refused.filter((id) => settings.refused.get(id)?.how === 'at-once-named');
      throw invalid(refusalText(settings, named));
    }
  }
  return changes;
}

function startUnlessTooMany(
  { marketplace, settings, account, now, changeSetFault }: OperationContext,
  name: string | undefined,
  changes: readonly AcceptedChange[],
): string {
  marketplace.checkLocks(changes.map(({ experience }) => experience));
  if (marketplace.open(account) >= settings.openChangeSets) throw openRequestsExceeded();
  return marketplace.start({ account, name, changes, fault: changeSetFault(), now }).id;
}

function answer({ account }: OperationContext, id: string): string {
  return JSON.stringify({ ChangeSetId: id, ChangeSetArn: arn(account, 'ChangeSet', id) });
}
