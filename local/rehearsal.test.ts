import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildRehearsal, UnusableFile } from './rehearsal.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rehearsal-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(file: string, content: string | Buffer): string {
  writeFileSync(join(folder, file), content);
  return file;
}

/** What the AWS CLI prints for a procurement policy. */
function policy(approved: readonly string[], rejected: readonly string[], owner?: string): string {
  return JSON.stringify({
    EntityType: 'ProcurementPolicy@1.0',
    EntityIdentifier: 'procpolicy-abc@4',
    EntityArn:
      owner && `arn:aws:aws-marketplace:us-east-1:${owner}:AWSMarketplace/ProcurementPolicy/procpolicy-abc`,
    Details: JSON.stringify({
      Statements: [
        { Effect: 'Allow', Resources: [{ Type: 'Product', Ids: approved }] },
        { Effect: 'Deny', Resources: [{ Type: 'Product', Ids: rejected }] },
      ],
    }),
  });
}

function rehearse(management: string, ...members: string[]) {
  return buildRehearsal({ folder, management, members }, () => {});
}

test('the files become the experiences of the cloud', () => {
  write('m.json', policy(['prod-a', 'prod-b'], ['prod-c']));
  write('one.json', policy(['prod-c'], []));

  const { catalog, management, experiences } = rehearse('m.json', 'one.json');

  expect(catalog.products(management.id)).toEqual({
    approved: new Set(['prod-a', 'prod-b']),
    rejected: new Set(['prod-c']),
  });
  expect(experiences).toMatchObject([{ name: 'one.json' }]);
  expect(catalog.products(experiences[0]?.id ?? '').approved).toEqual(new Set(['prod-c']));
});

test('policies of the same owner are in one organization, others each in their own', () => {
  const [mine, theirs] = [policy([], [], '333333333333'), policy([], [], '555555555555')];
  write('m.json', policy(['prod-a'], []));
  for (const file of ['one.json', 'two.json']) write(file, mine);
  write('three.json', theirs);
  write('four.json', policy([], []));

  const { members, experiences } = rehearse('m.json', 'one.json', 'two.json', 'three.json', 'four.json');

  expect(members.map(({ organization }) => organization?.managementAccount)).toEqual([
    '333333333333',
    '555555555555',
    '300000000004',
  ]);
  expect(new Set(members.map(({ account }) => account)).size).toBe(3);
  expect(experiences.map(({ organization }) => organization).slice(0, 2)).toEqual([
    'Organization of 333333333333',
    'Organization of 333333333333',
  ]);
});

test('the more there is to do, the more time is compressed', () => {
  const many = Array.from({ length: 6_000 }, (_, i) => `prod-${i}`);
  write('m.json', policy(many, []));
  write('same.json', policy(many, []));
  write('none.json', policy([], []));

  expect(rehearse('m.json', 'none.json').factor).toBeGreaterThan(rehearse('m.json', 'same.json').factor);
});

test('a file may be UTF-16, as PowerShell writes it, or have a byte order mark', () => {
  write('m.json', Buffer.from(`\ufeff${policy(['prod-a'], [])}`, 'utf16le'));
  write('one.json', `\ufeff${policy([], [])}`);

  const { catalog, management } = rehearse('m.json', 'one.json');

  expect(catalog.products(management.id).approved).toEqual(new Set(['prod-a']));
});

describe('an error names the file and says what it should be', () => {
  test.each([
    ['is not JSON', 'Statements: none', 'is not JSON'],
    ['holds a list', '[]', 'is not a procurement policy'],
    ['has no statements', '{"EntityType": "Offer@1.0", "Details": "{}"}', 'has no Statements'],
    ['has no details', '{"EntityType": "ProcurementPolicy@1.0"}', 'without its Details'],
  ])('when it %s', (_, content, message) => {
    write('m.json', policy([], []));
    const attempt = () => rehearse('m.json', write('odd.json', content));

    expect(attempt).toThrow(UnusableFile);
    expect(attempt).toThrow(`odd.json`);
    expect(attempt).toThrow(message);
    expect(attempt).toThrow('describe-entity');
  });

  test('when it is missing, or a folder', () => {
    write('m.json', policy([], []));

    expect(() => rehearse('nowhere.json', 'm.json')).toThrow('nowhere.json does not exist');
    expect(() => rehearse('m.json', '.')).toThrow('. is a folder');
  });

  test('and for an experience the policy to ask for', () => {
    const experience = {
      EntityType: 'Experience@1.0',
      DetailsDocument: { ProcurementPolicies: ['procpolicy-xyz'] },
    };
    write('m.json', JSON.stringify(experience));

    expect(() => rehearse('m.json', 'm.json')).toThrow('--entity-id procpolicy-xyz');
  });
});
