/**
 * `npm run picture`: draws docs/operators-view.svg, what an operator sees when organizations are in trouble. The
 * dashboard is the management template's own definition, on the metrics and log lines that the functions write while
 * the scene of {@link startOutcomes} is played; the terminal is what `npm run status` prints then.
 */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { alarmsOf, type Datapoint, datapointsIn, evaluateAlarm } from './cloudwatch.js';
import { type LogRecord, query, type Row } from './logs-insights.js';
import { startOutcomes } from './outcomes.js';
import { Stack, type StackPlace } from './template.js';

const FILE = 'docs/operators-view.svg';
const HOURS_WELL = 4;
const HOURS_TROUBLED = 6;
/** Pixels: a column and a row of the dashboard's grid, and the space around a widget. */
const COLUMN = 52;
const ROW = 36;
const GAP = 6;
const COLOURS = ['#1f77b4', '#d62728', '#2ca02c', '#ff7f0e', '#9467bd', '#8c564b', '#e377c2'];

interface Widget {
  readonly type: 'alarm' | 'log' | 'metric';
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: {
    readonly title: string;
    readonly query?: string;
    readonly stat?: 'Sum' | 'Maximum';
    readonly metrics?: readonly (readonly unknown[])[];
    readonly annotations?: {
      readonly horizontal: readonly { readonly label: string; readonly value: number }[];
    };
  };
}
/** A value with the hour of the scene in which it was published. */
type Value = Datapoint & { readonly hour: number };
interface Series {
  readonly label: string;
  readonly points: readonly { readonly hour: number; readonly value: number }[];
}

const place: StackPlace = {
  account: '111111111111',
  region: 'us-east-1',
  refs: new Map(['SyncPMPManagement', 'SyncPMPManagementLogs', 'AlarmTopic'].map((id) => [id, id])),
  attributes: new Map([
    ['SNSUpdate.TopicName', 'topic'],
    ...['OrganizationBehind', 'SnapshotNotPublished', 'ManagementError', 'ReportsUnreadable'].map(
      (name): [string, string] => [`${name}Alarm.Arn`, name],
    ),
  ]),
};
const stack = new Stack('management/template.yaml', {
  ManagementExperienceId: 'exp-management',
  MemberOrgAccountId: '222222222222',
});

const { values, records, terminal } = await play();
const widgets: readonly Widget[] = JSON.parse(stack.text('Dashboard', 'DashboardBody', place)).widgets;
const picture = draw(widgets, terminal);
writeFileSync(FILE, picture);
console.log(`${FILE}: ${Math.round(picture.length / 1000)} kB`);

/** Plays some hours of the scene. @returns what the management function wrote, and what the terminal shows at the end. */
async function play() {
  const published: Value[] = [];
  const logged: LogRecord[] = [];
  let hour = 0;
  const scene = await startOutcomes({
    onLog: (name, line) => {
      if (name !== 'management') return;
      published.push(...datapointsIn(line).map((datapoint) => ({ ...datapoint, hour })));
      if (line.startsWith('{"level"')) logged.push(JSON.parse(line));
    },
    onInvocation: (name, invocation) => {
      if (name !== 'management' || invocation === 'begins') return;
      published.push({
        namespace: 'AWS/Lambda',
        metric: 'Errors',
        dimensions: { FunctionName: 'SyncPMPManagement' },
        value: invocation.outcome === 'returned' ? 0 : 1,
        at: Date.now(),
        hour,
      });
    },
  });
  try {
    for (; hour < HOURS_WELL + HOURS_TROUBLED; hour += 1) {
      await scene.passAnHour();
      await (hour === HOURS_WELL ? scene.trouble() : scene.hour());
    }
    await scene.passAnHour();
    const command = ['run.mjs', 'status/status.ts', '--table', scene.cloud.tables.syncTimestamps];
    const env = { PATH: process.env.PATH ?? '', ...scene.shell };
    const shown: { stdout: string } = await promisify(execFile)(process.execPath, command, { env }).catch(
      (error) => error, // exit code 1: some are behind
    );
    return { values: published, records: logged, terminal: shown.stdout.trimEnd().split('\n') };
  } finally {
    await scene.cloud.stop();
  }
}

function draw(all: readonly Widget[], lines: readonly string[]): string {
  const bottom = ROW * Math.max(...all.map(({ y, height }) => y + height)) + 2 * GAP;
  const terminalHeight = 15 * (lines.length + 1) + 30;
  const width = 24 * COLUMN + 2 * GAP;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${bottom + terminalHeight + GAP}" font-family="Helvetica, Arial, sans-serif" font-size="11">`,
    '<title>The dashboard of the management stack, and npm run status</title>',
    `<rect width="100%" height="100%" fill="#f2f3f3"/>`,
    ...all.map(drawWidget),
    `<g transform="translate(${GAP} ${bottom})"><rect width="${width - 2 * GAP}" height="${terminalHeight}" rx="4" fill="#16191f"/>`,
    `<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="12" fill="#e9ebed" xml:space="preserve">`,
    `<text x="12" y="24" fill="#7fd17f">$ npm run --silent status -- --table exp-management-SyncTimestamps</text>`,
    // Whatever the font is, the lines of a table are as wide as one another.
    ...lines.map(
      (line, at) =>
        `<text x="12" y="${44 + 15 * at}" textLength="${(7.2 * line.length).toFixed(0)}" lengthAdjust="spacingAndGlyphs">${escaped(line)}</text>`,
    ),
    '</g></g>',
    '</svg>\n',
  ].join('\n');
}

function drawWidget(widget: Widget): string {
  const { x, y, width, height, type, properties } = widget;
  const size = { width: width * COLUMN - GAP, height: height * ROW - GAP };
  const content =
    type === 'alarm'
      ? drawAlarms()
      : type === 'log'
        ? drawTable(query(properties.query ?? '', records), size)
        : drawGraph(seriesOf(widget), properties.annotations?.horizontal ?? [], size);
  return [
    // An svg within an svg cuts off what does not fit.
    `<svg x="${GAP + x * COLUMN}" y="${GAP + y * ROW}" width="${size.width}" height="${size.height}">`,
    `<title>${escaped(properties.title)}</title>`,
    `<rect width="${size.width}" height="${size.height}" rx="4" fill="#fff" stroke="#d5dbdb"/>`,
    `<text x="10" y="18" font-weight="bold">${escaped(cut(properties.title, size.width - 20, 6.4))}</text>`,
    content,
    '</svg>',
  ].join('\n');
}

function drawAlarms(): string {
  return alarmsOf(stack, place)
    .map(([id, alarm], at) => {
      const state = evaluateAlarm(alarm, values, Date.now(), 'INSUFFICIENT_DATA');
      const colour = { ALARM: '#d13212', OK: '#1d8102', INSUFFICIENT_DATA: '#879596' }[state];
      return (
        `<g transform="translate(${10 + at * 300} 30)"><rect width="286" height="26" rx="3" fill="${colour}"/>` +
        `<text x="10" y="17" fill="#fff">${state === 'ALARM' ? 'In alarm' : state}: ${id}</text></g>`
      );
    })
    .join('\n');
}

/** The series of a graph, each value aggregated over an hour of the scene. */
function seriesOf({ properties: { metrics = [], stat = 'Maximum' } }: Widget): Series[] {
  return metrics.flatMap((row) => {
    if (typeof row[0] !== 'string') {
      const { expression } = row[0] as { expression: string }; // a search, by organization
      const name = /MetricName="(\w+)"/.exec(expression)?.[1];
      const found = values.filter(({ metric, dimensions }) => metric === name && dimensions.Organization);
      const organizations = [...new Set(found.map(({ dimensions }) => dimensions.Organization ?? ''))].sort();
      return organizations.map((label) => ({
        label,
        points: aggregate(
          found.filter(({ dimensions }) => dimensions.Organization === label),
          stat,
        ),
      }));
    }
    const [namespace, name] = row;
    const found = values.filter(
      ({ namespace: its, metric, dimensions }) =>
        its === namespace && metric === name && !dimensions.Organization,
    );
    return [{ label: String(name), points: aggregate(found, stat) }];
  });
}

function aggregate(found: readonly Value[], stat: 'Sum' | 'Maximum'): Series['points'] {
  return [...Map.groupBy(found, ({ hour }) => hour)].map(([hour, group]) => {
    const all = group.map(({ value }) => value);
    return { hour, value: stat === 'Sum' ? all.reduce((a, b) => a + b) : Math.max(...all) };
  });
}

function drawGraph(
  series: readonly Series[],
  lines: readonly { readonly label: string; readonly value: number }[],
  { width, height }: { readonly width: number; readonly height: number },
): string {
  const [left, right, top, bottom] = [34, width - 12, 30, height - 44];
  const highest = Math.max(
    1,
    ...series.flatMap(({ points }) => points.map(({ value }) => value)),
    ...lines.map(({ value }) => value),
  );
  const px = (hour: number) =>
    (left + ((right - left) * hour) / (HOURS_WELL + HOURS_TROUBLED - 1)).toFixed(1);
  const py = (value: number) => (bottom - ((bottom - top) * value) / (1.1 * highest)).toFixed(1);
  let [labelX, labelY] = [left, bottom + 18];
  const legend = series.map(({ label }, at) => {
    const labelWidth = 26 + 6.6 * label.length;
    if (labelX + labelWidth > width) [labelX, labelY] = [left, labelY + 13];
    const drawn = `<text x="${labelX}" y="${labelY}" fill="${COLOURS[at % COLOURS.length]}">■ ${escaped(label)}</text>`;
    labelX += labelWidth;
    return drawn;
  });
  return [
    `<path d="M${left} ${top}V${bottom}H${right}" fill="none" stroke="#aab7b8"/>`,
    `<text x="${left - 5}" y="${Number(py(highest)) + 4}" text-anchor="end" fill="#687078">${Number(highest.toFixed(1))}</text>`,
    `<text x="${left - 5}" y="${bottom + 4}" text-anchor="end" fill="#687078">0</text>`,
    ...lines.map(
      ({ label, value }) =>
        `<path d="M${left} ${py(value)}H${right}" stroke="#d13212" stroke-dasharray="4 3"/><text x="${right}" y="${Number(py(value)) - 4}" text-anchor="end" fill="#d13212">${label}</text>`,
    ),
    ...series.map(({ points }, at) => {
      const path = points.map(({ hour, value }) => `${px(hour)} ${py(value)}`).join('L');
      return path === ''
        ? ''
        : `<path d="M${path}" fill="none" stroke="${COLOURS[at % COLOURS.length]}" stroke-width="1.6"/>`;
    }),
    ...legend,
  ].join('\n');
}

function drawTable(
  rows: readonly Row[],
  { width, height }: { readonly width: number; readonly height: number },
): string {
  const columns = Object.keys(rows[0] ?? {});
  const longest = columns.map((column) =>
    Math.max(column.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  // The last column gets what the others, each as wide as its longest text, leave.
  const starts = longest.map(
    (_, at) => 10 + longest.slice(0, at).reduce((sum, length) => sum + 6.2 * length + 14, 0),
  );
  const fitting = rows.slice(0, Math.floor((height - 50) / 17));
  const line = (texts: readonly string[], y: number, style = '') =>
    texts
      .map((text, at) => {
        const room = (starts[at + 1] ?? width) - (starts[at] ?? 0) - 10;
        return `<text x="${(starts[at] ?? 0).toFixed(0)}" y="${y}"${style}>${escaped(cut(text, room, 6.1))}</text>`;
      })
      .join('');
  return [
    line(columns, 38, ' fill="#687078"'),
    ...fitting.map((row, at) =>
      line(
        columns.map((column) => row[column] ?? ''),
        57 + 17 * at,
      ),
    ),
  ].join('\n');
}

/** A text cut to so many pixels, at so many for each character. */
function cut(text: string, pixels: number, each: number): string {
  const length = Math.max(1, Math.floor(pixels / each));
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
