import fc from 'fast-check';
import {
  ConfigurationError,
  checkLogLevel,
  optionalChoice,
  optionalExperienceIds,
  optionalNumber,
  requiredExperienceId,
  requiredRoleArn,
  requiredTableName,
  requiredTopicArn,
} from './environment.js';

const TOPIC = 'arn:aws:sns:eu-central-1:111111111111:exp-abc123-PrivateMarketplace';

describe('A required variable', () => {
  const readers = {
    'an experience id': requiredExperienceId,
    'a table name': requiredTableName,
    'a topic ARN': requiredTopicArn,
    'a role ARN': requiredRoleArn,
  };

  it.each(Object.entries(readers))(
    'that holds %s is refused by name when it is missing or blank',
    (_, read) => {
      for (const env of [{}, { SOME_VARIABLE: undefined }, { SOME_VARIABLE: '' }, { SOME_VARIABLE: '  ' }]) {
        expect(() => read(env, 'SOME_VARIABLE')).toThrow(ConfigurationError);
        expect(() => read(env, 'SOME_VARIABLE')).toThrow(/^SOME_VARIABLE is not set: it must be /);
      }
    },
  );

  it.each(Object.entries(readers))(
    'that holds %s is refused by name and value when it is malformed',
    (_, read) => {
      expect(() => read({ SOME_VARIABLE: '“no such thing”' }, 'SOME_VARIABLE')).toThrow(
        /^SOME_VARIABLE is "“no such thing”": it must be /,
      );
    },
  );

  it('may have white space around it, as pasted values do', () => {
    expect(requiredExperienceId({ ID: ' exp-abc123\n' }, 'ID')).toBe('exp-abc123');
  });
});

describe('An experience id', () => {
  it.each(['exp', 'exp-', 'EXP-abc', 'exp-abc-def', 'exp-äbc', 'procpolicy-abc', 'exp-abc,exp-def'])(
    'is not %s',
    (text) => {
      expect(() => requiredExperienceId({ ID: text }, 'ID')).toThrow(ConfigurationError);
    },
  );
});

describe('A topic ARN', () => {
  it('tells the Region of the topic', () => {
    expect(requiredTopicArn({ TOPIC }, 'TOPIC')).toEqual({ arn: TOPIC, region: 'eu-central-1' });
  });

  it.each(['cn', 'us-gov', 'eusc'])('may be of the partition aws-%s', (partition) => {
    const arn = TOPIC.replace('arn:aws:', `arn:aws-${partition}:`);
    expect(requiredTopicArn({ TOPIC: arn }, 'TOPIC').arn).toBe(arn);
  });

  it.each([
    'arn:aws:sqs:eu-central-1:111111111111:queue',
    'arn:aws:sns:eu-central-1:1111:topic',
    'arn:aws:sns:eu-central-1:111111111111:topic:0f6d3c5e-0d4c-4b52-9b0a-0c2f3f0a6f01',
  ])('is not %s', (arn) => {
    expect(() => requiredTopicArn({ TOPIC: arn }, 'TOPIC')).toThrow(/TOPIC is "arn:/);
  });
});

describe('A role ARN', () => {
  it('may have a path', () => {
    const arn = 'arn:aws:iam::111111111111:role/team/exp-abc-MemberOrgAccountRole-1A2B3C';
    expect(requiredRoleArn({ ROLE: arn }, 'ROLE')).toBe(arn);
  });

  it('is not the ARN of a user', () => {
    expect(() => requiredRoleArn({ ROLE: 'arn:aws:iam::111111111111:user/jane' }, 'ROLE')).toThrow(
      /ROLE is /,
    );
  });
});

describe('A list of experience ids', () => {
  it.each([{}, { IDS: '' }, { IDS: ' ' }])('stands for every live experience when it is blank: %j', (env) => {
    expect(optionalExperienceIds(env, 'IDS')).toBeUndefined();
  });

  it('has each id once, in the order given, whatever the white space', () => {
    expect(optionalExperienceIds({ IDS: ' exp-b , exp-a,exp-b ' }, 'IDS')).toEqual(['exp-b', 'exp-a']);
  });

  it('is refused with the names of all entries that are no experience ids, pasted curly quotes included', () => {
    const read = () => optionalExperienceIds({ IDS: '“exp-a”,exp-b,all of them,' }, 'IDS');
    expect(read).toThrow(ConfigurationError);
    expect(read).toThrow(/^IDS holds "“exp-a”", "all of them", "": /);
  });

  it('is either accepted with nothing but experience ids in it, or refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'exp-ab1 ,“”"') }), (text) => {
        try {
          const ids = optionalExperienceIds({ IDS: text }, 'IDS');
          expect(ids ?? ['exp-any']).not.toHaveLength(0);
          for (const id of ids ?? []) expect(id).toMatch(/^exp-[A-Za-z0-9]+$/);
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigurationError);
        }
      }),
    );
  });
});

describe('A number', () => {
  it('has a default', () => {
    expect(optionalNumber({}, 'SECONDS', 2, { above: 0 })).toBe(2);
    expect(optionalNumber({ SECONDS: ' ' }, 'SECONDS', 2, { above: 0 })).toBe(2);
  });

  it('may be a fraction', () => {
    expect(optionalNumber({ SECONDS: '0.05' }, 'SECONDS', 2, { above: 0 })).toBe(0.05);
  });

  it.each(['0', '-1', 'two', 'NaN', 'Infinity', '2s'])('above 0 is not %s', (text) => {
    expect(() => optionalNumber({ SECONDS: text }, 'SECONDS', 2, { above: 0 })).toThrow(
      `SECONDS is "${text}": it must be a number above 0`,
    );
  });

  it('may have both bounds, which belong to it', () => {
    const percent = (text: string) => optionalNumber({ PERCENT: text }, 'PERCENT', 100, { from: 1, to: 100 });
    expect([percent('1'), percent('100')]).toEqual([1, 100]);
    expect(() => percent('101')).toThrow('it must be a number from 1 to 100');
    expect(() => percent('0')).toThrow(ConfigurationError);
  });
});

describe('A choice', () => {
  it('is the first word when it is blank, and otherwise one of the words', () => {
    expect(optionalChoice({}, 'MODE', ['sync', 'dry-run'])).toBe('sync');
    expect(optionalChoice({ MODE: 'dry-run' }, 'MODE', ['sync', 'dry-run'])).toBe('dry-run');
    expect(() => optionalChoice({ MODE: 'Sync' }, 'MODE', ['sync', 'dry-run'])).toThrow(
      'MODE is "Sync": it must be sync or dry-run.',
    );
  });
});

describe('LOG_LEVEL', () => {
  it.each([undefined, '', 'INFO', 'debug', 'SILENT'])('may be %j', (level) => {
    expect(() => checkLogLevel({ LOG_LEVEL: level })).not.toThrow();
  });

  it('is refused by name when no logger knows it', () => {
    expect(() => checkLogLevel({ LOG_LEVEL: 'LOUD' })).toThrow(/^LOG_LEVEL is "LOUD": it must be /);
  });
});
