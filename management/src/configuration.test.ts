import { ConfigurationError } from '../../shared/environment.js';
import { readConfiguration } from './configuration.js';

const ENVIRONMENT = {
  MANAGEMENT_EXPERIENCE_ID: 'exp-abc123',
  APPROVED_TABLE_NAME: 'exp-abc123-ApprovedProducts',
  REJECTED_TABLE_NAME: 'exp-abc123-RejectedProducts',
  SYNC_TIMESTAMPS_TABLE_NAME: 'exp-abc123-SyncTimestamps',
  SNS_TOPIC_ARN: 'arn:aws:sns:eu-central-1:111111111111:exp-abc123-PrivateMarketplace',
};

describe('The configuration of the management function', () => {
  it('is read from its environment', () => {
    expect(readConfiguration(ENVIRONMENT)).toEqual({
      experience: 'exp-abc123',
      tables: { approved: 'exp-abc123-ApprovedProducts', rejected: 'exp-abc123-RejectedProducts' },
      syncTimestampsTable: 'exp-abc123-SyncTimestamps',
      topicArn: 'arn:aws:sns:eu-central-1:111111111111:exp-abc123-PrivateMarketplace',
      alwaysNotify: true,
      staleAfterHours: 3,
    });
  });

  it.each(Object.keys(ENVIRONMENT))('needs %s, and in the right form', (variable) => {
    for (const value of [undefined, '', '“”', 'no/such:thing']) {
      const read = () => readConfiguration({ ...ENVIRONMENT, [variable]: value });
      expect(read).toThrow(ConfigurationError);
      expect(read).toThrow(new RegExp(`^${variable} is `));
    }
  });

  it('can ask for a notification after changes only', () => {
    expect(readConfiguration({ ...ENVIRONMENT, ALWAYS_NOTIFY: 'no' }).alwaysNotify).toBe(false);
    expect(readConfiguration({ ...ENVIRONMENT, ALWAYS_NOTIFY: 'yes' }).alwaysNotify).toBe(true);
  });

  it.each([
    ['ALWAYS_NOTIFY', 'sometimes'],
    ['STALE_AFTER_HOURS', '-1'],
    ['LOG_LEVEL', 'LOUD'],
  ])('refuses a malformed %s by name, although it is optional', (variable, value) => {
    expect(() => readConfiguration({ ...ENVIRONMENT, [variable]: value })).toThrow(
      new RegExp(`^${variable} is "${value}": it must be `),
    );
  });
});
