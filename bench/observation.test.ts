import type { CatalogEvent } from '../local/catalog/events.js';
import { Observation } from './observation.js';

const MEMBER = '222222222222';

/** A change set of one experience, from its start to its end. */
function changeSet(experience: string, startedAt: number, at: number, account = MEMBER): CatalogEvent {
  return {
    kind: 'change set ended',
    at,
    id: `${experience}-${at}`,
    account,
    experiences: [experience],
    startedAt,
    status: 'SUCCEEDED',
  };
}

function request(operation: 'StartChangeSet' | 'DescribeChangeSet', error?: string): CatalogEvent {
  const status = error ? 429 : 200;
  return { kind: 'request', at: 0, account: MEMBER, operation, status, ...(error && { error }) };
}

function observe(...events: CatalogEvent[]): Observation {
  const observation = new Observation(MEMBER);
  for (const event of events) observation.note(event);
  return observation;
}

test('the critical path is the longest sum of one experience, without the gaps', () => {
  const { criticalPathMs, changeSets } = observe(
    changeSet('exp-a', 0, 30),
    changeSet('exp-b', 0, 45),
    changeSet('exp-a', 35, 60),
  );

  expect({ criticalPathMs, changeSets }).toEqual({ criticalPathMs: 55, changeSets: 3 });
});

test('the gap is the mean time between two change sets of the same experience', () => {
  const { meanGapMs } = observe(
    changeSet('exp-a', 0, 30),
    changeSet('exp-b', 10, 40),
    changeSet('exp-a', 31, 60),
    changeSet('exp-a', 63, 90),
  );

  expect(meanGapMs).toBe(2);
});

test('nothing that another account did counts', () => {
  const { changeSets, calls } = observe(changeSet('exp-a', 0, 30, '111111111111'), {
    ...request('StartChangeSet'),
    account: '111111111111',
  } as CatalogEvent);

  expect({ changeSets, calls }).toEqual({ changeSets: 0, calls: 0 });
});

test('a throttled request counts among the calls and apart', () => {
  const { calls, callsByOperation, throttled } = observe(
    request('StartChangeSet', 'ThrottlingException'),
    request('StartChangeSet'),
    request('DescribeChangeSet'),
  );

  expect({ calls, throttled }).toEqual({ calls: 3, throttled: 1 });
  expect(callsByOperation).toEqual({ StartChangeSet: 2, DescribeChangeSet: 1 });
});

test('without a change set there is no path and no gap', () => {
  const { criticalPathMs, meanGapMs } = observe();

  expect([criticalPathMs, meanGapMs]).toEqual([0, 0]);
});
