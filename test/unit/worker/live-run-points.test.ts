import { describe, expect, it } from '@jest/globals';
import { lineOf } from '../../../src/aws/live-line.ts';
import { actionPoint, runCoursePoints, runStopPoint } from '../../../src/worker/live-run-points.ts';
import { playTrueRun } from '../../support/report/true-run.ts';

const { plan, report } = playTrueRun({});

describe('the point at the end of a run', () => {
  it('has the round trips of PUBCOMP where messages were at QoS 2, and none elsewhere', () => {
    const fieldsOf = (of: typeof report) => runStopPoint(plan, of).fields;
    expect(Object.keys(fieldsOf(report))).not.toContain('pubcomp_round_trip_p50_ms');
    const completed = { ...report.latencyMs.puback_round_trip, p50: 3, p99: 17 };
    const exactlyOnce = { ...report, latencyMs: { ...report.latencyMs, pubcomp_round_trip: completed } };
    expect(fieldsOf(exactlyOnce)).toMatchObject({
      pubcomp_round_trip_p50_ms: 3,
      pubcomp_round_trip_p99_ms: 17,
    });
    // A float: without an i, also of a whole number.
    expect(lineOf(runStopPoint(plan, exactlyOnce))).toMatch(/,pubcomp_round_trip_p99_ms=17[, ]/);
  });
});

describe('the point of an action', () => {
  const at = plan.timeline.publishAt + 1_000;
  const action = { kind: 'disconnect', share: 0.2, how: 'drop' } as const;

  it('is an annotation at its instant, and two of one instant stay two', () => {
    const [first, second] = [0, 1].map((k) => actionPoint(plan, { k, at, group: 'trackers', action }));
    expect(first).toMatchObject({
      tags: { run: plan.runId, event: 'action', group: 'trackers' },
      fields: {
        title: 'trackers: disconnect 20 % of the devices (drop)',
        text: 'issued while the run went on',
      },
      timestampNs: `${at}000000`,
    });
    expect(second!.timestampNs).toBe(`${at}000001`);
  });

  it('is part of the course of a run whose timeline plans it', () => {
    const timeline = [{ atMs: 1_000, action }];
    const planned = runCoursePoints({ ...plan, profile: { ...plan.profile, timeline } });
    expect(planned.filter(({ tags }) => tags.event === 'action')).toMatchObject([
      { fields: { title: 'disconnect 20 % of the devices (drop)', text: 'planned by the timeline' } },
    ]);
  });
});
