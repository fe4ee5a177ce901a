import { Logger } from '@aws-lambda-powertools/logger';

/** The part of a logger that the code below the handlers uses. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

/** A function's logger: JSON lines at the level of LOG_LEVEL (default INFO). @param service the function's logical id. */
export function createLogger(service: string): Logger {
  return new Logger({ serviceName: service });
}
