/** The little of CloudWatch Logs Insights that the dashboards' queries use. */

/** A line of a function's log, as JSON. */
export type LogRecord = Readonly<Record<string, unknown>>;
/** A row of a result: its columns in order. */
export type Row = Readonly<Record<string, string>>;

/**
 * Answers a query of a dashboard.
 *
 * @param records the log, oldest line first.
 * @throws Error for a command that is not known here.
 */
export function query(text: string, records: readonly LogRecord[]): Row[] {
  const [source = '', ...commands] = text.split(' | ');
  if (!/^SOURCE '[^']+'$/.test(source)) throw new Error(`The query names no log group: ${text}`);
  return commands.reduce<LogRecord[]>(apply, [...records]).map(textual);
}

/** What a line holds under a name such as `error.message`; `@timestamp` is the time of the line. */
export function fieldOf(record: LogRecord, path: string): unknown {
  if (path === '@timestamp') return record['@timestamp'] ?? record.timestamp;
  if (path in record) return record[path];
  return path
    .split('.')
    .reduce<unknown>(
      (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
      record,
    );
}

function apply(records: LogRecord[], command: string): LogRecord[] {
  const [name = ''] = command.split(' ');
  const rest = command.slice(name.length + 1);
  switch (name) {
    case 'filter':
      return records.filter((record) => rest.split(' and ').every((condition) => holds(record, condition)));
    case 'fields':
      return records.map((record) => pick(record, rest.split(', ')));
    case 'stats':
      return latest(records, rest);
    case 'sort': {
      const [field = '', order] = rest.split(' ');
      const sign = order === 'desc' ? -1 : 1;
      return records.toSorted((a, b) => sign * compare(fieldOf(a, field), fieldOf(b, field)));
    }
    case 'limit':
      return records.slice(0, Number(rest));
    default:
      throw new Error(`Not a command known here: ${command}`);
  }
}

function holds(record: LogRecord, condition: string): boolean {
  const [, field = '', operator, operand = ''] = /^([\w.@]+) (=|in) (.+)$/.exec(condition) ?? [];
  if (!operator) throw new Error(`Not a condition known here: ${condition}`);
  const wanted: unknown = JSON.parse(operand);
  const value = fieldOf(record, field);
  return Array.isArray(wanted) ? wanted.includes(value) : wanted === value;
}

/** `latest(a) as b, … by c`: of each `c` the values in its last line. */
function latest(records: readonly LogRecord[], text: string): LogRecord[] {
  const [columns = '', group = ''] = text.split(' by ');
  const last = new Map(records.map((record) => [fieldOf(record, group), record]));
  return [...last].map(([key, record]) => ({
    [group]: key,
    ...Object.fromEntries(
      columns.split(', ').map((column) => {
        const [, field = '', alias = ''] = /^latest\(([\w.]+)\) as (\w+)$/.exec(column) ?? [];
        if (!alias) throw new Error(`Not an aggregation known here: ${column}`);
        return [alias, fieldOf(record, field)];
      }),
    ),
  }));
}

function pick(record: LogRecord, fields: readonly string[]): LogRecord {
  return Object.fromEntries(fields.map((field) => [field, fieldOf(record, field)]));
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a ?? '').localeCompare(String(b ?? ''));
}

function textual(record: LogRecord): Row {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, String(value ?? '')]));
}
