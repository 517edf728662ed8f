import { count, elapsed, isAbout, millisecondsIn, numberIn, type Rule } from './rule.ts';
import type { Check } from './truth.ts';

/** `intended: 300 = 290 sent + 10 dropped. answers: …`: the ledger's own figures, which its equations on the page are held by. */
const areBands: Check = ([sentence = ''], truth, { messages }) =>
  sentence
    .replace(/\.$/, '')
    .split('. ')
    .every((band) => {
      const [, label = '', whole, parts = ''] = /^(\w+): ([\d,]+) = (.*)$/.exec(band) ?? [];
      const sum = parts.split(' + ').reduce((all, part) => all + numberIn(part.split(' ')[0]), 0);
      const real = ['intended', 'started', 'due'].includes(label) ? truth.intended : messages.sent;
      return sum === numberIn(whole) && numberIn(whole) === real;
    });

/** Of the percentiles of each second none is outside of what was measured. */
const areWithin: Check = ([sentence = ''], _, { latencyMs }) => {
  const ranges = [...sentence.matchAll(/between (-?[\d.,]+ m?s) and (-?[\d.,]+ m?s)/g)];
  const all = [latencyMs.end_to_end_latency, latencyMs.puback_round_trip].filter((each) => each.count > 0);
  return ranges.every(([, low, high]) =>
    all.some(
      ({ min, max }) =>
        millisecondsIn(low) <= millisecondsIn(high) &&
        millisecondsIn(low) >= Math.min(min * 0.98, min * 1.02) - 1 &&
        millisecondsIn(high) <= Math.max(max * 1.02, max * 0.98) + 1,
    ),
  );
};

const arePercentiles: Check = ([sentence = ''], _, { latencyMs }) =>
  [...sentence.matchAll(/(\w+): p50 (\S+) ms, p99 (\S+) ms, maximum (\S+) ms\./g)].every(
    ([, name = '', p50, p99, max]) => {
      const latency = latencyMs[name as 'connect'];
      // Where there are too few samples for a percentile, the next one that there is.
      const isBetween = (stated: string | undefined, least: number) =>
        stated === '–' ||
        (numberIn(stated) >= least * 0.98 - 1 && numberIn(stated) <= latency.max * 1.02 + 1);
      return isBetween(p50, latency.p50) && isBetween(p99, latency.p99) && isBetween(max, latency.max);
    },
  );

/** Descriptions of plots, for screen readers. */
export const plotRules: readonly Rule[] = [
  [/^(?:intended|started|due): [\d,]+ = /, areBands],
  [/^By second, p50 .*, p99 .*\.$/, areWithin],
  [
    /^How many samples of each second took how long; the darkest field holds [\d,]+\. By second, .*$/,
    areWithin,
  ],
  [/^Latency by percentile\. .*$/, arePercentiles],
  [
    new RegExp(
      `^Messages (?:by second|in steps of (\\d+) seconds) over ${count} seconds?\\. Busiest seconds(, at most)?: ${count} (?:intended|started|due), ${count} sent, ${count} arrived\\.(?: The quota is ${count} a second\\.)?$`,
    ),
    ([, step = '1', seconds, isBound, intended, sent, arrived], truth, { perSecond, rates }) =>
      numberIn(step) === (perSecond.secondsPerStep ?? 1) &&
      numberIn(seconds) === perSecond.sent.length * numberIn(step) &&
      (isBound !== undefined) === (perSecond.peaksAreBounds === true) &&
      numberIn(sent) === rates.peakPerSecond &&
      numberIn(intended) <= truth.intended &&
      numberIn(arrived) <= truth.received + truth.duplicates,
  ],
  [
    new RegExp(`^${count} slices?: ${count} late, the latest by ${elapsed}; ${count} left nothing\\.$`),
    ([, slices, late, most, missing], truth, { startLagsMs }) =>
      numberIn(slices) === startLagsMs.length &&
      numberIn(late) === startLagsMs.filter((lag) => lag !== null && lag > 0).length &&
      numberIn(missing) === startLagsMs.filter((lag) => lag === null).length &&
      numberIn(missing) <= truth.slicesKilled &&
      isAbout(millisecondsIn(most), Math.max(0, ...startLagsMs.map((lag) => lag ?? 0))),
  ],
];
