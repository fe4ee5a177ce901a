import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';

/** The part of a logger that the code below the handlers uses. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

/** A function's logger: JSON lines at the level of LOG_LEVEL (default INFO). @param service the function's logical id. */
export function createLogger(service: string): Logger {
  return new Logger({ serviceName: service });
}

/** The CloudWatch namespace of all metrics. */
export const NAMESPACE = 'PrivateMarketplaceSync';
/**
 * The dimension that every metric has: the name of the function that published it. It tells several stacks in one
 * account apart, and a template can name it in an alarm whatever CloudFormation called the function.
 */
export const FUNCTION_NAME = 'FunctionName';

/** A function's metrics, which it writes to its log in CloudWatch's embedded metric format. */
export function createMetrics(functionName: string): Metrics {
  const metrics = new Metrics({ namespace: NAMESPACE });
  metrics.clearDefaultDimensions(); // Powertools' own, `service`: the function's name says as much
  metrics.setDefaultDimensions({ [FUNCTION_NAME]: functionName });
  return metrics;
}
