import { accountId, type ExperienceId, productId } from '../shared/identifiers.js';
import { judgeOrganization } from '../shared/organization-status.js';
import type { SyncTimestampsItem } from '../shared/sync-timestamps.js';
import { showOrganizations, sumUp } from './status-table.js';

const NOW = Date.UTC(2026, 0, 2, 12);
const experience = 'exp-a' as ExperienceId; // its form does not matter here
const ID = accountId('222222222222');

function judged(...items: SyncTimestampsItem[]) {
  return items.map((item) => judgeOrganization(item, { now: NOW, staleAfterHours: 3 }));
}

/** The cells of the first organization's row, lines of a cell joined. */
function cells(item: SyncTimestampsItem): string[] {
  const text = showOrganizations(judged(item), 150);
  const lines = text.slice(text.indexOf('├')).split('\n').slice(1);
  const row = lines.slice(
    0,
    lines.findIndex((line) => line.startsWith('└')),
  );
  const columns = row.map((line) =>
    line
      .slice(1, -1)
      .split('│')
      .map((cell) => cell.trim()),
  );
  return (columns[0] ?? []).map((_, at) =>
    columns
      .map((cell) => cell[at])
      .join(' ')
      .trim(),
  );
}

test('a synchronized organization has nothing but facts in its row', () => {
  const stamp = String(NOW / 1000 - 900);

  expect(
    cells({ ID, member_org_email: 'cloud@example.com', stamp, outcome: 'synchronized', experience_count: 2 }),
  ).toEqual(['222222222222 cloud@example.com', '2026-01-02 11:45', '15 min', '2', 'synchronized', '']);
});

test('an item of the Python sample says what it can', () => {
  expect(cells({ ID, stamp: String(NOW / 1000 - 5 * 3600), experiences_updated: 3 })).toEqual([
    '222222222222',
    '2026-01-02 07:00',
    '5.0 h',
    '3',
    'synchronized BEHIND',
    expect.stringMatching(/^nothing was reported since 2026-01-02 07:00 UTC: /),
  ]);
});

test('an organization that was never synchronized says since when it has been tried', () => {
  expect(
    cells({ ID, first_attempt_utc: '2025-12-31T12:00:00.000Z', outcome: 'failed', reason: 'no role' }),
  ).toEqual([
    '222222222222',
    'never',
    'first tried 2.0 days ago',
    '',
    'failed BEHIND',
    expect.stringMatching(/^no role; nothing was reported: /),
  ]);
});

test('a long address leaves the reason its room', () => {
  const [organization] = cells({ ID, member_org_email: 'a-very-long-mailbox-name@subsidiary.example.com' });

  expect(organization).toBe('222222222222 a-very-long-mailbox-n…');
});

test('what has no room in a row is told below the table', () => {
  const text = showOrganizations(
    judged({
      ID,
      outcome: 'held back',
      reason: 'exp-a held back',
      experiences: [{ id: experience, outcome: 'held back', reason: 'it would deny too much' }],
      refused: [{ experience, product: productId('prod-x'), change: 'approve', reason: 'withdrawn', at: 0 }],
      refused_count: 1,
    }),
    120,
  );

  expect(text.split('\n').slice(-3)).toEqual([
    '222222222222:',
    '  exp-a held back: it would deny too much',
    '  exp-a refused to approve prod-x: withdrawn',
  ]);
});

test('no line of the table is wider than the terminal, however long a reason is', () => {
  const text = showOrganizations(
    judged({
      ID,
      member_org_email: 'a-very-long-mailbox-name@subsidiary.example.com',
      outcome: 'partly failed',
      reason: 'word '.repeat(60),
    }),
    110,
  );

  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(110);
});

test('an empty table is said to be empty', () => {
  expect(showOrganizations([], 120)).toBe('The table is empty: no member organization has reported yet.');
});

test('the sum says how many need a look', () => {
  const well = { ID, stamp: String(NOW / 1000), outcome: 'synchronized' } as const;
  const failed = { ...well, outcome: 'failed' } as const;

  expect(sumUp(judged(well), 3)).toBe('1 organization: none is behind (more than 3 hours), none failed.');
  expect(sumUp(judged(well, failed), 3)).toMatch(/^2 organizations: 0 behind .*, 1 failed\./);
});
