/** Sets of message numbers at their worst: a million intervals, each of one message, out of a hundred windows. */
import { type EncodedIntervals, IntervalSet } from '../../../src/measure/interval-set.ts';
import { repeatWork, serveMeasurement, type WorkReport } from '../measured-process.ts';

export interface IntervalsSettings {
  /** `plain`: the same with JavaScript's own Set of numbers. */
  readonly work: 'intervals' | 'plain';
  readonly cpuSeconds: number;
}

const intervals = 1_000_000;
const windows = 100;

serveMeasurement(({ work, cpuSeconds }: IntervalsSettings): WorkReport => {
  const encoded = Array.from({ length: windows }, (_, window) => encodeWindow(window));
  const merge = work === 'intervals' ? mergeIntervals : mergePlain;
  return repeatWork(cpuSeconds, () => {
    if (merge(encoded) !== intervals) throw new Error('the union is not what went in');
    return 1;
  });
});

/** Every second number is missing, and neighbours are in different windows. */
function encodeWindow(window: number): EncodedIntervals {
  const set = new IntervalSet();
  for (let i = window; i < intervals; i += windows) set.add(2 * i);
  return set.encode();
}

function mergeIntervals(encoded: readonly EncodedIntervals[]): number {
  const received = new IntervalSet();
  for (const window of encoded) received.addEncoded(window);
  const sent = new IntervalSet();
  sent.addRange(0, 2 * intervals);
  return sent.without(received).count;
}

function mergePlain(encoded: readonly EncodedIntervals[]): number {
  const received = new Set<number>();
  for (const window of encoded) {
    let n = 0;
    for (let i = 0; i < window.length; i += 2) {
      n += window[i]!;
      for (const end = n + window[i + 1]!; n < end; n++) received.add(n);
    }
  }
  let lost = 0;
  for (let n = 0; n < 2 * intervals; n++) if (!received.has(n)) lost++;
  return lost;
}
