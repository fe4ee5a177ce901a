import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Clock } from '../shared/clock.js';
import { accessKeyId, type LocalServer, listen, readBody, signedBy } from './http.js';
import { LETTERS_AND_DIGITS, type Random, randomText } from './random.js';

/** An organization, as its accounts see it. */
export interface OrganizationDescription {
  readonly managementAccount: string;
  readonly managementEmail: string;
  /** The accounts that may not call DescribeOrganization: without a resource policy, delegated administrators. */
  readonly refusedTo?: readonly string[];
}

/** What {@link Accounts} is made of. */
export interface AccountsOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** How long the credentials of an assumed role last, in milliseconds, whatever is asked for. Default: an hour. */
  readonly sessionMs?: number;
}

/** An assumed role's credentials. */
interface Session {
  readonly role: string;
  readonly account: string;
  readonly expiresAt: number;
}

/** What somebody's credentials are worth. */
export type Identity =
  /** An account's own credentials. */
  | { readonly kind: 'account'; readonly account: string }
  /** An assumed role's. */
  | { readonly kind: 'role'; readonly role: string; readonly account: string }
  | { readonly kind: 'expired' };

/**
 * The accounts on this machine: who belongs to which organization, and which roles can be assumed. STS and
 * Organizations are served from it.
 */
export class Accounts {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #sessionMs: number;
  readonly #organizations = new Map<string, OrganizationDescription>();
  readonly #roles = new Map<string, string>();
  readonly #sessions = new Map<string, Session>();

  constructor({ clock, random, sessionMs = 3_600_000 }: AccountsOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#sessionMs = sessionMs;
  }

  /** Puts an account into an organization. */
  addToOrganization(account: string, organization: OrganizationDescription): void {
    this.#organizations.set(account, organization);
  }

  /** Creates a role that one other account may assume. */
  addRole(arn: string, trusted: string): void {
    this.#roles.set(arn, trusted);
  }

  /** Whose credentials a request was signed with. */
  identify(request: IncomingMessage): Identity {
    const session = this.#sessions.get(accessKeyId(request));
    if (!session) return { kind: 'account', account: signedBy(request) };
    if (session.expiresAt <= this.#clock.now()) return { kind: 'expired' };
    return { kind: 'role', role: session.role, account: session.account };
  }

  organizationOf(account: string): OrganizationDescription | undefined {
    return this.#organizations.get(account);
  }

  /**
   * Assumes a role.
   *
   * @returns the credentials; `undefined` when there is no such role or it does not trust the account.
   */
  assume(arn: string, by: string) {
    if (this.#roles.get(arn) !== by) return undefined;
    const key = `ASIA${randomText(this.#random, LETTERS_AND_DIGITS, 16).toUpperCase()}`;
    const expiresAt = this.#clock.now() + this.#sessionMs;
    this.#sessions.set(key, { role: arn, account: arn.split(':')[4] ?? '', expiresAt });
    return { key, secret: randomText(this.#random, LETTERS_AND_DIGITS, 40), expiresAt };
  }
}

/** Serves STS (the Query protocol): AssumeRole and GetCallerIdentity. */
export function serveSts(accounts: Accounts): Promise<LocalServer> {
  return listen(
    createServer(async (request, response) => {
      const form = new URLSearchParams(await readBody(request));
      const identity = accounts.identify(request);
      if (identity.kind === 'expired') {
        queryError(response, 403, 'ExpiredToken', 'The security token included in the request is expired');
        return;
      }
      const action = form.get('Action');
      if (action === 'GetCallerIdentity') {
        const arn = identity.kind === 'role' ? identity.role : `arn:aws:iam::${identity.account}:root`;
        queryAnswer(
          response,
          'GetCallerIdentity',
          `<Arn>${arn}</Arn><UserId>${identity.account}</UserId><Account>${identity.account}</Account>`,
        );
        return;
      }
      if (action === 'AssumeRole') assumeRole(accounts, identity.account, form, response);
      else queryError(response, 400, 'InvalidAction', `Could not find operation ${action}`);
    }),
  );
}

function assumeRole(accounts: Accounts, by: string, form: URLSearchParams, response: ServerResponse): void {
  const arn = form.get('RoleArn') ?? '';
  const session = form.get('RoleSessionName') ?? '';
  if (!/^[\w+=,.@-]{2,64}$/.test(session)) {
    queryError(
      response,
      400,
      'ValidationError',
      `Value '${session}' at 'roleSessionName' failed to satisfy constraint: 2 to 64 of letters, digits and _+=,.@-`,
    );
    return;
  }
  const seconds = Number(form.get('DurationSeconds') ?? 3600);
  if (!Number.isInteger(seconds) || seconds < 900 || seconds > 43_200) {
    queryError(
      response,
      400,
      'ValidationError',
      `Value '${seconds}' at 'durationSeconds' failed to satisfy constraint: 900 to 43200`,
    );
    return;
  }
  const credentials = accounts.assume(arn, by);
  if (!credentials) {
    queryError(
      response,
      403,
      'AccessDenied',
      `User: arn:aws:iam::${by}:root is not authorized to perform: sts:AssumeRole on resource: ${arn}`,
    );
    return;
  }
  queryAnswer(
    response,
    'AssumeRole',
    `<AssumedRoleUser><Arn>${arn.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/${session}</Arn>` +
      `<AssumedRoleId>AROA:${session}</AssumedRoleId></AssumedRoleUser><Credentials>` +
      `<AccessKeyId>${credentials.key}</AccessKeyId><SecretAccessKey>${credentials.secret}</SecretAccessKey>` +
      `<SessionToken>token-of-${credentials.key}</SessionToken>` +
      `<Expiration>${new Date(credentials.expiresAt).toISOString()}</Expiration></Credentials>`,
  );
}

const STS_NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';

function queryAnswer(response: ServerResponse, action: string, result: string): void {
  response
    .writeHead(200, { 'content-type': 'text/xml' })
    .end(
      `<${action}Response xmlns="${STS_NAMESPACE}"><${action}Result>${result}</${action}Result>` +
        `<ResponseMetadata><RequestId>local</RequestId></ResponseMetadata></${action}Response>`,
    );
}

function queryError(response: ServerResponse, status: number, code: string, message: string): void {
  const escaped = message.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  response
    .writeHead(status, { 'content-type': 'text/xml' })
    .end(
      `<ErrorResponse xmlns="${STS_NAMESPACE}"><Error><Type>Sender</Type><Code>${code}</Code>` +
        `<Message>${escaped}</Message></Error><RequestId>local</RequestId></ErrorResponse>`,
    );
}

/** Serves Organizations (JSON 1.1): DescribeOrganization. */
export function serveOrganizations(accounts: Accounts): Promise<LocalServer> {
  return listen(
    createServer(async (request, response) => {
      await readBody(request);
      const answer = (status: number, body: object) =>
        response
          .writeHead(status, { 'content-type': 'application/x-amz-json-1.1' })
          .end(JSON.stringify(body));
      const target = String(request.headers['x-amz-target']);
      if (target !== 'AWSOrganizationsV20161128.DescribeOrganization') {
        return answer(400, { __type: 'UnknownOperationException', Message: `There is no ${target} here.` });
      }
      const identity = accounts.identify(request);
      if (identity.kind === 'expired') {
        return answer(400, { __type: 'ExpiredTokenException', Message: 'The security token is expired.' });
      }
      const { account } = identity;
      const organization = accounts.organizationOf(account);
      if (!organization) {
        return answer(400, {
          __type: 'AWSOrganizationsNotInUseException',
          Message: 'Your account is not a member of an organization.',
        });
      }
      if (organization.refusedTo?.includes(account)) {
        return answer(400, {
          __type: 'AccessDeniedException',
          Message: "You don't have permissions to access this resource.",
        });
      }
      const { managementAccount, managementEmail } = organization;
      const id = `o-${managementAccount.slice(0, 10)}`;
      return answer(200, {
        Organization: {
          Id: id,
          Arn: `arn:aws:organizations::${managementAccount}:organization/${id}`,
          FeatureSet: 'ALL',
          MasterAccountArn: `arn:aws:organizations::${managementAccount}:account/${id}/${managementAccount}`,
          MasterAccountId: managementAccount,
          MasterAccountEmail: managementEmail,
          AvailablePolicyTypes: [],
        },
      });
    }),
  );
}
