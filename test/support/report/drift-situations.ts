import { encodeBuckets, latencyBucketOf, latencyBuckets } from '../../../src/measure/latency-buckets.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import { histogramOf, planOf } from '../measure/run-fixture.ts';
import type { NamedSituation } from './true-run.ts';

const minutes = 12;
const profile = {
  stages: [
    { duration: '0s', target: 2 },
    { duration: `${minutes}m`, target: 2 },
  ],
};
const slopes = {
  thresholds: { puback_round_trip: ['p(99).slope<5%/h'], memory: ['value.slope<1%/h'] },
};
const publishSecond = Math.ceil(planOf({ devices: 400, ...profile }).timeline.publishAt / 1_000);

/** A value by minutes since publishing began. */
type ByMinute = (minute: number) => number;

const recordWith =
  (latencyMs: ByMinute, megabytes: ByMinute) =>
  (result: SliceResult): SliceResult => {
    const seconds = Array.from({ length: minutes * 60 }, (_, second) => {
      const counts = new Uint32Array(latencyBuckets);
      // Wide enough that no bucket has nearly all of them.
      for (let i = 0; i < 40; i++) {
        const spread = 0.8 + (0.4 * ((i * 17 + second * 7 + result.slice) % 40)) / 40;
        counts[latencyBucketOf(latencyMs(second / 60) * spread)]! += 1;
      }
      return [publishSecond + second, encodeBuckets(counts)];
    });
    const startSecond = publishSecond - (publishSecond % 10);
    const kilobytes = Array.from({ length: minutes * 6 }, (_, i) =>
      Math.round(1_024 * (megabytes(i / 6) + 0.2 * ((i * 7 + result.slice) % 5))),
    );
    return {
      ...result,
      latencies: {
        ...result.latencies,
        puback_round_trip: histogramOf(
          Array.from({ length: result.messages.acked }, (_, i) => {
            const minute = (minutes * i) / result.messages.acked;
            return latencyMs(minute) * (0.8 + (0.4 * ((i * 17) % 40)) / 39);
          }),
        ),
      },
      latencyPerSecond: { puback_round_trip: Object.fromEntries(seconds) },
      generator: { ...result.generator, memory: { startSecond, secondsPerStep: 10, kilobytes } },
    };
  };

const steady: ByMinute = () => 80;

export const driftSituations: readonly NamedSituation[] = [
  [
    'acknowledgements became slower, memory grew, and more and more messages were lost',
    {
      profile: { ...profile, ...slopes },
      record: recordWith(
        (minute) => 40 + 2.5 * minute,
        (minute) => 80 + 1.25 * minute,
      ),
      fateOf: (_, n) => ({ copies: (n * 233) % 360 < n / 3 ? 0 : 1 }),
      truth: {
        drift: {
          'puback_round_trip p(50)': ['worse', 40, 70],
          'puback_round_trip p(99)': ['worse', 48, 84],
          'lost_messages rate': ['worse', 0, 1 / 3],
          memory: ['worse', 80, 95],
        },
      },
    },
  ],
  [
    'acknowledgements became faster, and nothing else changed',
    {
      profile,
      record: recordWith((minute) => 70 - 2.5 * minute, steady),
      truth: {
        drift: {
          'puback_round_trip p(50)': ['better', 70, 40],
          'puback_round_trip p(99)': ['better', 84, 48],
        },
      },
    },
  ],
  [
    'it was steady for twelve minutes',
    { profile: { ...profile, ...slopes }, record: recordWith(steady, steady), truth: { drift: {} } },
  ],
  ['it was too short for the slopes that it was to be judged by', { profile: slopes, truth: { drift: {} } }],
];
