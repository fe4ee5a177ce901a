import { resourceInUse } from '../errors.js';
import { checkCatalog, text } from '../fields.js';
import { statusOf } from '../marketplace.js';
import { arn, changeSetFor, type Run } from './operation.js';

/** CancelChangeSet: as long as the change set is PREPARING. */
export const cancelChangeSet: Run = (context, input) => {
  checkCatalog(input, 'catalog');
  const changeSet = changeSetFor(context, text(input, 'changeSetId'));
  const status = statusOf(changeSet, context.now);
  if (status !== 'PREPARING') {
    throw resourceInUse(`Change set ${changeSet.id} is ${status} and cannot be cancelled`);
  }
  context.marketplace.cancel(changeSet, context.now);
  return JSON.stringify({
    ChangeSetId: changeSet.id,
    ChangeSetArn: arn(changeSet.account, 'ChangeSet', changeSet.id),
  });
};
