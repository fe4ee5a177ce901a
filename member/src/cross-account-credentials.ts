import { AssumeRoleCommand, type STSClient } from '@aws-sdk/client-sts';
import type { AwsCredentialIdentity } from '@aws-sdk/types';

/** How long the assumed role's credentials are valid, in seconds: the least that AssumeRole gives. */
const SESSION_SECONDS = 900;

/**
 * A provider of the cross-account role's credentials. The SDK asks it again whenever the ones it has are about to
 * expire, so they renew themselves however long an invocation or a warm function lives.
 */
export function crossAccountCredentials(
  sts: STSClient,
  roleArn: string,
): () => Promise<AwsCredentialIdentity> {
  return async () => {
    const { Credentials } = await sts.send(
      new AssumeRoleCommand({
        RoleArn: roleArn,
        RoleSessionName: 'SyncPMPMember',
        DurationSeconds: SESSION_SECONDS,
      }),
    );
    if (!Credentials?.AccessKeyId || !Credentials.SecretAccessKey) {
      throw new Error(`AssumeRole of ${roleArn} answered without credentials.`);
    }
    return {
      accessKeyId: Credentials.AccessKeyId,
      secretAccessKey: Credentials.SecretAccessKey,
      ...(Credentials.SessionToken && { sessionToken: Credentials.SessionToken }),
      ...(Credentials.Expiration && { expiration: Credentials.Expiration }),
    };
  };
}
