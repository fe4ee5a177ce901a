import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import {
  CloudFormationClient,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type CommandResult, run, type Variables } from './command.js';
import type { PythonTools } from './python-tools.js';
import type { Transcript } from './transcript.js';

/** What an administrator's shell is made of. */
export interface AdministratorOptions {
  readonly account: string;
  readonly region: string;
  /** The emulator's URL. */
  readonly endpoint: string;
  /** The folder for home directories. */
  readonly homes: string;
  readonly tools: PythonTools;
  readonly transcript: Transcript;
}

/** Where a repository can be cloned from instead of the README's example address. */
const EXAMPLE_REPOSITORY = 'https://github.com/your-organization/private-marketplace-sync.git';

/**
 * An administrator of one account in a shell of their own, as CloudShell is one: an empty home directory, the account's
 * credentials, and `git`, `npm`, `aws` and `sam`.
 */
export class Administrator {
  readonly account: string;
  readonly region: string;
  readonly home: string;
  readonly #options: AdministratorOptions;
  readonly #variables: Variables;

  constructor(options: AdministratorOptions) {
    this.#options = options;
    this.account = options.account;
    this.region = options.region;
    this.home = join(options.homes, `${options.account}-${options.region}`);
    mkdirSync(this.home, { recursive: true });
    this.#variables = {
      ...withoutThisRunOfNpm(),
      HOME: this.home,
      // The home directory is another one, the package registry and its cache are not.
      npm_config_userconfig: process.env.npm_config_userconfig ?? join(homedir(), '.npmrc'),
      npm_config_cache: process.env.npm_config_cache ?? join(homedir(), '.npm'),
      PATH: [options.tools.bin, process.env.PATH].join(delimiter),
      AWS_ENDPOINT_URL: options.endpoint,
      AWS_ACCESS_KEY_ID: options.account,
      AWS_SECRET_ACCESS_KEY: 'none',
      AWS_DEFAULT_REGION: options.region,
      AWS_REGION: options.region,
      AWS_PAGER: '',
      SAM_CLI_TELEMETRY: '0',
    };
  }

  /** Runs a block of commands in the home directory, as it would be pasted there. @throws CommandFailed */
  async paste(
    block: string,
    { mayFail = false, quiet = false }: { mayFail?: boolean; quiet?: boolean } = {},
  ): Promise<CommandResult> {
    const { transcript, homes } = this.#options;
    if (!quiet) {
      for (const line of block.split('\n')) transcript.say(`   [${this.account}] ${line}`);
    }
    const script = block.replaceAll(EXAMPLE_REPOSITORY, join(homes, 'repository'));
    return run('bash', ['-e', '-c', script], {
      transcript,
      cwd: this.home,
      env: this.#variables,
      mayFail,
    });
  }

  /** The outputs of a stack. */
  async outputs(stack: string): Promise<Record<string, string>> {
    const { Stacks = [] } = await this.cloudFormation.send(new DescribeStacksCommand({ StackName: stack }));
    return Object.fromEntries(
      (Stacks[0]?.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey ?? '', OutputValue ?? '']),
    );
  }

  /** The physical ids of a stack's resources, by logical id. */
  async resources(stack: string): Promise<Record<string, string>> {
    const { StackResources = [] } = await this.cloudFormation.send(
      new DescribeStackResourcesCommand({ StackName: stack }),
    );
    return Object.fromEntries(
      StackResources.map(({ LogicalResourceId, PhysicalResourceId }) => [
        LogicalResourceId ?? '',
        PhysicalResourceId ?? '',
      ]),
    );
  }

  get cloudFormation(): CloudFormationClient {
    return new CloudFormationClient(this.#client);
  }
  get events(): EventBridgeClient {
    return new EventBridgeClient(this.#client);
  }
  get iam(): IAMClient {
    return new IAMClient(this.#client);
  }
  get kms(): KMSClient {
    return new KMSClient(this.#client);
  }
  get lambda(): LambdaClient {
    return new LambdaClient(this.#client);
  }
  get sns(): SNSClient {
    return new SNSClient(this.#client);
  }
  get sqs(): SQSClient {
    return new SQSClient(this.#client);
  }
  get tables(): DynamoDBDocumentClient {
    return DynamoDBDocumentClient.from(new DynamoDBClient(this.#client));
  }

  get #client() {
    return {
      region: this.region,
      endpoint: this.#options.endpoint,
      credentials: { accessKeyId: this.account, secretAccessKey: 'none' },
    };
  }
}

/** `npm run` tells its children where its own project is; an npm of another project must not hear it. */
function withoutThisRunOfNpm(): Variables {
  const variables: Record<string, undefined> = { INIT_CWD: undefined, NODE_OPTIONS: undefined };
  for (const name of Object.keys(process.env)) {
    if (/^npm_(lifecycle|package|command|execpath|node_execpath|config_(local|global)?_?prefix)/.test(name)) {
      variables[name] = undefined;
    }
  }
  return variables;
}

/**
 * Makes a repository to clone from, of the files in this checkout: those in git and those that git does not ignore.
 */
export async function makeRepository(homes: string, transcript: Transcript): Promise<void> {
  const script = [
    'mkdir -p "$1"',
    'git ls-files --cached --others --exclude-standard -z | while IFS= read -r -d "" file; do [ -e "$file" ] && cp --parents "$file" "$1"; done',
    'cd "$1"',
    'git init --quiet',
    'git add --all',
    'git -c user.name=test -c user.email=test@example.com commit --quiet --message "The files of the checkout"',
  ].join('\n');
  await run('bash', ['-e', '-c', script, 'bash', join(homes, 'repository')], {
    transcript,
    cwd: resolve('.'),
  });
}
