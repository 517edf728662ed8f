import { describe, expect, it } from '@jest/globals';
import type { LoadProfile } from '../../../../src/profile/load-profile.ts';
import { parseProfile as parseLoadProfile } from '../../../../src/targets/parse-profile.ts';
import { inputErrorsOf } from '../../../support/input-errors.ts';

function parse(profile: object): LoadProfile {
  return parseLoadProfile({ devices: 100, ...profile });
}

function errorsOf(profile: object): (readonly [string, string])[] {
  return inputErrorsOf(() => parse(profile)).map(({ path, message }) => [path, message]);
}

const burst = { count: 10, spacing: '100ms', everySeconds: 60 };
const every = { everySeconds: 60, duration: '5m' };

describe('the pattern of arrivals', () => {
  it('is even unless set', () => {
    expect(parse(every).pattern).toBeUndefined();
    expect(parse({ ...every, arrivals: 'even', jitter: '0s', together: false }).pattern).toBeUndefined();
  });

  it('is what the settings say', () => {
    const patternOf = (profile: object) => parse({ duration: '5m', ...profile }).pattern;
    expect(patternOf({ ratePerSecond: 10, arrivals: 'poisson' })).toEqual({ kind: 'poisson' });
    expect(patternOf({ everySeconds: 60, jitter: '30s' })).toEqual({ kind: 'jitter', spreadMs: 30_000 });
    expect(patternOf({ everySeconds: 60, together: true })).toEqual({
      kind: 'pulse',
      everyMs: 60_000,
      lastsMs: 1_000,
      isRandom: false,
    });
    expect(patternOf({ burst, together: true, jitter: '20s' })).toEqual({
      kind: 'burst',
      count: 10,
      spacingMs: 100,
      everyMs: 60_000,
      together: { lastsMs: 20_000, isRandom: true },
    });
  });

  it('is of a group, and of a kind of message', () => {
    const { groups } = parse({
      devices: undefined,
      duration: '5m',
      everySeconds: 60,
      jitter: '10s',
      groups: {
        meters: { devices: 10 },
        sirens: { devices: 10, burst },
        mixed: {
          devices: 10,
          arrivals: 'poisson',
          messages: { often: { weight: 3, arrivals: 'even' }, seldom: {}, alarm: { burst } },
        },
      },
    });
    const [meters, sirens, mixed] = groups!;
    expect(meters?.pattern).toEqual({ kind: 'jitter', spreadMs: 10_000 });
    expect(sirens?.pattern?.kind).toBe('burst');
    expect(mixed?.pattern).toBeUndefined();
    expect(mixed?.messages?.map(({ pattern }) => pattern?.kind)).toEqual([undefined, 'poisson', 'burst']);
  });

  it('is one pattern', () => {
    expect(errorsOf({ duration: '5m', ratePerSecond: 1, burst })).toEqual([
      ['ratePerSecond', 'the load is given twice, by burst too'],
    ]);
    expect(errorsOf({ ...every, arrivals: 'poisson', jitter: '1s' })).toEqual([
      ['arrivals', 'cannot be poisson with jitter'],
    ]);
    expect(errorsOf({ ...every, arrivals: 'poisson', together: true })).toEqual([
      ['arrivals', 'cannot be poisson with together'],
    ]);
    expect(errorsOf({ duration: '5m', burst, jitter: '1s' })).toEqual([
      ['jitter', 'has no meaning for bursts that begin one after the other over the whole period'],
    ]);
    expect(errorsOf({ duration: '5m', ratePerSecond: 1, together: true })).toEqual([
      ['together', 'needs everySeconds or burst, which say when all devices come'],
    ]);
    expect(errorsOf({ everySeconds: 60, stages: [{ duration: '5m' }], together: true })).toEqual([
      ['together', 'makes stages of its own, one in each period'],
    ]);
  });

  it('has no meaning for users', () => {
    expect(errorsOf({ devices: undefined, users: 5, duration: '5m', jitter: '1s' })).toEqual([
      ['jitter', 'has no meaning for users, who send when they have their answer'],
    ]);
  });

  it('fits into its period and into the run', () => {
    expect(errorsOf({ duration: '5m', burst: { count: 100, spacing: '1s', everySeconds: 60 } })).toEqual([
      ['burst.everySeconds', 'is 1m, and what begins in it takes 1m39s'],
    ]);
    expect(errorsOf({ duration: '5m', everySeconds: 20, together: true, jitter: '30s' })).toEqual([
      ['everySeconds', 'is 20s, and what begins in it takes 30s'],
    ]);
    expect(errorsOf({ duration: '800ms', burst })).toEqual([
      ['duration', 'is too short: nothing that begins in it ends in it'],
    ]);
    expect(errorsOf({ duration: '5m', burst: { ...burst, spacing: '0s' } })).toEqual([
      ['burst.spacing', 'must be at least 1ms, not 0s'],
    ]);
    expect(errorsOf({ duration: '5m', burst })).toEqual([]);
  });

  it('is not divided by weights where all devices come at once', () => {
    const messages = { a: {}, b: { weight: 2 } };
    const message = 'cannot be divided between kinds of message by their weights';
    expect(errorsOf({ duration: '5m', burst, messages })).toEqual([['burst', message]]);
    expect(errorsOf({ ...every, together: true, messages })).toEqual([['together', message]]);
    expect(errorsOf({ ...every, messages: { a: { together: true } } })).toEqual([
      ['messages.a.together', message],
    ]);
  });

  it('keeps bursts of one device below what the target takes of it', () => {
    expect(errorsOf({ duration: '5m', burst: { ...burst, count: 200, spacing: '5ms' } })).toEqual([
      [
        'burst.spacing',
        'bursts come to 200 messages a second of one device, and AWS IoT Core discards what is above 100 on a connection',
      ],
    ]);
  });
});

describe('the stages of a pattern', () => {
  const stagesOf = (profile: object) =>
    parse(profile).stages.map(({ durationMs, targetPerSecond }) => [durationMs, targetPerSecond]);

  it('are a pulse in each period', () => {
    expect(stagesOf({ everySeconds: 20, together: true, duration: '45s' })).toEqual([
      [0, 100],
      [1_000, 100],
      [0, 0],
      [19_000, 0],
      [0, 100],
      [1_000, 100],
      [0, 0],
      [19_000, 0],
      [0, 100],
      [1_000, 100],
      [0, 0],
      [4_000, 0],
    ]);
  });

  it('rise and fall over the length of a burst', () => {
    // 98 bursts begin within 58.8 s, 600 ms apart, and the last of them ends 0.3 s before the run.
    expect(stagesOf({ duration: '1m', burst })).toEqual([
      [900, 980 / 58.8],
      [57_900, 980 / 58.8],
      [900, 0],
      [300, 0],
    ]);
  });

  it('are no more than a load may have', () => {
    expect(errorsOf({ everySeconds: 2, together: true, duration: '20m' })).toEqual([
      ['everySeconds', 'comes to 2400 stages, some for each period, and a load has 1000 at most'],
    ]);
  });
});
