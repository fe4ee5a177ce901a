import type { Metrics } from '@aws-lambda-powertools/metrics';
import { createMetrics } from '../telemetry.js';

/** The metrics of a function, and what it has published so far. */
export interface CapturedMetrics {
  readonly metrics: Metrics;
  /** One object for each line in the log, without the metadata of the format. */
  readonly published: Record<string, unknown>[];
}

/** Makes a function's metrics, which go to a list in place of its log. */
export function captureMetrics(functionName = 'function'): CapturedMetrics {
  const { POWERTOOLS_DEV, POWERTOOLS_METRICS_DISABLED } = process.env;
  Object.assign(process.env, { POWERTOOLS_DEV: 'true', POWERTOOLS_METRICS_DISABLED: 'false' });
  const metrics = createMetrics(functionName); // reads both variables, and never again
  restore('POWERTOOLS_DEV', POWERTOOLS_DEV);
  restore('POWERTOOLS_METRICS_DISABLED', POWERTOOLS_METRICS_DISABLED);

  const published: Record<string, unknown>[] = [];
  const { publishStoredMetrics } = metrics;
  metrics.publishStoredMetrics = () => {
    const { _aws: _, ...line } = metrics.serializeMetrics();
    published.push(line);
    const { log } = console;
    console.log = () => {}; // where metrics go in Powertools' development mode
    try {
      return publishStoredMetrics.call(metrics);
    } finally {
      console.log = log;
    }
  };
  return { metrics, published };
}

function restore(variable: string, value: string | undefined): void {
  if (value === undefined) delete process.env[variable];
  else process.env[variable] = value;
}
