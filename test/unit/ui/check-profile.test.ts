import { expect, it } from '@jest/globals';
import { checkProfile } from '../../../src/ui/check-profile.ts';

it('refuses a payload function by a path that begins nowhere', () => {
  const problemsOf = (file: string) => {
    const publish = { encoding: { module: { file } } };
    const profile = { devices: 1, duration: '1s', messages: { a: { ratePerSecond: 1, ...publish } } };
    return checkProfile(JSON.stringify(profile)).answer.problems;
  };
  expect(problemsOf('./own.mjs')).toMatchObject([
    {
      path: 'messages.a.encoding.module.file',
      message: expect.stringContaining('this profile is from none'),
    },
  ]);
  expect(problemsOf('/somewhere/own.mjs')).toEqual([]);
});
