import { createServer, type IncomingMessage } from 'node:http';
import { type LocalServer, listen, readBody, signedBy } from '../http.js';
import type { CatalogService } from './service.js';

/**
 * Puts a catalog on a loopback port, for any AWS client: `AWS_ENDPOINT_URL_MARKETPLACE_CATALOG` is its URL. Who asks
 * is the account that signed the request. A lost answer is a connection that is reset.
 */
export function serveCatalog(service: CatalogService): Promise<LocalServer> {
  const server = createServer(async (request, response) => {
    const body = await readBody(request);
    const latencyMs = service.drawLatencyMs();
    if (latencyMs > 0) await service.clock.sleep(latencyMs / 2);
    const answer = service.handle({ ...target(request), body, account: signedBy(request) });
    if (latencyMs > 0) await service.clock.sleep(latencyMs / 2);
    if (answer.lost) request.socket.resetAndDestroy();
    else response.writeHead(answer.status, answer.headers).end(answer.body);
  });
  return listen(server);
}

function target({ method = '', url = '/' }: IncomingMessage) {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  return { method, path: pathname, query: Object.fromEntries(searchParams) };
}
