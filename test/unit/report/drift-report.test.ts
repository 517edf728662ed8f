import { describe, expect, it } from '@jest/globals';
import { LatencySeconds } from '../../../src/measure/latency-seconds.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import { MemorySeries } from '../../../src/measure/memory-series.ts';
import { driftReportOf, percentPerHour } from '../../../src/report/drift-report.ts';
import { directionOf } from '../../../src/report/drift-text.ts';
import { makeRandom, type Random } from '../../../src/shared/random.ts';
import { sizeOf } from '../../support/effort.ts';
import { histogramOf, planOf, resultOf } from '../../support/measure/run-fixture.ts';
import { gaussian } from '../../support/report/simulated-run.ts';

const minutes = 14;
const plan = planOf({
  devices: 10,
  stages: [
    { duration: '0s', target: 1 },
    { duration: `${minutes}m`, target: 1 },
  ],
  thresholds: { puback_round_trip: ['p(90).slope<1%/h'] },
});

interface Injected {
  /** Percent of the level, an hour. */
  readonly latency?: number;
  readonly memory?: number;
}

/** Lognormal latencies whose level wanders a little, and memory that is collected now and then, as of a service and a process that run. */
function driftOfRun(random: Random, { latency = 0, memory = 0 }: Injected) {
  const seconds = new LatencySeconds();
  const rss = new MemorySeries();
  const { publishAt } = plan.timeline;
  let wander = 0;
  let garbage = 0;
  for (let second = 0; second < minutes * 60; second++) {
    const hours = second / 3_600;
    wander = 0.8 * wander + 0.02 * gaussian(random);
    garbage = garbage > 10 ? 0 : garbage + random();
    for (let i = 0; i < 20; i++) {
      const ms = 40 * (1 + (latency / 100) * hours) * Math.exp(wander + 0.4 * gaussian(random));
      seconds.record(publishAt + second * 1_000, ms);
    }
    rss.add(publishAt / 1_000 + second, (80 * (1 + (memory / 100) * hours) + garbage) * 1e6);
  }
  const result = resultOf(plan, 0);
  const ledger = makeLedger(plan);
  ledger.addSlice({
    ...result,
    latencies: { ...result.latencies, puback_round_trip: histogramOf([40]) },
    latencyPerSecond: { puback_round_trip: seconds.encode() },
    generator: { ...result.generator, memory: rss.encode() },
  });
  return driftReportOf(plan, ledger.close())!;
}

const figureOf = ({ figures }: ReturnType<typeof driftOfRun>, metric: string, aggregation: string) =>
  figures.find((each) => each.metric === metric && each.aggregation === aggregation)!;

describe('the drift of a run', () => {
  it('is found with its sign and its size', () => {
    const report = driftOfRun(makeRandom(7, 1), { latency: 120, memory: -60 });
    for (const [metric, aggregation, real, direction] of [
      ['puback_round_trip', 'p(50)', 120, 'worse'],
      ['puback_round_trip', 'p(90)', 120, 'worse'],
      ['puback_round_trip', 'p(99)', 120, 'worse'],
      ['memory', 'value', -60, 'better'],
    ] as const) {
      const figure = figureOf(report, metric, aggregation);
      // In percent of the level of the middle, where the run's was 1 + real × 7 min.
      const expected = real / (1 + (real / 100) * (minutes / 120));
      const { low, high } = percentPerHour(figure)!;
      expect([aggregation, low <= expected, expected <= high]).toEqual([aggregation, true, true]);
      expect(directionOf(figure)).toBe(direction);
      expect(figure.end > figure.begin).toBe(real > 0);
    }
  });

  it('is found of steady runs as seldom as the report says', () => {
    const runs = sizeOf(200, 25);
    let found = 0;
    for (let run = 0; run < runs; run++) {
      const { figures, confidence } = driftOfRun(makeRandom(11, run), {});
      expect(confidence).toBeCloseTo(1 - 0.05 / figures.length, 6);
      if (figures.some((figure) => directionOf(figure) !== 'none')) found++;
    }
    // Of 25 runs at 5 %, more than 3 come with a chance of 3 %; the series are the same each time.
    expect(found).toBeLessThanOrEqual(runs * 0.12);
  });

  it('is not in the report of a run without time at one rate, unless a threshold is about it', () => {
    const short = { stages: [{ duration: '10s', target: 100 }] };
    const ledgerOf = (given: typeof plan) => {
      const ledger = makeLedger(given);
      ledger.addSlice(resultOf(given, 0));
      return ledger.close();
    };
    const unasked = planOf(short);
    expect(driftReportOf(unasked, ledgerOf(unasked))).toBeUndefined();
    const asked = planOf({ ...short, thresholds: { memory: ['value.slope<1%/h'] } });
    expect(driftReportOf(asked, ledgerOf(asked))?.figures).toEqual([]);
  });
});
