import { completed } from './lambda-context.js';

test('a context that Lambda gave is left as it is', () => {
  const context = { functionName: 'exp-abc-SyncPMPManagement', getRemainingTimeInMillis: () => 1234 };

  const result = completed(context, 'SyncPMPManagement', 300_000);

  expect(result.functionName).toBe('exp-abc-SyncPMPManagement');
  expect(result.getRemainingTimeInMillis()).toBe(1234);
});

test.each([undefined, {}])('what a caller leaves out is what the template says (%p)', (context) => {
  const result = completed(context, 'SyncPMPManagement', 300_000);

  expect(result.functionName).toBe('SyncPMPManagement');
  expect(result.getRemainingTimeInMillis()).toBe(300_000);
});
