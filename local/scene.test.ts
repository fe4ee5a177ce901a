import { buildScene } from './scene.js';

test('the scene has live experiences in two organizations, and others that are to be left alone', () => {
  const { experiences, members, catalog, management } = buildScene(() => {});

  const live = experiences.filter(({ leftAlone }) => !leftAlone);
  expect(new Set(live.map(({ organization }) => organization)).size).toBe(2);
  expect(members).toHaveLength(2);
  expect(experiences.map(({ leftAlone }) => leftAlone)).toEqual(
    expect.arrayContaining(['disabled', 'archived', 'no procurement policy']),
  );
  const { approved, rejected } = catalog.products(management.id);
  expect(approved.size + rejected.size).toBeGreaterThan(200);
  expect([...approved].some((id) => id.startsWith('prod-'))).toBe(true);
  expect([...approved].some((id) => /^[0-9a-f]{8}-/.test(id))).toBe(true);
  for (const { id } of live) expect(catalog.products(id).approved).not.toEqual(approved);
});
