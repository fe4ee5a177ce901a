import type { Measurement } from './measure.js';

interface Column {
  readonly head: string;
  readonly cell: (measurement: Measurement) => string;
}

const NONE = '';
const number = (value: number | undefined, digits: number) =>
  value === undefined
    ? NONE
    : value.toLocaleString('en', { maximumFractionDigits: digits, minimumFractionDigits: digits });

const COLUMNS: readonly Column[] = [
  { head: 'experiences × (approve + deny)', cell: ({ title }) => title },
  { head: 'elapsed s', cell: ({ elapsedSeconds }) => number(elapsedSeconds, 1) },
  {
    head: 'path s',
    cell: ({ criticalPathSeconds, changeSets }) => (changeSets === 0 ? NONE : number(criticalPathSeconds, 1)),
  },
  { head: 'ratio', cell: ({ ratio }) => number(ratio, 3) },
  { head: 'gap s', cell: ({ gapSeconds, changeSets }) => (changeSets === 0 ? NONE : number(gapSeconds, 1)) },
  { head: 'change sets', cell: ({ changeSets }) => number(changeSets, 0) },
  { head: 'calls', cell: ({ calls }) => number(calls, 0) },
  { head: 'a change set', cell: ({ callsPerChangeSet }) => number(callsPerChangeSet, 1) },
  { head: 'list', cell: ({ callsByOperation }) => number(callsByOperation.ListEntities ?? 0, 0) },
  { head: 'read', cell: ({ callsByOperation }) => number(callsByOperation.DescribeEntity ?? 0, 0) },
  { head: 'start', cell: ({ callsByOperation }) => number(callsByOperation.StartChangeSet ?? 0, 0) },
  { head: 'look', cell: ({ callsByOperation }) => number(callsByOperation.DescribeChangeSet ?? 0, 0) },
  { head: 'throttled %', cell: ({ throttledPercent }) => number(throttledPercent, 1) },
  { head: 'invocations', cell: ({ invocations }) => number(invocations, 0) },
  { head: 'peak MB', cell: ({ peakMemoryMb }) => number(peakMemoryMb, 0) },
  { head: 'time ×', cell: ({ factor }) => number(factor, 0) },
  { head: 'Python s', cell: ({ pythonSeconds }) => number(pythonSeconds, 0) },
];

/** The measurements as a table in Markdown, which is read in a terminal as well. */
export function table(measurements: readonly Measurement[]): string {
  const rows = [
    COLUMNS.map(({ head }) => head),
    ...measurements.map((one) => COLUMNS.map(({ cell }) => cell(one))),
  ];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), rule, ...body.map(line)].join('\n');
}
