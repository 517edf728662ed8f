import { describe, expect, it } from '@jest/globals';
import { overridesFromFlags } from '../../../../src/profile/overrides.ts';
import { parseProfile } from '../../../../src/targets/parse-profile.ts';
import { inputErrorsOf } from '../../../support/input-errors.ts';

const base = { devices: 100, duration: '5m' };

function errorsOf(profile: object): string[] {
  return inputErrorsOf(() => parseProfile({ ...base, ...profile })).map(
    ({ path, message }) => `${path}: ${message}`,
  );
}

describe('everySeconds by a distribution', () => {
  it.each<[unknown, object]>([
    ['5..15', { kind: 'uniform', minMs: 5_000, maxMs: 15_000 }],
    [{ exponential: 10 }, { kind: 'exponential', meanMs: 10_000 }],
    [{ normal: { mean: 10, sd: 2 } }, { kind: 'normal', meanMs: 10_000, sdMs: 2_000 }],
  ])('is %j, and its rate that of the mean', (everySeconds, gap) => {
    expect(parseProfile({ ...base, everySeconds })).toMatchObject({
      pattern: { kind: 'gaps', gap },
      startRatePerSecond: 10,
      stages: [{ durationMs: 300_000, targetPerSecond: 10 }],
    });
    const stages = [{ duration: '1m' }, { duration: '2m' }];
    const staged = parseProfile({ ...base, duration: undefined, stages, everySeconds });
    expect(staged.stages.map(({ targetPerSecond }) => targetPerSecond)).toEqual([10, 10]);
  });

  const cases: [string, object, string[]][] = [
    ['a range backwards', { everySeconds: '15..5' }, ['everySeconds: "15..5" ends before it begins']],
    ['gaps of 0', { everySeconds: '0..5' }, ['everySeconds: "0..5" has gaps of 0 seconds']],
    ['gaps below 0', { everySeconds: '-1..5' }, ['everySeconds: cannot be "-1..5"']],
    [
      'gaps longer than a day',
      { everySeconds: '1..86401' },
      ['everySeconds: "1..86401" has gaps longer than a day'],
    ],
    [
      'a mean of 0',
      { everySeconds: { exponential: 0 } },
      ['everySeconds.exponential: must be above 0, not 0'],
    ],
    [
      'a wide normal distribution',
      { everySeconds: { normal: { mean: 10, sd: 2.6 } } },
      ['everySeconds.normal.sd: is more than a quarter of the mean: gaps would be 0 seconds or less'],
    ],
    ['no distribution', { everySeconds: {} }, ['everySeconds: must have exponential or normal']],
    [
      'two distributions',
      { everySeconds: { exponential: 5, normal: { mean: 10, sd: 2 } } },
      ['everySeconds: must have exponential or normal'],
    ],
    [
      'jitter',
      { everySeconds: '5..15', jitter: '2s' },
      ['jitter: has no meaning with everySeconds by a distribution, which says when messages are due'],
    ],
    [
      'all devices together',
      { everySeconds: '5..15', together: true },
      ['together: has no meaning with everySeconds by a distribution, which says when messages are due'],
    ],
    [
      'Poisson arrivals',
      { everySeconds: '5..15', arrivals: 'poisson' },
      ['arrivals: has no meaning with everySeconds by a distribution, which says when messages are due'],
    ],
    [
      'more messages than a list holds',
      { devices: 100_000, everySeconds: { exponential: 2 } },
      [
        'everySeconds: by a distribution comes to about 15000000 messages, and such a load has 10000000 at most',
      ],
    ],
    [
      'weights',
      { everySeconds: '5..15', messages: { a: { weight: 2 }, b: {} } },
      ['everySeconds: cannot be divided between kinds of message by their weights'],
    ],
    [
      'more than a connection takes',
      { devices: 10, everySeconds: { exponential: 0.0125 } },
      [
        'everySeconds: gaps come to 106.8 messages in the busiest second of one device, and AWS IoT Core discards what is above 100 on a connection',
      ],
    ],
  ];
  it.each(cases)('is refused with %s', (_, profile, errors) => {
    expect(errorsOf(profile)).toEqual(errors);
  });

  it('replaces the arrivals of the top in a group, and is replaced by a load of its own', () => {
    const { groups } = parseProfile({
      duration: '5m',
      everySeconds: 60,
      jitter: '10s',
      groups: { meters: { devices: 10, everySeconds: '5..15' }, others: { devices: 10 } },
    });
    expect(groups!.map(({ pattern }) => pattern?.kind)).toEqual(['gaps', 'jitter']);
    const { messages } = parseProfile({
      ...base,
      messages: { a: { everySeconds: { exponential: 5 } }, b: { ratePerSecond: 2 } },
    });
    expect(messages!.map(({ pattern }) => pattern?.kind)).toEqual(['gaps', undefined]);
  });

  it.each<[unknown, object]>([
    ['5..15', { kind: 'uniform', minMs: 10_000, maxMs: 30_000 }],
    [{ exponential: 10 }, { kind: 'exponential', meanMs: 20_000 }],
    [{ normal: { mean: 10, sd: 2 } }, { kind: 'normal', meanMs: 20_000, sdMs: 4_000 }],
  ])('keeps its shape at another rate: %j', (everySeconds, gap) => {
    const scaled = parseProfile({ ...base, everySeconds }, overridesFromFlags({ rate: '5' }));
    expect(scaled.pattern).toEqual({ kind: 'gaps', gap });
  });
});
