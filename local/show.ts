import Table from 'cli-table3';
import type { RefusedProduct, SyncTimestampsItem } from '../shared/sync-timestamps.js';

/** A table for a terminal, without colours, so that it can be pasted anywhere. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const drawn = new Table({ head: [...head], style: { head: [], border: [] }, wordWrap: true });
  for (const row of rows) drawn.push([...row]);
  return drawn.toString();
}

/** The SyncTimestamps table: one row for each member organization, and below it what is not as it should be. */
export function showSyncTimestamps(items: readonly SyncTimestampsItem[]): string {
  if (items.length === 0) return 'The table is empty: no member has reported yet.';
  const sorted = [...items].sort((a, b) => a.ID.localeCompare(b.ID));
  const rows = sorted.map((item) => [
    item.member_org_email ? `${item.ID}\n${item.member_org_email}` : item.ID,
    item.update_time_utc ? readable(item.update_time_utc) : 'never',
    item.experiences_updated ?? 0,
    // A member that runs the Python sample reports completed synchronizations and nothing else.
    item.outcome ?? 'not reported',
    item.remaining ?? '',
    item.refused_count ?? '',
  ]);
  const head = [
    'Member organization',
    'Last synchronized (UTC)',
    'Experiences',
    'Last attempt',
    'Products left',
    'Refused',
  ];
  return [table(head, rows), ...sorted.flatMap(troubles)].join('\n');
}

function troubles({ ID, outcome, reason, experiences = [], refused = [] }: SyncTimestampsItem): string[] {
  const behind = experiences.filter((experience) => experience.outcome !== 'synchronized');
  const lines = behind.map(
    (experience) =>
      `  ${experience.id} ${experience.outcome}: ${experience.reason ?? 'no reason was reported'}`,
  );
  // What is said of the whole organization repeats what is said of its experiences.
  if (lines.length === 0 && outcome !== 'synchronized' && reason) lines.push(`  ${outcome}: ${reason}`);
  lines.push(...refused.map(refusal));
  return lines.length > 0 ? [`${ID}:`, ...lines] : [];
}

function refusal({ experience, product, change, reason }: RefusedProduct): string {
  return `  ${experience} refused to ${change} ${product}: ${reason}`;
}

/** `2026-01-02T03:04:05.678Z` as `2026-01-02 03:04:05`. */
function readable(isoTime: string): string {
  return isoTime.slice(0, 19).replace('T', ' ');
}
