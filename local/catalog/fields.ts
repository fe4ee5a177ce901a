import { invalid } from './errors.js';

/** The checks that every operation makes on the fields of its request. All throw ValidationException (422). */

export type Fields = Readonly<Record<string, unknown>>;

/** A JSON object. */
export function fields(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(`${what} must be an object`);
  }
  return value as Fields; // its fields stay unknown until each is checked
}

/** A field that is a text, and not an empty one. */
export function text(from: Fields, name: string): string {
  const value = optionalText(from, name);
  if (value === undefined) throw invalid(`${name} is required`);
  return value;
}

export function optionalText(from: Fields, name: string): string | undefined {
  const value = from[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' || value === '') throw invalid(`${name} must be a text that is not empty`);
  return value;
}

/** A list; an empty one when the field is missing. */
export function list(from: Fields, name: string): readonly unknown[] {
  const value = from[name];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalid(`${name} must be a list`);
  return value;
}

/** A whole number in a range, or the default. */
export function count(from: Fields, name: string, most: number, byDefault: number): number {
  const value = from[name] ?? byDefault;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > most) {
    throw invalid(`${name} must be a whole number from 1 to ${most}`);
  }
  return value;
}

/** The one catalog there is. */
export function checkCatalog(from: Fields, name: string): void {
  if (text(from, name) !== 'AWSMarketplace') throw invalid(`${name} must be AWSMarketplace`);
}

/** The filters of a list operation, by name. */
export function filters(from: Fields, known: readonly string[]): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const item of list(from, 'FilterList')) {
    const filter = fields(item, 'A filter');
    const name = text(filter, 'Name');
    const values = list(filter, 'ValueList');
    if (!known.includes(name)) throw invalid(`There is no filter ${name}: use ${known.join(', ')}`);
    if (found.has(name)) throw invalid(`The filter ${name} is there twice`);
    // The reference gives ValueList 1 to 10 members.
    if (values.length < 1 || values.length > 10 || !values.every((value) => typeof value === 'string')) {
      throw invalid(`The filter ${name} takes 1 to 10 texts`);
    }
    found.set(name, values);
  }
  return found;
}

/** Whether the request asks for what is shared with the account; the filter `Scope` has that one value. */
export function asksForShared(found: ReadonlyMap<string, readonly string[]>): boolean {
  const scope = found.get('Scope');
  if (!scope) return false;
  if (scope.length !== 1 || scope[0] !== 'SharedWithMe') throw invalid('Scope must be SharedWithMe');
  return true;
}

/**
 * One page of a list. The token holds where the next page starts and what was asked, so that it fits this question
 * only.
 */
export function page<Item>(
  items: readonly Item[],
  most: number,
  token: string | undefined,
  question: unknown,
): { readonly items: readonly Item[]; readonly NextToken?: string } {
  const asked = JSON.stringify(question);
  let start = 0;
  if (token !== undefined) {
    const [at, of] = Buffer.from(token, 'base64url').toString().split(/ (.*)/s);
    start = Number(at);
    if (!Number.isInteger(start) || start < 1 || of !== asked) throw invalid('NextToken is not valid');
  }
  const end = start + most;
  return {
    items: items.slice(start, end),
    ...(end < items.length && { NextToken: Buffer.from(`${end} ${asked}`).toString('base64url') }),
  };
}

/** An identifier without its revision: `exp-example@3` and `exp-example` are the same entity. */
export function withoutRevision(identifier: string): string {
  return identifier.replace(/@\d+$/, '');
}

/** A time as the API writes it: ISO 8601, UTC, in seconds. */
export function isoTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
