import type { SampleContract, SampleResource, SampleTemplate } from './sample-contract.js';

/**
 * Templates that stand in for the Python sample's: they have its parameters, outputs, resources, names and keys
 * (deploy/sample-contract.json), and as little else as CloudFormation accepts. Their functions do nothing, but for the
 * custom resource's, which adds the permission that an upgrade must not lose.
 */
export function sampleStandIn(contract: SampleContract, part: 'management' | 'member'): string {
  const template = contract[part];
  const resources = Object.fromEntries(
    Object.entries(template.resources)
      // SAM makes these two out of the function's own properties.
      .filter(([name]) => !name.startsWith('SyncPMPMember') || name === 'SyncPMPMember')
      .map(([name, resource]) => [name, standIn(name, resource)]),
  );
  return JSON.stringify({
    Transform: 'AWS::Serverless-2016-10-31',
    Parameters: parameters(template),
    ...(part === 'management' && {
      Conditions: {
        FullDeployment: { 'Fn::Equals': [{ Ref: 'OnlyCrossAccountAccessRole' }, 'no'] },
        NotFullDeployment: { 'Fn::Not': [{ Condition: 'FullDeployment' }] },
      },
    }),
    Resources: resources,
    Outputs: outputs(template),
  });
}

function parameters({ parameters: declared }: SampleTemplate): object {
  return Object.fromEntries(
    Object.entries(declared).map(([name, { default: byDefault }]) => [
      name,
      { Type: 'String', ...(byDefault !== undefined && { Default: byDefault }) },
    ]),
  );
}

const sub = (text: string) => ({ 'Fn::Sub': text });
const arnOf = (name: string) => ({ 'Fn::GetAtt': [name, 'Arn'] });
const TABLE_ARN = `arn:aws:dynamodb:\${AWS::Region}:\${AWS::AccountId}:table/\${ManagementExperienceId}`;
const TOPIC_ARN = `arn:aws:sns:\${AWS::Region}:\${AWS::AccountId}:\${ManagementExperienceId}-PrivateMarketplace`;
const FUNCTION_ARN = `arn:aws:lambda:\${AWS::Region}:\${AWS::AccountId}:function:\${ManagementExperienceId}`;

function outputs({ outputs: names }: SampleTemplate): object {
  const values: Record<string, object> = {
    SNSTopicARN: sub(TOPIC_ARN),
    CrossAccountAccessRoleARN: arnOf('MemberOrgAccountRole'),
    ApprovedTableName: sub(`\${ManagementExperienceId}-ApprovedProducts`),
    RejectedTableName: sub(`\${ManagementExperienceId}-RejectedProducts`),
    SyncTimestampsTableName: sub(`\${ManagementExperienceId}-SyncTimestamps`),
  };
  return Object.fromEntries(names.map((name) => [name, { Value: values[name] }]));
}

function standIn(
  name: string,
  { type, condition, fixed = {}, keys = {}, targets = [] }: SampleResource,
): object {
  const named = Object.fromEntries(Object.entries(fixed).map(([property, text]) => [property, value(text)]));
  return {
    Type: type,
    ...(condition && { Condition: condition }),
    Properties: { ...named, ...properties(name, type, keys, targets) },
  };
}

/** A contract's bare text as CloudFormation's long form. */
function value(text: string): unknown {
  if (text.includes('${')) return sub(text);
  if (text.endsWith('.Arn')) return arnOf(text.slice(0, -'.Arn'.length));
  return /^[A-Z]\w+$/.test(text) ? { Ref: text } : text;
}

function properties(
  name: string,
  type: string,
  keys: Readonly<Record<string, string>>,
  targets: readonly string[],
): object {
  switch (type) {
    case 'AWS::DynamoDB::Table':
      return {
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: Object.keys(keys).map((key) => ({ AttributeName: key, AttributeType: 'S' })),
        KeySchema: Object.entries(keys).map(([AttributeName, KeyType]) => ({ AttributeName, KeyType })),
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: {
          SSEEnabled: true,
          SSEType: 'KMS',
          KMSMasterKeyId: { Ref: 'DynamoDBEncryptionKey' },
        },
      };
    case 'AWS::KMS::Key':
      return {
        KeyPolicy: policy([{ ...ALL, Principal: { AWS: sub(`arn:aws:iam::\${AWS::AccountId}:root`) } }]),
      };
    case 'AWS::IAM::Role':
      return role(name);
    case 'AWS::Serverless::Function':
      return {
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        InlineCode: name === 'SNSAddPermissionLambda' ? ADD_PERMISSION : 'exports.handler = async () => {};',
        Role: arnOf(ROLES[name] ?? ''),
        ...(name === 'SyncPMPMember' && {
          AutoPublishAlias: 'live',
          Events: {
            MySQSEvent: { Type: 'SQS', Properties: { Queue: arnOf('SQSSyncNotifications'), BatchSize: 1 } },
          },
        }),
      };
    case 'AWS::SSM::Parameter':
      return { Type: 'String', Value: name };
    case 'Custom::CustomResource':
      // The sample reads both from SSM, to these values; the emulator does not resolve {{resolve:ssm:…}}.
      return { ServiceToken: sub(`${FUNCTION_ARN}-SNSAddPermission`), TopicArn: sub(TOPIC_ARN) };
    case 'AWS::Events::Rule':
      return {
        ScheduleExpression: 'rate(1 hour)',
        Targets: targets.map((Id) => ({ Id, Arn: arnOf('SyncPMPManagement') })),
      };
    case 'AWS::SNS::TopicPolicy':
      return {
        PolicyDocument: {
          Id: sub(`\${ManagementExperienceId}-SNSTopicPolicy`),
          Version: '2012-10-17',
          Statement: [
            {
              Sid: 'Stmt1643807474528',
              Effect: 'Allow',
              Principal: { AWS: { Ref: 'MemberOrgAccountId' } },
              Action: ['sns:Subscribe'],
              Resource: { Ref: 'SNSUpdate' },
            },
          ],
        },
        Topics: [{ Ref: 'SNSUpdate' }],
      };
    case 'AWS::SQS::Queue':
      return { VisibilityTimeout: 1020, MessageRetentionPeriod: 3070 };
    case 'AWS::SQS::QueuePolicy':
      return {
        PolicyDocument: policy([{ ...ALL, Principal: { Service: 'sns.amazonaws.com' } }]),
        Queues: [{ Ref: 'SQSSyncNotifications' }],
      };
    case 'AWS::SNS::Subscription':
      return { Region: { Ref: 'AWS::Region' } };
    default:
      return {};
  }
}

const ALL = { Effect: 'Allow', Action: '*', Resource: '*' };
const ROLES: Readonly<Record<string, string>> = {
  SyncPMPManagement: 'SyncPMPExperienceManagementRole',
  SNSAddPermissionLambda: 'SnsAddPermissionRole',
  SyncPMPMember: 'lambdaPMProle',
};

function policy(Statement: readonly object[]): object {
  return { Version: '2012-10-17', Statement };
}

function role(name: string): object {
  const allow = (Principal: object, Action: string) => policy([{ Effect: 'Allow', Principal, Action }]);
  if (name !== 'MemberOrgAccountRole') {
    return { AssumeRolePolicyDocument: allow({ Service: 'lambda.amazonaws.com' }, 'sts:AssumeRole') };
  }
  const on = (table: string, actions: readonly string[]) => ({
    Effect: 'Allow',
    Action: actions,
    Resource: sub(`${TABLE_ARN}-${table}`),
  });
  return {
    AssumeRolePolicyDocument: allow(
      { AWS: sub(`arn:aws:iam::\${MemberOrgAccountId}:root`) },
      'sts:AssumeRole',
    ),
    Policies: [
      {
        PolicyName: 'tables',
        PolicyDocument: policy([
          on('ApprovedProducts', ['dynamodb:Scan', 'dynamodb:Query']),
          on('RejectedProducts', ['dynamodb:Scan', 'dynamodb:Query']),
          on('SyncTimestamps', ['dynamodb:UpdateItem']),
        ]),
      },
    ],
  };
}

/** Adds the permission and answers, with an id of another form than this project gives. */
const ADD_PERMISSION = `
exports.handler = async (event) => {
  const { AWSAccount, TopicArn } = event.ResourceProperties;
  if (event.RequestType === 'Create') {
    const [, , , region, account] = TopicArn.split(':');
    const form = new URLSearchParams({ Action: 'AddPermission', Version: '2010-03-31', TopicArn, Label: AWSAccount,
      'AWSAccountId.member.1': AWSAccount, 'ActionName.member.1': 'Subscribe' });
    const authorization = 'AWS4-HMAC-SHA256 Credential=' + account + '/20260101/' + region + '/sns/aws4_request';
    await fetch(process.env.AWS_ENDPOINT_URL, { method: 'POST', body: form, headers: { authorization } });
  }
  await fetch(event.ResponseURL, { method: 'PUT', body: JSON.stringify({ Status: 'SUCCESS', RequestId: event.RequestId,
    StackId: event.StackId, LogicalResourceId: event.LogicalResourceId,
    PhysicalResourceId: event.PhysicalResourceId || 'sample_SNSAddPermission_12345678' }) });
};`;
