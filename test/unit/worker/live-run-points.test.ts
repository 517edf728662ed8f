import { describe, expect, it } from '@jest/globals';
import { lineOf } from '../../../src/aws/live-line.ts';
import { runStopPoint } from '../../../src/worker/live-run-points.ts';
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
