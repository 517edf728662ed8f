import { describe, expect, it } from '@jest/globals';
import type { BrokenObjective } from '../../../src/plan/search/judged-hold.ts';
import { describeHold } from '../../../src/report/describe-hold.ts';
import { capacitySearch, holdOf, searchService } from '../../support/plan/simulated-service.ts';

const failedBy = (...broke: readonly BrokenObjective[]) =>
  describeHold(capacitySearch, [
    holdOf({ level: 1_000 }, 'passed', 0),
    { ...holdOf({ level: 2_000 }, 'failed', 1), broke },
  ]);

describe('the line of a hold', () => {
  it('has what broke the level, its value and the bound, and the next level', () => {
    const quota = 'publishInPerSecond';
    expect(failedBy({ metric: 'lost_messages', expression: 'count==0', actual: 12_400, quota })).toBe(
      'hold 1: 2,000/s failed, lost_messages count 12,400 ≠ 0 (quota publishInPerSecond); next 1,414/s',
    );
    expect(
      failedBy(
        { metric: 'throughput', expression: 'rate >= 1999', actual: 1_880.4 },
        { metric: 'end_to_end_latency{kind:alarm}', expression: 'p(99)<=500', actual: 1_231 },
      ),
    ).toBe(
      'hold 1: 2,000/s failed, throughput rate 1,880 < 1999 and end_to_end_latency{kind:alarm} p(99) 1.23 s > 500; next 1,414/s',
    );
    expect(failedBy({ metric: 'transit', expression: 'max<5', actual: null })).toBe(
      'hold 1: 2,000/s failed, transit max<5; next 1,414/s',
    );
  });

  it('has p99 of a level that passed', () => {
    const hold = holdOf({ level: 1_000 }, 'passed', 0);
    const latencyMs = { end_to_end_latency: { count: 9, p50: 1, p95: 2, p99: 31.42, max: 40 } };
    expect(describeHold(capacitySearch, [{ ...hold, figures: { ...hold.figures, latencyMs } }])).toBe(
      'hold 0: 1,000/s passed, p99 31.4 ms; next 2,000/s',
    );
  });

  it('ends with the answer', () => {
    const { judged } = searchService(capacitySearch, (level) => (level <= 3_137 ? 'passed' : 'failed'));
    expect(describeHold(capacitySearch, judged)).toBe(
      'hold 8: 3,220/s failed; the search ended: it found its answer (3,084/s passes, 3,220/s fails)',
    );
  });
});
