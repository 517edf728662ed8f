import { describe, expect, it } from '@jest/globals';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { slopeThresholdsOf } from '../../../src/profile/slope-thresholds.ts';
import { InvalidInputError } from '../../../src/shared/errors.ts';

const base = { name: 'slopes', devices: 10, stages: [{ duration: '1h', target: 10 }] };

function errorsOf(thresholds: object, more: object = {}): string[] {
  try {
    parseLoadProfile({ ...base, thresholds, ...more });
    return [];
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    return error.errors.map(({ path, message, hint }) => `${path}: ${message} → ${hint}`);
  }
}

describe('thresholds about slopes', () => {
  it('are read with their figure and their place in the profile', () => {
    const { thresholds } = parseLoadProfile({
      ...base,
      thresholds: {
        end_to_end_latency: ['p(99)<500', 'p(99).slope<1%/h', ' med . slope <= 0.5 % / h '],
        lost: ['rate.slope<0.1%/h'],
        memory: ['value.slope<1e1%/h'],
      },
    });
    expect(slopeThresholdsOf(thresholds)).toEqual([
      {
        path: 'thresholds.end_to_end_latency[1]',
        metric: 'end_to_end_latency',
        aggregation: 'p(99)',
        percentile: 99,
      },
      {
        path: 'thresholds.end_to_end_latency[2]',
        metric: 'end_to_end_latency',
        aggregation: 'p(50)',
        percentile: 50,
      },
      { path: 'thresholds.lost[0]', metric: 'lost_messages', aggregation: 'rate' },
      { path: 'thresholds.memory[0]', metric: 'memory', aggregation: 'value' },
    ]);
  });

  it('replace no default: a run may lose the same share from beginning to end', () => {
    const thresholds = {
      lost_messages: ['rate.slope<0.1%/h'],
      dropped_messages: ['rate.slope<0.1%/h', 'rate<0.1'],
    };
    const judged = parseLoadProfile({ ...base, thresholds }).thresholds;
    const expressionsOf = (metric: string) => judged[metric]?.map(({ expression }) => expression);
    expect(expressionsOf('lost_messages')).toEqual(['rate.slope<0.1%/h', 'count==0']);
    expect(expressionsOf('dropped_messages')).toEqual(['rate.slope<0.1%/h', 'rate<0.1']);
  });

  it.each<[string, object, string]>([
    ['a unit is missing', { memory: ['value.slope<1'] }, 'write percent an hour: "value.slope<1%/h"'],
    [
      'a unit is too many',
      { memory: ['value<1%/h'] },
      'leave out %/h, or judge the slope: "value.slope<1%/h"',
    ],
    [
      'a metric is not kept by time',
      { connect: ['p(99).slope<1%/h'] },
      'slopes are known of puback_round_trip, pubcomp_round_trip, end_to_end_latency, response_time, dropped_messages, lost_messages, memory',
    ],
    [
      'a figure has no slope',
      { end_to_end_latency: ['max.slope<1%/h'] },
      'of this metric the slopes of p(N) and med are, such as "p(99).slope<1%/h"',
    ],
    ['a count is judged', { lost_messages: ['count.slope<1%/h'] }, 'such as "rate.slope<0.1%/h"'],
    [
      'a slope is to end the run',
      { memory: [{ threshold: 'value.slope<1%/h', abortOnFail: true }] },
      'thresholds.memory[0].abortOnFail: cannot stop a run by a slope',
    ],
  ])('are refused where %s', (_, thresholds, text) => {
    const errors = errorsOf(thresholds);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(text);
    expect(errors[0]).toContain(`thresholds.${Object.keys(thresholds)[0]}[0]`);
  });

  it('are of the whole run, without a search', () => {
    const groups = { meters: { devices: 10, stages: base.stages } };
    expect(
      errorsOf(
        { 'end_to_end_latency{group:meters}': ['p(99).slope<1%/h'] },
        { groups, devices: undefined, stages: undefined },
      ),
    ).toEqual([
      'thresholds.end_to_end_latency{group:meters}[0]: is about a slope, which is known of the whole run only → judge the whole run\'s: "end_to_end_latency"',
    ]);
    const search = { of: 'rate', from: 10, to: 100, hold: '60s', settle: '5s' };
    expect(
      errorsOf({ end_to_end_latency: ['p(99)<500', 'p(99).slope<1%/h'] }, { search, stages: undefined }),
    ).toEqual([
      'thresholds.end_to_end_latency[1]: is about a slope, which is of one rate, and a search changes the rate → remove it, or remove search',
    ]);
  });
});
