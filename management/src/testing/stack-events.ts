import type {
  CloudFormationCustomResourceCreateEvent,
  CloudFormationCustomResourceDeleteEvent,
  CloudFormationCustomResourceUpdateEvent,
} from 'aws-lambda';

/** The properties that a stack gives the custom resource. */
export interface Properties {
  readonly AWSAccount?: unknown;
  readonly TopicArn?: unknown;
}

export const STACK_ID =
  'arn:aws:cloudformation:eu-central-1:111111111111:stack/member-two/0f6d3c5e-0d4c-4b52-9b0a-0c2f3f0a6f01';

const common = {
  ServiceToken: 'arn:aws:lambda:eu-central-1:111111111111:function:exp-abc123-SNSAddPermission',
  ResponseURL: 'http://127.0.0.1:1/answer',
  StackId: STACK_ID,
  RequestId: 'request-1',
  LogicalResourceId: 'SNSAddPermission',
  ResourceType: 'Custom::CustomResource',
};
const withToken = (properties: Properties) => ({ ServiceToken: common.ServiceToken, ...properties });

/** CloudFormation creates the resource. */
export function createEvent(properties: Properties): CloudFormationCustomResourceCreateEvent {
  return { ...common, RequestType: 'Create', ResourceProperties: withToken(properties) };
}

/** CloudFormation changes the resource's properties. */
export function updateEvent(
  PhysicalResourceId: string,
  old: Properties,
  properties: Properties,
): CloudFormationCustomResourceUpdateEvent {
  return {
    ...common,
    RequestType: 'Update',
    PhysicalResourceId,
    ResourceProperties: withToken(properties),
    OldResourceProperties: withToken(old),
  };
}

/** CloudFormation deletes the resource. */
export function deleteEvent(
  PhysicalResourceId: string,
  properties: Properties,
): CloudFormationCustomResourceDeleteEvent {
  return { ...common, RequestType: 'Delete', PhysicalResourceId, ResourceProperties: withToken(properties) };
}
