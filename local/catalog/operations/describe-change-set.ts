import { checkCatalog, isoTime, text } from '../fields.js';
import { EXPERIENCE_TYPE, statusOf } from '../marketplace.js';
import { arn, changeSetFor, type Run } from './operation.js';

/** DescribeChangeSet: a change set that the account started, or that is on an experience it may use. */
export const describeChangeSet: Run = (context, input) => {
  checkCatalog(input, 'catalog');
  const changeSet = changeSetFor(context, text(input, 'changeSetId'));
  return JSON.stringify({
    ChangeSetId: changeSet.id,
    ChangeSetArn: arn(changeSet.account, 'ChangeSet', changeSet.id),
    ChangeSetName: changeSet.name,
    Intent: 'APPLY',
    StartTime: isoTime(changeSet.startedAt),
    EndTime: changeSet.ended && isoTime(changeSet.endsAt),
    Status: statusOf(changeSet, context.now),
    FailureCode: changeSet.failureCode,
    FailureDescription: changeSet.failureDescription,
    ChangeSet: changeSet.changes.map((change) => ({
      ChangeType: change.type,
      Entity: { Type: EXPERIENCE_TYPE, Identifier: change.experience.id },
      Details: change.details,
      DetailsDocument: JSON.parse(change.details),
      ErrorDetailList: change.errors,
      ChangeName: change.name,
    })),
  });
};
