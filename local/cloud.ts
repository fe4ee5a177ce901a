import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { startFauxqs } from 'fauxqs';
import { systemClock } from '../shared/clock.js';
import type { ProductLists } from '../shared/product-lists.js';
import { readSnapshot } from '../shared/snapshot-tables.js';
import type { SyncTimestampsItem } from '../shared/sync-timestamps.js';
import { Accounts, type OrganizationDescription, serveOrganizations, serveSts } from './accounts.js';
import { serveCatalog } from './catalog/server.js';
import type { CatalogService } from './catalog/service.js';
import { type CloudWatchers, clientFor, type Deployment, invoker } from './deployment.js';
import type { Invocation, LambdaFunction } from './lambda.js';
import { deployManagement, type StackTables } from './management-stack.js';
import { deployMember, type Member, type MemberShortcuts } from './member-stack.js';
import { LETTERS_AND_DIGITS, randomText, seededRandom } from './random.js';
import { serveTables } from './tables.js';
import { Stack } from './template.js';

/** Where the management stack is deployed. */
export interface ManagementOptions {
  readonly account: string;
  /** The experience that is the source. */
  readonly experience: string;
  /** Parameters of its template beside the experience and the member's account. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** Where a member stack is deployed. */
export interface MemberOptions extends MemberShortcuts {
  /** How messages call it. */
  readonly name: string;
  readonly account: string;
  /** The organization that the account is in; none when absent. */
  readonly organization?: OrganizationDescription;
  /** By default the management stack's. */
  readonly region?: string;
  /** Parameters of its template beside the management stack's outputs. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** What {@link startCloud} is given. */
export interface CloudOptions extends CloudWatchers {
  /** With the experiences of all organizations. */
  readonly catalog: CatalogService;
  readonly management: ManagementOptions;
  readonly members: readonly [MemberOptions, ...MemberOptions[]];
  /** The management stack's Region. Default: us-east-1. */
  readonly region?: string;
  /** How long an assumed role's credentials last, in milliseconds. Default: an hour. */
  readonly sessionMs?: number;
}

/** Everything that runs. */
export interface Cloud {
  readonly management: LambdaFunction;
  /** Starts the management function, as the hourly rule does. */
  readonly invokeManagement: (event?: unknown) => Promise<Invocation>;
  readonly members: readonly Member[];
  /**
   * Waits until nothing is under way: no message in a queue and no invocation.
   *
   * @throws Error naming what is, when that takes longer than `limitMs`.
   */
  readonly settle: (limitMs: number) => Promise<void>;
  readonly tables: StackTables;
  /** The two product tables as they are now. */
  readonly snapshot: () => Promise<ProductLists>;
  /** The SyncTimestamps table as it is now. */
  readonly syncTimestamps: () => Promise<SyncTimestampsItem[]>;
  /** Of each service, by the name of the SDK's variable. */
  readonly endpoints: Readonly<Record<string, string>>;
  readonly stop: () => Promise<void>;
}

/**
 * Brings up a cloud on this machine with the management stack and the member stacks in it, as their templates
 * describe them. The functions run from their bundles in `dist/` (`npm run build`).
 *
 * @throws DeploymentError when a template refuses a parameter.
 */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const { catalog, management, region = 'us-east-1', members, sessionMs } = options;
  const random = seededRandom(1);
  const accounts = new Accounts({
    clock: systemClock,
    random,
    ...(sessionMs !== undefined && { sessionMs }),
  });
  const managementStack = new Stack('management/template.yaml', {
    ManagementExperienceId: management.experience,
    MemberOrgAccountId: members[0].account,
    ...management.parameters,
  });

  const stops: (() => unknown)[] = [];
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    const serving = [
      serveTables({ accounts, account: management.account, region }),
      serveCatalog(catalog),
      serveOrganizations(accounts),
      serveSts(accounts),
    ] as const;
    const [tablesServer, catalogServer, organizations, sts] = await Promise.all(serving);
    stops.push(() => Promise.all([tablesServer, catalogServer, organizations, sts].map((one) => one.stop())));
    const queues = await startFauxqs({ port: 0, logger: false, defaultRegion: region });
    stops.push(() => queues.stop());
    const endpoints = {
      AWS_ENDPOINT_URL_DYNAMODB: tablesServer.url,
      AWS_ENDPOINT_URL_MARKETPLACE_CATALOG: catalogServer.url,
      AWS_ENDPOINT_URL_ORGANIZATIONS: organizations.url,
      AWS_ENDPOINT_URL_SNS: queues.address,
      AWS_ENDPOINT_URL_SQS: queues.address,
      AWS_ENDPOINT_URL_STS: sts.url,
    };
    const deployment: Deployment = {
      account: management.account,
      region,
      name: 'management',
      endpoints,
      queues,
      watchers: options,
    };
    const documents = DynamoDBDocumentClient.from(
      new DynamoDBClient({ ...clientFor(deployment), endpoint: tablesServer.url }),
    );
    stops.push(() => documents.destroy());
    const { tables, topicArn, lambda } = await deployManagement(managementStack, deployment, documents);
    stops.push(() => lambda.stop());

    const deployed: Member[] = [];
    for (const member of members) {
      // What CloudFormation makes of a role without a name of its own.
      const suffix = randomText(random, LETTERS_AND_DIGITS, 12).toUpperCase();
      const role = `arn:aws:iam::${management.account}:role/${management.experience}-MemberOrgAccountRole-${suffix}`;
      accounts.addRole(role, member.account);
      if (member.organization) accounts.addToOrganization(member.account, member.organization);
      const stack = new Stack('member/template.yaml', {
        CrossAccountAccessRoleARN: role,
        SNSTopicARN: topicArn,
        ApprovedTableName: tables.approved,
        RejectedTableName: tables.rejected,
        SyncTimestampsTableName: tables.syncTimestamps,
        ...member.parameters,
      });
      const { account, name } = member;
      const where = { ...deployment, account, name, region: member.region ?? region };
      const added = await deployMember(stack, where, topicArn, member);
      stops.push(added.stop);
      deployed.push(added);
    }

    const invoke = invoker(lambda, deployment);
    return {
      management: lambda,
      invokeManagement: (event = {}) => invoke(event),
      members: deployed,
      settle: (limitMs) => settle(deployed, lambda, limitMs),
      tables,
      snapshot: () => readSnapshot(documents, tables),
      syncTimestamps: async () => {
        const { Items = [] } = await documents.send(new ScanCommand({ TableName: tables.syncTimestamps }));
        return Items as SyncTimestampsItem[]; // the member functions alone write to this table
      },
      endpoints,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** How often {@link Cloud.settle} looks, in milliseconds. */
const LOOK_MS = 20;

async function settle(
  members: readonly Member[],
  management: LambdaFunction,
  limitMs: number,
): Promise<void> {
  const limit = Date.now() + limitMs;
  for (;;) {
    const busy = members.filter(({ lambda, messages }) => {
      const { waiting, inFlight } = messages();
      return lambda.running + waiting + inFlight > 0;
    });
    if (busy.length === 0 && management.running === 0) return;
    if (Date.now() > limit) {
      const named = busy.map(({ name, messages }) => `${name} ${JSON.stringify(messages())}`).join(', ');
      throw new Error(
        `After ${limitMs} ms something is still under way: ${named || 'the management function'}.`,
      );
    }
    await systemClock.sleep(LOOK_MS);
  }
}
