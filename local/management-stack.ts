import { CreateTableCommand, type CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { TableName } from '../shared/identifiers.js';
import { createFunction, type Deployment } from './deployment.js';
import type { LambdaFunction } from './lambda.js';
import type { Stack, StackPlace } from './template.js';

/** The tables of a management stack. */
export interface StackTables {
  readonly approved: TableName;
  readonly rejected: TableName;
  readonly syncTimestamps: TableName;
}

/** A management stack that is deployed. */
export interface ManagementStack {
  readonly tables: StackTables;
  readonly topicArn: string;
  readonly lambda: LambdaFunction;
}

/** Creates the tables, the topic and the function that `management/template.yaml` describes. */
export async function deployManagement(
  stack: Stack,
  deployment: Deployment,
  documents: DynamoDBDocumentClient,
): Promise<ManagementStack> {
  const { account, region, queues } = deployment;
  const place: StackPlace = { account, region, refs: new Map() };
  const createTable = async (logicalId: string): Promise<TableName> => {
    const table = stack.properties(
      logicalId,
      ['TableName', 'AttributeDefinitions', 'KeySchema', 'BillingMode'],
      place,
    ) as CreateTableCommandInput; // a table's properties in a template are those of CreateTable
    await documents.send(new CreateTableCommand(table));
    return table.TableName as TableName; // the service has just taken it for one
  };
  const tables = {
    approved: await createTable('ApprovedProducts'),
    rejected: await createTable('RejectedProducts'),
    syncTimestamps: await createTable('SyncTimestampsTable'),
  };
  const { topicArn } = queues.createTopic(stack.text('SNSUpdate', 'TopicName', place), { region });
  const description = stack.function('SyncPMPManagement', {
    ...place,
    refs: new Map([
      ['ApprovedProducts', tables.approved],
      ['RejectedProducts', tables.rejected],
      ['SyncTimestampsTable', tables.syncTimestamps],
      ['SNSUpdate', topicArn],
    ]),
  });
  return { tables, topicArn, lambda: createFunction(description, deployment) };
}
