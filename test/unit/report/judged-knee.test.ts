import { describe, expect, it } from '@jest/globals';
import { ServerPool } from '../../../src/embedded/iot-core/rules/server-pool.ts';
import { decideNext, isAnswer } from '../../../src/plan/search/decide-next.ts';
import type { JudgedHold } from '../../../src/plan/search/judged-hold.ts';
import type { CapacitySearch } from '../../../src/profile/search.ts';
import { makeRandom, type Random } from '../../../src/shared/random.ts';
import { makeTestPlan } from '../../support/device/make-run.ts';
import { kneeOf, quantileInSystem } from '../../support/queueing/mmc.ts';
import { withSearch } from '../../support/search/search-plan.ts';
import { judgeSearched, runSearched, stepOf } from '../../support/search/searched-run.ts';

// A search of a service of c servers in virtual time: slices send Poisson arrivals, record by second, and each hold is judged from what
// they and the reader of the queue recorded.

const service = { servers: 20, meanService: 50 };
const atMost = 300;
const settleSeconds = 4;
const holdSeconds = 12;
const search: CapacitySearch = {
  kind: 'capacity',
  of: 'rate',
  from: 100,
  to: 800,
  method: 'ramp-then-bisect',
  settleMs: settleSeconds * 1_000,
  holdMs: holdSeconds * 1_000,
  precision: 0.05,
  confirm: 1,
};

/** Holds one level, and judges it. */
async function hold(level: number, step: number, random: Random): Promise<JudgedHold> {
  const plain = withSearch(
    makeTestPlan({
      devices: 20,
      ratePerSecond: level,
      seconds: settleSeconds + holdSeconds + 1,
      drainMs: 5_000,
    }),
    search,
  );
  const plan = {
    ...plain,
    profile: {
      ...plain.profile,
      pattern: { kind: 'poisson' as const },
      thresholds: {
        end_to_end_latency: [{ expression: `p(99)<${atMost}`, abortOnFail: false, delayAbortEvalMs: 0 }],
        lost_messages: [{ expression: 'count==0', abortOnFail: false, delayAbortEvalMs: 0 }],
      },
    },
  };
  const pool = new ServerPool();
  const run = await runSearched(plan, {}, ({ sent }) => {
    const serviceMs = -service.meanService * Math.log(1 - random());
    return pool.serve(sent, serviceMs, service.servers) + serviceMs - sent;
  });
  const held = stepOf(plan, settleSeconds, settleSeconds + holdSeconds, step, level);
  return judgeSearched(plan, run, held);
}

describe('the holds of a service with 20 servers', () => {
  it('end at the knee that M/M/c has, and their latencies follow the formula', async () => {
    const random = makeRandom(5, 1);
    const judged: JudgedHold[] = [];
    let next = decideNext(search, judged);
    while (!isAnswer(next)) {
      judged.push({ ...(await hold(next.level, judged.length, random)), ...next });
      next = decideNext(search, judged);
    }
    const knee = 1_000 * kneeOf(service, { share: 0.99, atMost });
    expect(next.ended).toBe('found');
    expect(Math.abs(next.holds! / knee - 1)).toBeLessThan(0.05);
    expect(next.breaks!).toBeLessThan(1.05 * next.holds! + 1);
    for (const { level, outcome, broke, figures } of judged) {
      expect(outcome).not.toBe('void');
      expect(broke.map(({ metric }) => metric)).toEqual(outcome === 'failed' ? ['end_to_end_latency'] : []);
      // Near the knee a hold of 12 s is too short to be held to a percentile.
      if (level > 0.85 * knee) continue;
      const { p50, p99 } = figures.latencyMs.end_to_end_latency!;
      const at = { ...service, rate: level / 1_000 };
      expect(Math.abs(p50 / quantileInSystem(at, 0.5) - 1)).toBeLessThan(0.06);
      expect(Math.abs(p99 / quantileInSystem(at, 0.99) - 1)).toBeLessThan(0.12);
    }
    expect(judged.filter(({ level }) => level <= 0.85 * knee).length).toBeGreaterThanOrEqual(2);
  });
});
