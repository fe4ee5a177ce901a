import { setTimeout as sleep } from 'node:timers/promises';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { Administrator } from './administrator.js';
import type { CommandResult } from './command.js';
import type { Marketplaces } from './marketplaces.js';
import type { ReadmeCommands } from './readme-commands.js';
import type { Transcript } from './transcript.js';

/** Everything that the scenes of the test share. */
export interface World {
  readonly transcript: Transcript;
  readonly readme: ReadmeCommands;
  readonly marketplaces: Marketplaces;
  /** A shell in an account. */
  readonly administrator: (account: string, region: string) => Administrator;
  /** The file that holds the requests of all functions. */
  readonly callsFile: string;
  /** The same of the functions in the local cloud's tests. */
  readonly localCallsFile: string;
  /** The emulator's URL. */
  readonly endpoint: string;
  /** The folder for what the test writes. */
  readonly folder: string;
}

/** The accounts of the README, the management accounts of their organizations, and those of the upgrade. */
export const ACCOUNTS = {
  management: '111111111111',
  member: '222222222222',
  furtherMember: '333333333333',
  stranger: '999999999999',
  upgradedManagement: '444444444444',
  upgradedMember: '555555555555',
  upgradedFurtherMember: '666666666666',
} as const;

/** From an account to the management account of its organization. */
export const ORGANIZATIONS: Readonly<Record<string, string>> = {
  [ACCOUNTS.management]: '100000000000',
  [ACCOUNTS.member]: '200000000000',
  [ACCOUNTS.furtherMember]: '300000000000',
  [ACCOUNTS.upgradedManagement]: '400000000000',
  [ACCOUNTS.upgradedMember]: '500000000000',
  [ACCOUNTS.upgradedFurtherMember]: '600000000000',
};

/** The management stacks' Region, and one for member stacks elsewhere. Neither is the Catalog API's. */
export const REGION = 'eu-west-1';
export const OTHER_REGION = 'eu-central-1';

/** The items of a management account's SyncTimestamps table, in the order of their ids. */
export async function reports(
  administrator: Administrator,
  table: string,
): Promise<Record<string, unknown>[]> {
  const { Items = [] } = await administrator.tables.send(new ScanCommand({ TableName: table }));
  return Items.sort((a, b) => String(a.ID).localeCompare(String(b.ID)));
}

/** Waits until something is so. @returns whether it came to be, within `seconds`. */
export async function eventually(isSo: () => boolean | Promise<boolean>, seconds = 120): Promise<boolean> {
  for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await sleep(250)) {
    if (await isSo()) return true;
  }
  return false;
}

/** What the outputs of a management stack replace in the README's commands for a member stack. */
export function memberParameters(
  outputs: Readonly<Record<string, string>>,
  example: { readonly stack: string; readonly experience: string },
): Record<string, string> {
  const values: Record<string, string> = {
    [`arn:aws:iam::111111111111:role/${example.stack}-MemberOrgAccountRole-EXAMPLE`]:
      outputs.CrossAccountAccessRoleARN ?? '',
    [`arn:aws:sns:eu-west-1:111111111111:${example.experience}-PrivateMarketplace`]:
      outputs.SNSTopicARN ?? '',
    [`ApprovedTableName=${example.experience}-ApprovedProducts`]: `ApprovedTableName=${outputs.ApprovedTableName}`,
    [`RejectedTableName=${example.experience}-RejectedProducts`]: `RejectedTableName=${outputs.RejectedTableName}`,
    [`SyncTimestampsTableName=${example.experience}-SyncTimestamps`]: `SyncTimestampsTableName=${outputs.SyncTimestampsTableName}`,
  };
  return values;
}

/** The last words of a command, for the transcript. */
export function lastLine({ output }: CommandResult): string {
  return output.trim().split('\n').at(-1)?.trim() ?? '';
}
