import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'start-'));
  const policy = (file: string, approved: string[], rejected: string[]) =>
    writeFileSync(
      join(folder, file),
      JSON.stringify({
        EntityType: 'ProcurementPolicy@1.0',
        DetailsDocument: {
          Statements: [
            { Effect: 'Allow', Resources: [{ Type: 'Product', Ids: approved }] },
            { Effect: 'Deny', Resources: [{ Type: 'Product', Ids: rejected }] },
          ],
        },
      }),
    );
  policy('management.json', ['prod-a', 'prod-b'], ['prod-c']);
  policy('member.json', ['prod-b', 'prod-c', 'prod-d'], []);
  policy('empty.json', [], []);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs what `npm start` runs once everything is built. */
async function start(...args: string[]) {
  const child = spawn(process.execPath, ['run.mjs', 'local/start.ts', ...args], {
    env: { ...process.env, INIT_CWD: folder, NODE_OPTIONS: '' },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const code = await new Promise((resolve) => child.on('close', resolve));
  return { code, output };
}

test('a rehearsal tells what would be approved and rejected where, and exits by itself', async () => {
  const { code, output } = await start('--management', 'management.json', '--member', 'member.json');

  expect(output).toContain('to be approved: 1: prod-a\n');
  expect(output).toMatch(/to be rejected: 2: prod-c, prod-d|to be rejected: 2: prod-d, prod-c/);
  expect(output).toContain('longest chain is 1 change set');
  expect(code).toBe(0);
}, 20_000);

test('a rehearsal in which an experience is held back says so and exits with 1', async () => {
  const { code, output } = await start('--management', 'empty.json', '--member', 'member.json');

  expect(output).toMatch(/held back: the snapshot approves nothing/);
  expect(output).toContain('Not everything is as it should be');
  expect(code).toBe(1);
}, 20_000);

test('a file that does not exist is named, and wrong arguments are answered with the usage', async () => {
  const [missing, wrong] = await Promise.all([
    start('--management', 'nowhere.json', '--member', 'member.json'),
    start('--management', 'management.json'),
  ]);

  expect([missing.code, missing.output]).toEqual([1, 'nowhere.json does not exist.\n']);
  expect(wrong.code).toBe(2);
  expect(wrong.output).toContain('--member FILE is missing');
  expect(wrong.output).toContain('Usage:');
}, 20_000);
