import Table from 'cli-table3';
import type { OrganizationStatus } from '../shared/organization-status.js';

/** How many characters the table may be wide at the least: narrower ones cannot be read. */
const NARROWEST = 100;
/** How wide the columns before the reason are, and the borders of all, in characters. */
const COLUMNS = [24, 19, 13, 13, 15];
const BORDERS = 7;
/** How much of a mail address fits. */
const EMAIL_LENGTH = 22;

/**
 * The organizations as a table for a terminal, without colours, so that it can be pasted anywhere.
 *
 * @param width of the terminal, in characters.
 */
export function showOrganizations(organizations: readonly OrganizationStatus[], width: number): string {
  if (organizations.length === 0) return 'The table is empty: no member organization has reported yet.';
  const table = new Table({
    head: ['Organization', 'Last synchronized (UTC)', 'How long ago', 'Experiences', 'Outcome', 'Reason'],
    style: { head: [], border: [] },
    wordWrap: true,
    colWidths: [...COLUMNS, Math.max(width, NARROWEST) - COLUMNS.reduce((a, b) => a + b, BORDERS)],
  });
  for (const organization of organizations) {
    const { lastSynchronized, reason = '' } = organization;
    table.push([
      name(organization),
      lastSynchronized?.slice(0, 16).replace('T', ' ') ?? 'never',
      howLongAgo(organization),
      experiences(organization),
      outcome(organization),
      reason,
    ]);
  }
  return [table.toString(), ...organizations.flatMap(details)].join('\n');
}

/** What has no room in a row: the experiences that are not synchronized and the products that are refused, one by one. */
function details({ organization, outOfStep, refusedProducts }: OrganizationStatus): string[] {
  if (outOfStep.length + refusedProducts.length < 2) return [];
  return [
    `${organization}:`,
    ...outOfStep.map(
      ({ id, outcome: how, reason }) => `  ${id} ${how}: ${reason ?? 'no reason was reported'}`,
    ),
    ...refusedProducts.map(
      ({ experience, product, change, reason }) =>
        `  ${experience} refused to ${change} ${product}: ${reason}`,
    ),
  ];
}

/** What the table comes to, in a sentence. @param staleAfterHours from when on an organization counts as behind. */
export function sumUp(organizations: readonly OrganizationStatus[], staleAfterHours: number): string {
  const behind = organizations.filter((one) => one.behind).length;
  const failed = organizations.filter((one) => one.failed).length;
  const all = organizations.length === 1 ? '1 organization' : `${organizations.length} organizations`;
  if (behind + failed === 0)
    return `${all}: none is behind (more than ${staleAfterHours} hours), none failed.`;
  return (
    `${all}: ${behind} behind (not synchronized for more than ${staleAfterHours} hours), ${failed} failed. ` +
    'What to do: docs/operations.md'
  );
}

// The address on a line of its own, cut where it would take the reason's room.
function name({ organization, email }: OrganizationStatus): string {
  if (!email) return organization;
  return `${organization}\n${email.length > EMAIL_LENGTH ? `${email.slice(0, EMAIL_LENGTH - 1)}…` : email}`;
}

function howLongAgo({ hours, lastSynchronized }: OrganizationStatus): string {
  if (hours === undefined) return '';
  return lastSynchronized ? duration(hours) : `first tried\n${duration(hours)} ago`;
}

function duration(hours: number): string {
  if (hours < 1) return `${Math.floor(60 * hours)} min`;
  return hours < 48 ? `${hours.toFixed(1)} h` : `${(hours / 24).toFixed(1)} days`;
}

function experiences({ experiences: all, experiencesSynchronized: done }: OrganizationStatus): string {
  if (all === undefined) return '';
  return done === undefined || done === all ? String(all) : `${done} of ${all}`;
}

function outcome({ outcome: last, behind, refused }: OrganizationStatus): string {
  const lines = [last ?? 'no report'];
  if (refused > 0) lines.push(`${refused} refused`);
  if (behind) lines.push('BEHIND');
  return lines.join('\n');
}
