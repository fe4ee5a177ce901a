import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import dynalite from 'dynalite';
import type { Accounts } from './accounts.js';
import { type LocalServer, listen } from './http.js';

/** Whose tables there are, and who may use them. */
export interface TablesOptions {
  readonly accounts: Accounts;
  /** The account that has the tables. */
  readonly account: string;
  /** The Region that they are in. */
  readonly region: string;
}

/** What a member's role may call: `MemberOrgAccountRole` in the management template. */
const ROLE_MAY_CALL = ['Scan', 'Query', 'UpdateItem'];

/**
 * Serves DynamoDB for one account and one Region. In another account or Region the same table names lead nowhere, and
 * an assumed role may do only what its policy says, for as long as its credentials last.
 */
export function serveTables({ accounts, account, region }: TablesOptions): Promise<LocalServer> {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  const serve = server.listeners('request') as RequestListener[]; // a server's listeners for this event
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const refusal = refuse(request);
    if (!refusal) {
      for (const listener of serve) listener(request, response);
      return;
    }
    request.resume().on('end', () => {
      response
        .writeHead(400, { 'content-type': 'application/x-amz-json-1.0' })
        .end(JSON.stringify({ __type: refusal.type, message: refusal.message }));
    });
  });
  return listen(server);

  function refuse(request: IncomingMessage): { readonly type: string; readonly message: string } | undefined {
    const identity = accounts.identify(request);
    if (identity.kind === 'expired') {
      return {
        type: 'com.amazon.coral.service#ExpiredTokenException',
        message: 'The security token included in the request is expired',
      };
    }
    const signedFor = /Credential=[^/]+\/\d+\/([a-z0-9-]+)\//.exec(request.headers.authorization ?? '')?.[1];
    if (identity.account !== account || signedFor !== region) {
      return {
        type: 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException',
        message: 'Requested resource not found',
      };
    }
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    if (identity.kind === 'role' && !ROLE_MAY_CALL.includes(operation)) {
      return {
        type: 'com.amazon.coral.service#AccessDeniedException',
        message: `User: ${identity.role} is not authorized to perform: dynamodb:${operation}`,
      };
    }
    return undefined;
  }
}
