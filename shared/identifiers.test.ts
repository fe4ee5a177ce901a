import { isExperienceId } from './identifiers.js';

describe('An experience id', () => {
  it.each(['exp-a', 'exp-1', 'exp-abcDEF123'])('can be %s', (text) => {
    expect(isExperienceId(text)).toBe(true);
  });

  it.each(['', 'exp-', ' exp-a', 'exp-a\n', 'exp-a b', 'xexp-a', 'exp-a_b', 'procpolicy-a'])(
    'can not be %j',
    (text) => {
      expect(isExperienceId(text)).toBe(false);
    },
  );
});
