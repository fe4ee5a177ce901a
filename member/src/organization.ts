import { DescribeOrganizationCommand, type OrganizationsClient } from '@aws-sdk/client-organizations';
import { GetCallerIdentityCommand, type STSClient } from '@aws-sdk/client-sts';
import { errorName, errorText } from '../../shared/catalog.js';
import { type AccountId, accountId } from '../../shared/identifiers.js';
import type { Log } from '../../shared/telemetry.js';

/** The member organization, as SyncTimestamps knows it. */
export interface Organization {
  /** The account id of its management account. */
  readonly id: AccountId;
  readonly email: string;
}

/**
 * Finds out which organization this is. Where the account may not ask, or is in none, its own id stands in.
 * Throws whatever else the clients throw: under a wrong id nothing must be written.
 */
export async function identifyOrganization(
  organizations: OrganizationsClient,
  sts: STSClient,
  log: Log,
): Promise<Organization> {
  try {
    const { Organization } = await organizations.send(new DescribeOrganizationCommand({}));
    if (Organization?.MasterAccountId) {
      return { id: accountId(Organization.MasterAccountId), email: Organization.MasterAccountEmail ?? '' };
    }
    throw new Error('DescribeOrganization answered without a management account.');
  } catch (error) {
    if (!/^(AccessDenied|AWSOrganizationsNotInUse)/.test(errorName(error))) throw error;
    const { Account } = await sts.send(new GetCallerIdentityCommand({}));
    if (!Account) throw error;
    log.warn(
      'The organization cannot be described: this account stands in SyncTimestamps in its place. Deploy ' +
        "organization_delegate_administration.yaml in the organization's management account.",
      { account_id: Account, error: errorText(error) },
    );
    return { id: accountId(Account), email: '' };
  }
}
