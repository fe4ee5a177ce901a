import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { DescribeEntityResponse } from '@aws-sdk/client-marketplace-catalog';
import { MalformedEntity, productsOfPolicy } from '../shared/experience.js';
import type { ProductLists } from '../shared/product-lists.js';
import type { Observer } from './catalog/events.js';
import type { MemberOptions } from './cloud.js';
import { seededRandom } from './random.js';
import {
  addManagement,
  compressedCatalog,
  compressedEnvironment,
  REAL_CHANGE_SET_MS,
  type Scene,
  type SceneExperience,
} from './scene.js';

/** A file that cannot be rehearsed with. The message names it and says what to do. */
export class UnusableFile extends Error {
  override readonly name = 'UnusableFile';
}

/** What an administrator gives to a rehearsal: answers of DescribeEntity for procurement policies, as files. */
export interface RehearsalFiles {
  /** Where the files' names start from. */
  readonly folder: string;
  readonly management: string;
  readonly members: readonly string[];
}

/** A policy out of a file. */
interface PolicyFile {
  readonly file: string;
  readonly products: ProductLists;
  /** The account that owns the policy: its organization's management account, where the file says it. */
  readonly owner: string | undefined;
}

/** StartChangeSet: how many products a change has at the most. */
const PRODUCTS_IN_CHANGE = 50;
/** About how long the longest chain of change sets may take here, in milliseconds. */
const LONGEST_CHAIN_MS = 15_000;
/** How much time is compressed at the least and at the most. */
const FACTORS = [25, 2_000] as const;

/**
 * Fills the cloud with an organization's own lists. Each member file becomes an experience; files whose policies have
 * the same owner are one organization.
 *
 * @throws UnusableFile naming the file that is missing, not JSON, or not a procurement policy.
 */
export function buildRehearsal({ folder, management, members }: RehearsalFiles, observe: Observer): Scene {
  const source = readPolicy(folder, management);
  const targets = members.map((file) => readPolicy(folder, file));
  const factor = factorFor(longestChain(source.products, targets));
  const catalog = compressedCatalog(factor, seededRandom(1), observe);

  const experiences: SceneExperience[] = [];
  const organizations = new Map<string, MemberOptions>();
  targets.forEach(({ file, products, owner }, index) => {
    const number = index + 1;
    const key = owner ?? file;
    const name = owner ? `Organization of ${owner}` : `Organization of ${basename(file)}`;
    const added = organizations.get(key);
    // Accounts that stand for the real ones, whose ids the files do not tell.
    const account = added?.account ?? String(200_000_000_000 + number);
    const managementAccount =
      added?.organization?.managementAccount ?? owner ?? String(300_000_000_000 + number);
    if (!added) {
      organizations.set(key, {
        name,
        account,
        organization: { managementAccount, managementEmail: '' },
        environment: compressedEnvironment(factor),
      });
    }
    const id = catalog.addExperience({
      id: `exp-member${number}`,
      name: file,
      owner: managementAccount,
      sharedWith: [account],
      ...products,
    });
    experiences.push({ id, organization: name, name: file });
  });
  const [first, ...more] = organizations.values();
  if (!first) throw new UnusableFile('A rehearsal needs at least one --member FILE.');
  return {
    catalog,
    factor,
    management: addManagement(catalog, management, source.products),
    members: [first, ...more],
    experiences,
  };
}

/**
 * How many change sets of one experience must follow each other, at the least, in the experience that needs most.
 * Nothing can shorten that chain.
 */
export function longestChain(
  source: ProductLists,
  targets: readonly { readonly products: ProductLists }[],
): number {
  const lengths = targets.map(({ products: { approved, rejected } }) => {
    const wanted = source.approved.difference(source.rejected);
    const allow = wanted.difference(approved).size;
    const deny = approved.difference(wanted).union(source.rejected.difference(rejected)).size;
    return Math.ceil(Math.max(allow, deny) / PRODUCTS_IN_CHANGE);
  });
  return Math.max(0, ...lengths);
}

function factorFor(chain: number): number {
  const [least, most] = FACTORS;
  return Math.min(most, Math.max(least, Math.ceil((chain * REAL_CHANGE_SET_MS) / LONGEST_CHAIN_MS)));
}

function readPolicy(folder: string, file: string): PolicyFile {
  const answer = parseAnswer(resolve(folder, file), file);
  try {
    const products = productsOfPolicy(answer, file);
    return { file, products, owner: /^arn:[^:]*:[^:]*:[^:]*:(\d{12}):/.exec(String(answer.EntityArn))?.[1] };
  } catch (error) {
    if (!(error instanceof MalformedEntity)) throw error;
    throw new UnusableFile(`${error.message} ${whatItShouldBe(answer)}`);
  }
}

/** The answer of DescribeEntity, as the AWS CLI prints it. */
type Answer = Pick<DescribeEntityResponse, 'EntityType' | 'EntityArn' | 'Details' | 'DetailsDocument'>;

function parseAnswer(path: string, file: string): Answer {
  let answer: unknown;
  try {
    answer = JSON.parse(decode(readFileSync(path)));
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new UnusableFile(`${file} is not JSON (${error.message}). ${whatItShouldBe({})}`);
    }
    const { code } = error as NodeJS.ErrnoException; // of the file system
    const what =
      code === 'ENOENT' ? 'does not exist' : code === 'EISDIR' ? 'is a folder' : `cannot be read (${code})`;
    throw new UnusableFile(`${file} ${what}.`);
  }
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) {
    throw new UnusableFile(`${file} is not a procurement policy. ${whatItShouldBe({})}`);
  }
  return answer; // what its fields hold is checked by productsOfPolicy
}

/** A file's text: UTF-8, or UTF-16 as PowerShell writes it. */
function decode(bytes: Buffer): string {
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8';
  return new TextDecoder(encoding).decode(bytes); // without the byte order mark
}

function whatItShouldBe({ DetailsDocument }: Answer): string {
  const { ProcurementPolicies: policies } = Object(DetailsDocument) as { ProcurementPolicies?: unknown }; // if an experience
  const id = Array.isArray(policies) && typeof policies[0] === 'string' ? policies[0] : undefined;
  return (
    `${id === undefined ? '' : `It is an experience; its procurement policy is ${id}. `}` +
    `It must be what this command prints: aws marketplace-catalog describe-entity --catalog AWSMarketplace ` +
    `--entity-id ${id ?? 'procpolicy-...'} --region us-east-1 --output json`
  );
}
