import { readFileSync } from 'node:fs';

/** A resource of the Python sample: its type, and what would replace it if it changed. */
export interface SampleResource {
  readonly type: string;
  readonly condition?: string;
  /** Properties that CloudFormation cannot change in place, short forms as their bare text. */
  readonly fixed?: Readonly<Record<string, string>>;
  readonly keys?: Readonly<Record<string, string>>;
  readonly targets?: readonly string[];
}

/** One of the sample's templates. */
export interface SampleTemplate {
  readonly parameters: Readonly<Record<string, { readonly default?: string }>>;
  readonly outputs: readonly string[];
  readonly resources: Readonly<Record<string, SampleResource>>;
}

/** What others rely on in the Python sample `pmp-cross-org-support`: names, types and keys, as data. */
export type SampleContract = Readonly<Record<'management' | 'member' | 'delegation', SampleTemplate>>;

/** Reads deploy/sample-contract.json. */
export function readSampleContract(file = 'deploy/sample-contract.json'): SampleContract {
  return JSON.parse(readFileSync(file, 'utf8')) as SampleContract; // this project's own file
}
