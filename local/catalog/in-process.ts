import type { CatalogService } from './service.js';

/** The part of the SDK's HTTP request that is looked at. */
interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

/** An object that an SDK client takes as its `requestHandler`. */
export type InProcessHandler = {
  readonly handle: (request: SdkRequest) => Promise<{
    readonly response: {
      readonly statusCode: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Uint8Array;
    };
  }>;
};

/**
 * Connects an SDK client to a catalog without a network: the client does all that it does otherwise, and waits on
 * the service's clock. A lost answer is a rejection, as of a connection that was reset.
 *
 * @param account who asks, whatever the client's credentials are.
 */
export function inProcessHandler(service: CatalogService, account: string): InProcessHandler {
  return {
    handle: async ({ method, path, query = {}, body }) => {
      const latencyMs = service.drawLatencyMs();
      if (latencyMs > 0) await service.clock.sleep(latencyMs / 2);
      const answer = service.handle({
        method,
        path,
        query,
        body: typeof body === 'string' || body instanceof Uint8Array ? body : undefined,
        account,
      });
      if (latencyMs > 0) await service.clock.sleep(latencyMs / 2);
      if (answer.lost) throw brokenConnection();
      return {
        response: { statusCode: answer.status, headers: answer.headers, body: Buffer.from(answer.body) },
      };
    },
  };
}

/** What the SDK's own handler makes of a connection that the other side resets. */
function brokenConnection(): Error {
  return Object.assign(new Error('read ECONNRESET'), { name: 'TimeoutError', code: 'ECONNRESET' });
}
