/**
 * The little of CloudWatch that it takes to see an alarm go off: metrics out of the logs of functions, and alarms as
 * a template defines them.
 */
import type { Stack, StackPlace } from './template.js';

/** A value of a metric, as CloudWatch stores it. */
export interface Datapoint {
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** An alarm's properties in a template, the ones that are used here, with every reference replaced. */
export interface AlarmDefinition {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[];
  readonly Statistic: 'Maximum' | 'Minimum' | 'Sum' | 'Average';
  /** Seconds. */
  readonly Period: number;
  readonly EvaluationPeriods: number;
  readonly ComparisonOperator:
    | 'GreaterThanThreshold'
    | 'GreaterThanOrEqualToThreshold'
    | 'LessThanThreshold'
    | 'LessThanOrEqualToThreshold';
  readonly Threshold: number;
  readonly TreatMissingData: 'breaching' | 'notBreaching' | 'ignore' | 'missing';
}

const ALARM_PROPERTIES = [
  'Namespace',
  'MetricName',
  'Dimensions',
  'Statistic',
  'Period',
  'EvaluationPeriods',
  'ComparisonOperator',
  'Threshold',
  'TreatMissingData',
] as const;

/** The alarms of a stack's template, by logical id. */
export function alarmsOf(stack: Stack, place: StackPlace): [logicalId: string, AlarmDefinition][] {
  return stack
    .ofType('AWS::CloudWatch::Alarm')
    .map((id) => [id, stack.properties(id, ALARM_PROPERTIES, place) as AlarmDefinition]); // CloudFormation's form
}

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

/** A log line in the embedded metric format: "Specification: Embedded metric format", CloudWatch. */
interface EmbeddedMetrics {
  readonly _aws: {
    readonly Timestamp: number;
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string }[];
    }[];
  };
  readonly [field: string]: unknown;
}

/**
 * The metrics in a line that a function logged; none when it is no line of metrics.
 *
 * @throws Error when a metric or a dimension that the line declares is not in it: CloudWatch would drop it silently.
 */
export function datapointsIn(line: string): Datapoint[] {
  if (!line.startsWith('{"_aws"')) return [];
  const document: EmbeddedMetrics = JSON.parse(line);
  const { Timestamp, CloudWatchMetrics } = document._aws;
  return CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
    Dimensions.flatMap((names) =>
      Metrics.map(({ Name }) => {
        const value = document[Name];
        if (typeof value !== 'number') throw new Error(`The metric ${Name} has no value in ${line}`);
        return {
          namespace: Namespace,
          metric: Name,
          dimensions: Object.fromEntries(names.map((name) => [name, dimension(document, name)])),
          value,
          at: Timestamp,
        };
      }),
    ),
  );
}

function dimension(document: EmbeddedMetrics, name: string): string {
  const value = document[name];
  if (typeof value !== 'string' || value === '') throw new Error(`The dimension ${name} has no value.`);
  return value;
}

/**
 * The state of an alarm at a moment: every one of the last periods has to be breaching for it to go off ("Evaluating
 * an alarm", CloudWatch). The real one looks a few periods further back before it takes a missing value for one.
 *
 * @param at milliseconds since 1970.
 * @param before its state until then.
 */
export function evaluateAlarm(
  alarm: AlarmDefinition,
  datapoints: readonly Datapoint[],
  at: number,
  before: AlarmState,
): AlarmState {
  const wanted = datapoints.filter((datapoint) => isOf(alarm, datapoint));
  const verdicts = Array.from({ length: alarm.EvaluationPeriods }, (_, index) => {
    const end = at - 1000 * alarm.Period * index;
    const values = wanted
      .filter((datapoint) => datapoint.at <= end && datapoint.at > end - 1000 * alarm.Period)
      .map(({ value }) => value);
    return values.length === 0 ? undefined : breaches(alarm, statistic(alarm, values));
  });
  if (verdicts.every((verdict) => verdict === undefined)) {
    if (alarm.TreatMissingData === 'ignore') return before;
    if (alarm.TreatMissingData === 'missing') return 'INSUFFICIENT_DATA';
  }
  const missing = alarm.TreatMissingData === 'breaching';
  // Where missing values are neither good nor bad, the ones that are there decide.
  const counted =
    alarm.TreatMissingData === 'ignore' || alarm.TreatMissingData === 'missing'
      ? verdicts.filter((verdict) => verdict !== undefined)
      : verdicts.map((verdict) => verdict ?? missing);
  return counted.every(Boolean) ? 'ALARM' : 'OK';
}

function isOf({ Namespace, MetricName, Dimensions }: AlarmDefinition, datapoint: Datapoint): boolean {
  return (
    datapoint.namespace === Namespace &&
    datapoint.metric === MetricName &&
    // CloudWatch takes metrics with other dimensions, or with more, for other metrics.
    Object.keys(datapoint.dimensions).length === Dimensions.length &&
    Dimensions.every(({ Name, Value }) => datapoint.dimensions[Name] === Value)
  );
}

function statistic({ Statistic }: AlarmDefinition, values: readonly number[]): number {
  const total = values.reduce((sum, value) => sum + value, 0);
  switch (Statistic) {
    case 'Maximum':
      return Math.max(...values);
    case 'Minimum':
      return Math.min(...values);
    case 'Sum':
      return total;
    case 'Average':
      return total / values.length;
  }
}

function breaches({ ComparisonOperator, Threshold }: AlarmDefinition, value: number): boolean {
  switch (ComparisonOperator) {
    case 'GreaterThanThreshold':
      return value > Threshold;
    case 'GreaterThanOrEqualToThreshold':
      return value >= Threshold;
    case 'LessThanThreshold':
      return value < Threshold;
    case 'LessThanOrEqualToThreshold':
      return value <= Threshold;
  }
}
