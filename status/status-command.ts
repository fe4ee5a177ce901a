import { parseArgs } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { errorName, errorText } from '../shared/catalog.js';
import { optionalNumber, requiredTableName } from '../shared/environment.js';
import type { TableName } from '../shared/identifiers.js';
import { judgeOrganization, STALE_AFTER_HOURS } from '../shared/organization-status.js';
import { readSyncTimestamps } from '../shared/sync-timestamps.js';
import { showOrganizations, sumUp } from './status-table.js';

const USAGE = `Shows how far the member organizations are, with the AWS credentials of the shell:
  npm run status -- --table NAME [--region REGION] [--stale-after HOURS] [--json]

  --table        the management stack's output SyncTimestampsTableName
  --region       the management stack's Region, where it is not the shell's own
  --stale-after  from when on an organization counts as behind; default ${STALE_AFTER_HOURS}
  --json         for programs

Exit code: 0 all is well, 1 an organization is behind or its last attempt failed, 2 the table could not be read.`;

/** Where the command writes, and what time it is. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** In characters. */
  readonly width: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** The arguments make no sense. */
class WrongUsage extends Error {
  override readonly name = 'WrongUsage';
}

interface Request {
  readonly table: TableName;
  readonly region: string | undefined;
  readonly staleAfterHours: number;
  readonly json: boolean;
}

/** `npm run status`. @returns the exit code: see the usage. */
export async function statusCommand(args: readonly string[], terminal: Terminal): Promise<0 | 1 | 2> {
  let request: Request | 'help';
  try {
    request = readArguments(args);
  } catch (error) {
    if (!(error instanceof WrongUsage)) throw error;
    terminal.err(`${error.message}\n\n${USAGE}`);
    return 2;
  }
  if (request === 'help') {
    terminal.out(USAGE);
    return 0;
  }
  return show(request, terminal);
}

async function show(request: Request, { out, err, width, now }: Terminal): Promise<0 | 1 | 2> {
  const { table, region, staleAfterHours, json } = request;
  const client = new DynamoDBClient(region === undefined ? {} : { region });
  try {
    const items = await readSyncTimestamps(DynamoDBDocumentClient.from(client), table);
    const organizations = items.map((item) => judgeOrganization(item, { now: now(), staleAfterHours }));
    if (json) out(JSON.stringify({ table, staleAfterHours, organizations }, undefined, 2));
    else out(`${showOrganizations(organizations, width)}\n${sumUp(organizations, staleAfterHours)}`);
    return organizations.some(({ behind, failed }) => behind || failed) ? 1 : 0;
  } catch (error) {
    const where = await client.config.region().catch(() => 'no Region');
    err(`The table ${table} could not be read. ${explain(error, where)}`);
    return 2;
  } finally {
    client.destroy();
  }
}

/** What an error of the DynamoDB client means here, and what to do. @param region where the table was looked for. */
function explain(error: unknown, region: string): string {
  switch (errorName(error)) {
    case 'CredentialsProviderError':
      return 'This shell has no AWS credentials: log in (aws login, aws sso login), set AWS_PROFILE, or use CloudShell.';
    case 'ExpiredTokenException':
    case 'ExpiredToken':
      return "The shell's AWS credentials have expired: log in again.";
    case 'UnrecognizedClientException':
    case 'InvalidSignatureException':
      return "AWS does not know the shell's credentials: log in again.";
    case 'ResourceNotFoundException':
      return (
        `It does not exist in ${region} of the account of the shell's credentials. Check --table (the management ` +
        "stack's output SyncTimestampsTableName), --region, and that the credentials are of the management stack's account."
      );
    case 'AccessDeniedException':
      return `The shell's credentials do not allow dynamodb:Scan on it, or the use of its key (${errorText(error)}).`;
    default:
      return region === 'no Region'
        ? "The shell has no AWS Region: add --region with the management stack's."
        : errorText(error);
  }
}

function readArguments(args: readonly string[]): Request | 'help' {
  try {
    const { values } = parseArgs({
      args: args[0] === '--' ? args.slice(1) : [...args],
      options: {
        table: { type: 'string' },
        region: { type: 'string' },
        'stale-after': { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) return 'help';
    return {
      table: requiredTableName({ '--table': values.table }, '--table'),
      region: values.region,
      staleAfterHours: optionalNumber(
        { '--stale-after': values['stale-after'] },
        '--stale-after',
        STALE_AFTER_HOURS,
        { above: 0 },
      ),
      json: values.json ?? false,
    };
  } catch (error) {
    // Nothing but the arguments can be wrong here: parseArgs throws TypeErrors, the others a ConfigurationError.
    throw new WrongUsage(error instanceof Error ? error.message : String(error));
  }
}
