import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';

/** A server on a loopback port. */
export interface LocalServer {
  /** Without a slash at the end. */
  readonly url: string;
  /** Closes it with all its connections. */
  readonly stop: () => Promise<void>;
}

/** The account of whoever signs with an access key id that is not an account id, as emulators have it. */
export const DEFAULT_ACCOUNT = '000000000000';

/** Starts a server on a free port of the loopback interface. */
export async function listen(server: Server): Promise<LocalServer> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server listens on no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The whole body of a request, as text. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** The access key id in a request's signature (Signature Version 4), or an empty text. */
export function accessKeyId({ headers }: IncomingMessage): string {
  return /Credential=([^/,\s]+)\//.exec(headers.authorization ?? '')?.[1] ?? '';
}

/** The account that signed a request: an access key id of twelve digits is the account, as emulators have it. */
export function signedBy(request: IncomingMessage): string {
  const key = accessKeyId(request);
  return /^\d{12}$/.test(key) ? key : DEFAULT_ACCOUNT;
}
