import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { makePlannedRate } from '../../../../src/plan/planned-rate.ts';
import { listStages } from '../../../../src/profile/load-shapes/stage-list.ts';
import { parseProfile } from '../../../../src/targets/parse-profile.ts';
import { randomCases } from '../../../support/effort.ts';
import { inputErrorsOf } from '../../../support/input-errors.ts';

const hours = [2, 1, 1, 1, 2, 5, 12, 20, 24, 22, 20, 20, 21, 20, 19, 18, 20, 24, 26, 22, 15, 9, 5, 3];
const hourMs = 3_600_000;

function errorsOf(stages: unknown, more: object = {}): string[] {
  return inputErrorsOf(() => parseProfile({ devices: 1_000, stages, ...more })).map(
    ({ path, message }) => `${path}: ${message}`,
  );
}

describe('a daily curve', () => {
  it('has each hour’s target at its full hour, day after day', () => {
    const { startRatePerSecond, stages } = parseProfile({ devices: 1_000, stages: [{ hours, days: 3 }] });
    expect(startRatePerSecond).toBe(0);
    const [jump, ...moves] = stages;
    expect(jump).toEqual({ durationMs: 0, targetPerSecond: 2 });
    expect(moves).toHaveLength(72);
    expect(new Set(moves.map(({ durationMs }) => durationMs))).toEqual(new Set([hourMs]));
    expect([2, ...moves.map(({ targetPerSecond }) => targetPerSecond)]).toEqual([
      ...hours,
      ...hours,
      ...hours,
      2,
    ]);
  });

  it('begins without a jump where the load is at its first target', () => {
    const { stages } = parseProfile({ devices: 1_000, startRate: 2, stages: [{ hours }] });
    expect(stages).toHaveLength(24);
    expect(stages[0]).toEqual({ durationMs: hourMs, targetPerSecond: 1 });
  });

  it('may be of users, and of a kind of message', () => {
    expect(parseProfile({ thinkTime: '1s', stages: [{ hours }] })).toMatchObject({ devices: 26 });
    const { messages } = parseProfile({
      devices: 1_000,
      duration: '24h',
      messages: { reading: { stages: [{ hours }] }, status: { everySeconds: 60 } },
    });
    expect(messages?.[0]?.stages.at(-1)).toEqual({ durationMs: hourMs, targetPerSecond: 2 });
  });

  it('has exactly the integral of its straight lines', () => {
    const curves = fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 24, maxLength: 24 });
    const shares = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(curves, fc.integer({ min: 1, max: 30 }), shares, (curve, days, share) => {
        fc.pre(curve.some((rate) => rate > 0));
        const { startRatePerSecond, stages } = parseProfile({
          devices: 1_000_000,
          stages: [{ hours: curve, days }],
        });
        const rate = makePlannedRate({ startRatePerSecond, stages });
        expect(rate.durationMs).toBe(days * 24 * hourMs);
        const at = Math.floor(share * rate.durationMs);
        const exact = messagesBy(curve, at);
        expect(Math.abs(rate.messagesBy(at) - exact)).toBeLessThanOrEqual(1e-12 * Math.max(1, exact));
      }),
      randomCases(),
    );
  });
});

/** By whole numbers: all times 7.2 · 10⁹, a hour at a time. */
function messagesBy(curve: readonly number[], ms: number): number {
  let scaled = 0n;
  for (let hour = 0; hour * hourMs < ms; hour++) {
    const from = BigInt(curve[hour % 24]!);
    const to = BigInt(curve[(hour + 1) % 24]!);
    const t = BigInt(Math.min(hourMs, ms - hour * hourMs));
    scaled += 7_200_000n * from * t + (to - from) * t * t;
  }
  return Number(scaled / 7_200_000n) / 1_000 + Number(scaled % 7_200_000n) / 7.2e9;
}

describe('repeated stages', () => {
  const day = { duration: '16h', target: 2_000 };
  const night = { duration: '8h', target: 500 };

  it('are gone through one round after the other', () => {
    const repeated = { devices: 1_000, startRate: 500, stages: [{ repeat: 3, stages: [day, night] }] };
    const written = { ...repeated, stages: [day, night, day, night, day, night] };
    expect(parseProfile(repeated)).toEqual(parseProfile(written));
  });

  it('may be days of a week', () => {
    const week = [
      { hours, days: 5 },
      { hours: hours.map((rate) => rate / 2), days: 2 },
    ];
    const { stages } = parseProfile({ devices: 1_000, stages: [{ repeat: 4, stages: week }] });
    // A jump where one curve follows the other.
    expect(stages).toHaveLength(4 * (7 * 24 + 2));
    expect(stages.reduce((sum, { durationMs }) => sum + durationMs, 0)).toBe(4 * 7 * 24 * hourMs);
  });

  it('only say how long beside everySeconds', () => {
    const stages = [{ repeat: 3, stages: [{ duration: '1h' }, { duration: '2h' }] }];
    const profile = parseProfile({ devices: 60, everySeconds: 60, stages });
    expect(profile.stages.map(({ durationMs }) => durationMs / hourMs)).toEqual([1, 2, 1, 2, 1, 2]);
  });

  it('are those that a list without them has', () => {
    const plain = fc.record({
      duration: fc.constantFrom('0s', '5m', '1h'),
      target: fc.integer({ min: 0, max: 9 }),
    });
    const entry = fc.oneof(
      plain,
      fc.record({ repeat: fc.integer({ min: 1, max: 4 }), stages: fc.array(plain, { minLength: 1 }) }),
    );
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 5 }), (entries) => {
        const written = entries.flatMap((each) =>
          'repeat' in each ? Array.from({ length: each.repeat }, () => each.stages).flat() : [each],
        );
        expect(listStages(entries).map(({ stage }) => stage)).toEqual(written);
      }),
      randomCases(),
    );
  });
});

describe('a list of stages', () => {
  it.each<[string, unknown[], string]>([
    ['a stage without a duration', [{ target: 5 }], 'stages[0].duration: is missing'],
    ['a repetition of nothing', [{ repeat: 3 }], 'stages[0].repeat: needs stages'],
    [
      'stages that are not repeated',
      [{ stages: [{ duration: '1h', target: 1 }] }],
      'stages[0].repeat: is missing',
    ],
    [
      'a target of repeated stages',
      [{ repeat: 2, target: 5, stages: [{ duration: '1h', target: 1 }] }],
      'stages[0].target: has no meaning beside stages, which have targets of their own',
    ],
    [
      'a curve that has a duration too',
      [{ hours, duration: '72h' }],
      'stages[0].duration: cannot stand beside hours, which says how long as well',
    ],
    ['days of no curve', [{ duration: '1h', target: 1, days: 2 }], 'stages[0].days: needs hours'],
    [
      'a curve of 23 hours',
      [{ hours: hours.slice(1) }],
      'stages[0].hours: must have exactly 24 entries, not 23',
    ],
    [
      'a repeated stage without a target',
      [{ repeat: 9, stages: [{ duration: '1h' }] }],
      'stages[0].stages[0].target: is missing',
    ],
    [
      'a curve with a rate that is none',
      [{ hours: hours.with(7, -1) }],
      'stages[0].hours[7]: must be at least 0, not -1',
    ],
    [
      'too many stages',
      [
        {
          repeat: 501,
          stages: [
            { duration: '1m', target: 1 },
            { duration: '1m', target: 2 },
          ],
        },
      ],
      'stages: come to more than 1,000 stages, which is the most that a load has',
    ],
    [
      'too many days',
      [{ repeat: 1_000, stages: [{ hours, days: 30 }] }],
      'stages: come to more than 1,000 stages, which is the most that a load has',
    ],
  ])('refuses %s', (_, stages, error) => {
    expect(errorsOf(stages)).toEqual([error]);
  });

  it('refuses a curve beside everySeconds, and of users that are not whole', () => {
    expect(errorsOf([{ hours }], { everySeconds: 60 })).toEqual([
      'stages[0].hours: has no meaning with everySeconds, which says the rate',
    ]);
    expect(errorsOf([{ hours: hours.with(3, 1.5), days: 2 }], { thinkTime: '1s' })).toEqual([
      'stages[0].hours: must be a whole number of users, not 1.5',
    ]);
  });

  it('refuses a repetition within one', () => {
    const inner = { repeat: 2, duration: '1h', target: 1 };
    expect(errorsOf([{ repeat: 2, stages: [inner] }])[0]).toBe(
      'stages[0].stages[0].repeat: is not a setting of a load profile',
    );
  });
});
