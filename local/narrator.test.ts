import type { CatalogEvent } from './catalog/events.js';
import { amount, Narrator } from './narrator.js';

const ended = (status: 'SUCCEEDED' | 'FAILED' = 'SUCCEEDED'): CatalogEvent => ({
  kind: 'change set ended',
  at: 0,
  id: 'c1',
  account: '222222222222',
  experiences: ['exp-a'],
  startedAt: 0,
  status,
});
const changed: CatalogEvent = {
  kind: 'products',
  at: 0,
  experience: 'exp-a',
  changeSet: 'c1',
  approved: ['prod-a', 'prod-b'],
  denied: ['prod-c'],
};

function narrate() {
  const lines: string[] = [];
  const narrator = new Narrator((line) => lines.push(line));
  narrator.introduce([{ id: 'exp-a', organization: 'North', name: 'Engineering' }]);
  return { narrator, lines };
}

test('the end of a change set is told with the experience and its totals', () => {
  const { narrator, lines } = narrate();

  narrator.observe(changed);
  narrator.observe(ended());

  expect(lines).toEqual([
    expect.stringMatching(/North, Engineering: 2 approved, 1 denied after 1 change set$/),
  ]);
});

test('a change set that failed is told as one', () => {
  const { narrator, lines } = narrate();

  narrator.observe(ended('FAILED'));

  expect(lines[0]).toContain('(the last one FAILED)');
});

test('a flood of change sets becomes a few lines, and is counted in full', () => {
  const { narrator, lines } = narrate();

  for (let i = 0; i < 100; i += 1) narrator.observe(ended());

  expect(lines).toHaveLength(1);
  expect(narrator.changeSets).toBe(100);
});

test('counting can begin again, without touching what was taken down before', () => {
  const { narrator } = narrate();
  narrator.observe(changed);
  const before = narrator.tally('exp-a');

  narrator.beginAgain();

  expect(before.approved).toEqual(['prod-a', 'prod-b']);
  expect(narrator.tally('exp-a')).toEqual({ approved: [], denied: [], changeSets: 0 });
});

test('amounts agree with their nouns', () => {
  expect([amount(1, 'change set'), amount(0, 'change set')]).toEqual(['1 change set', '0 change sets']);
});
