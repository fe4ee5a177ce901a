import { accountId, type ExperienceId, productId } from '../shared/identifiers.js';
import { showSyncTimestamps } from './show.js';

const experience = 'exp-a' as ExperienceId; // its form does not matter here

test('each organization has a row, in the order of their ids', () => {
  const text = showSyncTimestamps([
    { ID: accountId('333333333333'), outcome: 'synchronized', update_time_utc: '2026-01-02T03:04:05.678Z' },
    { ID: accountId('222222222222'), member_org_email: 'cloud@example.com' },
  ]);

  expect(text).toContain('2026-01-02 03:04:05');
  expect(text).toContain('cloud@example.com');
  expect(text.indexOf('222222222222')).toBeLessThan(text.indexOf('333333333333'));
});

test('an item of the Python sample says what it can', () => {
  const text = showSyncTimestamps([
    { ID: accountId('222222222222'), update_time_utc: '2026-01-02T03:04:05', experiences_updated: 3 },
  ]);

  expect(text).toMatch(/2026-01-02 03:04:05 +│ 3 +│ not reported/);
  expect(text.split('\n')).toHaveLength(5);
});

test('what is behind and what was refused is told below the table', () => {
  const text = showSyncTimestamps([
    {
      ID: accountId('222222222222'),
      outcome: 'held back',
      reason: 'exp-a held back',
      experiences: [{ id: experience, outcome: 'held back', reason: 'it would deny too much' }],
      refused: [{ experience, product: productId('prod-x'), change: 'approve', reason: 'withdrawn', at: 0 }],
      refused_count: 1,
    },
  ]);

  expect(text.split('\n').slice(-3)).toEqual([
    '222222222222:',
    '  exp-a held back: it would deny too much',
    '  exp-a refused to approve prod-x: withdrawn',
  ]);
});

test('what failed before any experience was seen is told for the organization', () => {
  const text = showSyncTimestamps([
    { ID: accountId('222222222222'), outcome: 'failed', reason: 'the role cannot be assumed' },
  ]);

  expect(text).toContain('  failed: the role cannot be assumed');
});

test('an empty table is said to be empty', () => {
  expect(showSyncTimestamps([])).toContain('no member has reported yet');
});
