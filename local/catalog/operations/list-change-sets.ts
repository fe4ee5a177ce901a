import { invalid } from '../errors.js';
import {
  asksForShared,
  checkCatalog,
  count,
  fields,
  filters,
  isoTime,
  optionalText,
  page,
} from '../fields.js';
import { type ChangeSet, statusOf } from '../marketplace.js';
import { arn, type Run } from './operation.js';

/** ListChangeSets, Filter: the names that the reference gives, and the scope. */
const FILTERS = [
  'ChangeSetName',
  'Status',
  'EntityId',
  'BeforeStartTime',
  'AfterStartTime',
  'BeforeEndTime',
  'AfterEndTime',
  'Scope',
];

/**
 * ListChangeSets: what was started on experiences that the account owns, or on none; with the filter
 * `Scope: SharedWithMe` what was started on experiences that are shared with it. The latest comes first.
 */
export const listChangeSets: Run = ({ marketplace, account, now }, input) => {
  checkCatalog(input, 'Catalog');
  const found = filters(input, FILTERS);
  const shared = asksForShared(found);
  const most = count(input, 'MaxResults', 20, 20);
  const sort = input.Sort === undefined ? {} : fields(input.Sort, 'Sort');
  const by = optionalText(sort, 'SortBy') ?? 'StartTime';
  const order = optionalText(sort, 'SortOrder') ?? 'DESCENDING';
  if (by !== 'StartTime' && by !== 'EndTime') throw invalid('SortBy must be StartTime or EndTime');
  if (order !== 'ASCENDING' && order !== 'DESCENDING') {
    throw invalid('SortOrder must be ASCENDING or DESCENDING');
  }
  const time = (name: string): number | undefined => {
    const value = found.get(name)?.[0];
    if (value === undefined) return undefined;
    const ms = Date.parse(value);
    if (Number.isNaN(ms)) throw invalid(`${name} must be a time in ISO 8601`);
    return ms;
  };
  const beforeStart = time('BeforeStartTime') ?? Number.POSITIVE_INFINITY;
  const afterStart = time('AfterStartTime') ?? Number.NEGATIVE_INFINITY;
  const beforeEnd = time('BeforeEndTime');
  const afterEnd = time('AfterEndTime');

  const fits = (changeSet: ChangeSet): boolean =>
    changeSet.experiences.every(({ owner, sharedWith }) =>
      shared ? sharedWith.has(account) : owner === account,
    ) &&
    (found.get('ChangeSetName')?.includes(changeSet.name ?? '') ?? true) &&
    (found.get('Status')?.includes(statusOf(changeSet, now)) ?? true) &&
    (found.get('EntityId')?.some((id) => changeSet.experiences.some((entity) => entity.id === id)) ?? true) &&
    changeSet.startedAt < beforeStart &&
    changeSet.startedAt > afterStart &&
    (beforeEnd === undefined || (changeSet.ended !== undefined && changeSet.endsAt < beforeEnd)) &&
    (afterEnd === undefined || (changeSet.ended !== undefined && changeSet.endsAt > afterEnd));

  const key = (changeSet: ChangeSet): number =>
    by === 'StartTime' ? changeSet.startedAt : changeSet.ended ? changeSet.endsAt : Number.MAX_VALUE;
  const direction = order === 'ASCENDING' ? 1 : -1;
  const all = [...marketplace.changeSets.values()].filter(fits).sort((a, b) => direction * (key(a) - key(b)));
  const { items, NextToken } = page(all, most, optionalText(input, 'NextToken'), [
    account,
    ...found,
    by,
    order,
  ]);
  return JSON.stringify({
    ChangeSetSummaryList: items.map((changeSet) => ({
      ChangeSetId: changeSet.id,
      ChangeSetArn: arn(changeSet.account, 'ChangeSet', changeSet.id),
      ChangeSetName: changeSet.name,
      StartTime: isoTime(changeSet.startedAt),
      EndTime: changeSet.ended && isoTime(changeSet.endsAt),
      Status: statusOf(changeSet, now),
      EntityIdList: changeSet.experiences.map(({ id }) => id),
      FailureCode: changeSet.failureCode,
    })),
    NextToken,
  });
};
