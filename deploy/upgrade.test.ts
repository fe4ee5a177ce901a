import { readFileSync } from 'node:fs';
import { readSampleContract } from './sample-contract.js';
import { type ResourceOutline, readTemplate } from './template-outline.js';

const contract = readSampleContract();
const parts = [
  ['management', 'management/template.yaml'],
  ['member', 'member/template.yaml'],
  ['delegation', 'member/organization_delegate_administration.yaml'],
] as const;
/** The rows of the tables in docs/upgrade.md, by what their first column names. */
const rows = new Map(
  readFileSync('docs/upgrade.md', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')))
    .map(([, first = '', ...rest]) => [first, rest] as const),
);

/** A SAM function is a Lambda function once it is deployed. */
const deployedType = (type: string) => type.replace('AWS::Serverless::Function', 'AWS::Lambda::Function');

describe.each(parts)('the %s template, over a running stack of the sample', (part, file) => {
  const template = readTemplate(file);
  const sample = contract[part];
  const kept = Object.entries(sample.resources).filter(([, { type }]) => type !== 'AWS::SSM::Parameter');
  const named = kept.filter(([, { fixed }]) => fixed !== undefined);

  test('has every parameter of it, and asks for no other', () => {
    expect(Object.keys(template.Parameters)).toEqual(expect.arrayContaining(Object.keys(sample.parameters)));
    for (const [name, { Default }] of Object.entries(template.Parameters)) {
      if (!(name in sample.parameters)) expect([name, Default]).toEqual([name, expect.anything()]);
    }
  });

  test('gives every output of it', () => {
    expect(Object.keys(template.Outputs ?? {})).toEqual(expect.arrayContaining([...sample.outputs]));
  });

  test.each(kept)('keeps %s, of the same type and under the same condition', (name, { type, condition }) => {
    expect(template.Resources[name]).toMatchObject({
      Type: type,
      ...(condition && { Condition: condition }),
    });
  });

  if (named.length > 0) {
    test.each(named)('keeps of %s what cannot be changed without replacing it', (name, { fixed = {} }) => {
      expect(template.Resources[name]?.Properties).toMatchObject(fixed);
    });
  }

  test.each(kept)('docs/upgrade.md says what becomes of %s', (name, { type, keys }) => {
    const [documentedType, physicalName, documentedKeys] = rows.get(name) ?? [];
    expect(documentedType).toBe(deployedType(type));
    expect(physicalName).toBe(physicalNameOf(template.Resources[name]));
    expect(documentedKeys).toBe(
      Object.entries(keys ?? {})
        .map(([key, kind]) => `${key} (${kind})`)
        .join(', '),
    );
  });

  test('docs/upgrade.md says that the SSM parameters are removed, and the template has none', () => {
    for (const [name, { type }] of Object.entries(sample.resources)) {
      if (type !== 'AWS::SSM::Parameter') continue;
      expect(template.Resources[name]).toBeUndefined();
      expect(rows.get(name)?.at(3)).toMatch(/^removed/);
    }
  });

  test('docs/upgrade.md names every parameter of the sample, and every new one', () => {
    const text = readFileSync('docs/upgrade.md', 'utf8');
    for (const name of Object.keys(template.Parameters)) expect(text).toContain(`\`${name}\``);
    for (const name of sample.outputs) expect(text).toContain(`\`${name}\``);
  });
});

test('the tables have the same keys', () => {
  const { Resources } = readTemplate('management/template.yaml');
  for (const [name, { keys }] of Object.entries(contract.management.resources)) {
    if (!keys) continue;
    const schema = Resources[name]?.Properties?.KeySchema as { AttributeName: string; KeyType: string }[]; // a table's
    expect(Object.fromEntries(schema.map(({ AttributeName, KeyType }) => [AttributeName, KeyType]))).toEqual(
      keys,
    );
  }
});

test('the topic policy is the one that the sample writes, to the letter', () => {
  expect(readTemplate('management/template.yaml').Resources.SNSTopicPolicy?.Properties).toEqual({
    PolicyDocument: {
      Id: `\${ManagementExperienceId}-SNSTopicPolicy`,
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'Stmt1643807474528',
          Effect: 'Allow',
          Principal: { AWS: 'MemberOrgAccountId' },
          Action: ['sns:Subscribe'],
          Resource: 'SNSUpdate',
        },
      ],
    },
    Topics: ['SNSUpdate'],
  });
});

test('the schedule keeps the id of its target', () => {
  const { LambdaFunctionSchedule } = readTemplate('management/template.yaml').Resources;
  expect(LambdaFunctionSchedule?.Properties?.Targets).toMatchObject(
    contract.management.resources.LambdaFunctionSchedule?.targets?.map((Id) => ({ Id })) ?? [],
  );
});

/** A resource's name as the page writes it: `<exp>` stands for the management experience's id. */
function physicalNameOf(resource: ResourceOutline | undefined): string {
  const { Type = '', Properties = {} } = resource ?? {};
  const property = NAMES[Type];
  if (property === undefined) return '';
  const name = Properties[property];
  return typeof name === 'string' ? name.replace(`\${ManagementExperienceId}`, '<exp>') : 'unnamed';
}

/** The property that names a resource of a type. */
const NAMES: Readonly<Record<string, string>> = {
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::SNS::Topic': 'TopicName',
  'AWS::SQS::Queue': 'QueueName',
  'AWS::IAM::Role': 'RoleName',
  'AWS::Serverless::Function': 'FunctionName',
  'AWS::Events::Rule': 'Name',
  'AWS::Lambda::Alias': 'Name',
  'AWS::KMS::Key': 'KeyId',
  'AWS::Lambda::EventSourceMapping': 'UUID',
  'AWS::Organizations::ResourcePolicy': 'Id',
};
