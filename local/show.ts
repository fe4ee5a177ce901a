import Table from 'cli-table3';

/** A table for a terminal, without colours, so that it can be pasted anywhere. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const drawn = new Table({ head: [...head], style: { head: [], border: [] }, wordWrap: true });
  for (const row of rows) drawn.push([...row]);
  return drawn.toString();
}
