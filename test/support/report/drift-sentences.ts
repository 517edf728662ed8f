import { isAbout, millisecondsIn, numberIn, type Rule } from './rule.ts';
import type { Check, Truth } from './truth.ts';

const isKnown: Check = (_, { drift }, report) => drift !== undefined && report.drift !== undefined;

/** `46 ms`, `12 %`, `80.2 MB` in milliseconds, shares and megabytes of 2^20 bytes. */
function valueIn(text: string): number {
  if (text.endsWith('s')) return millisecondsIn(text);
  if (text.endsWith('%')) return numberIn(/[\d.]+/.exec(text)?.[0]) / 100;
  return (numberIn(/[\d.]+/.exec(text)?.[0]) * 1e6) / 2 ** 20;
}

/** Of the run's ends, of which the first minute and half a step do not count. */
function areEnds(truth: Truth, name: string, begin: string, end: string): boolean {
  const real = truth.drift?.[name];
  if (real === undefined) return true;
  const [, first, last] = real;
  const tolerance = 0.2 * Math.abs(last - first) + 0.02 * Math.max(first, last);
  return Math.abs(valueIn(begin) - first) <= tolerance && Math.abs(valueIn(end) - last) <= tolerance;
}

const isTrueRow: Check = ([, name = '', begin = '', end = '', slope, low, high, direction], truth) => {
  const [least = 0, value = 0, most = 0] = [low, slope, high].map((each) => numberIn(each?.replace('+', '')));
  return (
    direction === (truth.drift?.[name]?.[0] ?? 'none') &&
    least <= value &&
    value <= most &&
    direction === (least > 0 ? 'worse' : most < 0 ? 'better' : 'none') &&
    areEnds(truth, name, begin, end)
  );
};

const isFound: Check = ([, name = '', verb, by, low, high, direction, end = '', begin = ''], truth) => {
  const [value, least, most] = [by, low, high].map(numberIn) as [number, number, number];
  return (
    direction === truth.drift?.[name]?.[0] &&
    verb === (direction === 'worse' ? 'rose' : 'fell') &&
    least <= value &&
    value <= most &&
    areEnds(truth, name, begin, end)
  );
};

/** What its slope came to, and what the threshold makes of it: too little time measures nothing. */
const isJudged: Check = ([, mark, metric, limit, measured = ''], truth, report) => {
  const names = Object.keys(truth.drift ?? {});
  const grew = names.some((name) => name.startsWith(metric!));
  const [value, low, high] = [...measured.matchAll(/-?[\d.,]+/g)].map(([each]) => numberIn(each));
  if (value === undefined) return mark === '✗' && report.drift?.figures.length === 0;
  if (low === undefined || high === undefined || low > value || value > high) return false;
  const outcome = high < numberIn(limit) ? '✓' : low >= numberIn(limit) ? '✗' : '?';
  return mark === outcome && (grew ? outcome === '✗' : outcome !== '✗');
};

const markOf = { '✓ passed': '✓', '✗ failed': '✗', '? not proven': '?' } as const;
const name = '(\\S+(?: (?:p\\(\\d+\\)|rate))?)';
const figure = '(-?[\\d.,]+ (?:ms|s|[KMG]?B|%)|<0\\.1 %)';
const slope = '([+-]?[\\d.e-]+)';

/** What reports state of drift. */
export const driftRules: readonly Rule[] = [
  [/^drift(?: beginning end per hour between drift)?$/, isKnown],
  [/^caption: How figures changed over the run, by a line through their values$/, isKnown],
  [
    new RegExp(`^${name} ${figure} ${figure} ${slope} %/h ${slope} to ${slope} (none|worse|better)$`),
    isTrueRow,
  ],
  [
    new RegExp(
      `^row of How figures changed over the run, by a line through their values \\| Figure: ${name} \\| beginning: ${figure} \\| end: ${figure} \\| per hour: ${slope} %/h \\| between: ${slope} to ${slope} \\| drift: (none|worse|better)$`,
    ),
    isTrueRow,
  ],
  [
    new RegExp(
      `^${name} (rose|fell) by ([\\d.]+) %/h \\(between ([\\d.]+) and ([\\d.]+)\\): the end of the run was (worse|better) than its beginning, ${figure} after ${figure}\\.$`,
    ),
    isFound,
  ],
  [
    /^No drift was found, so the end of the run was not shown to be worse than its beginning\.$/,
    (_, { drift }, report) => Object.keys(drift!).length === 0 && report.drift!.figures.length > 0,
  ],
  [
    /^Slopes are of (\d+)m(\d+)s at a planned ([\d.]+)\/s, in steps of (\d+)s; a steady run shows a drift of any figure with a chance of 5 %\.$/,
    ([, minutes, seconds, rate, step], _, report) => {
      const { timeline, rates } = report;
      const published = (timeline.publishEndAt - timeline.publishAt) / 1_000;
      const stated = 60 * Number(minutes) + Number(seconds);
      return (
        published - 60 < stated &&
        stated < published &&
        isAbout(Number(rate), rates.meanPerSecond) &&
        Number(step) === report.drift?.secondsPerStep
      );
    },
  ],
  [
    /^The run is too short to show a drift: that takes 10m at one planned rate after it has settled, and there were (\d+)s\.$/,
    ([, seconds], _, { drift, timeline }) =>
      drift?.figures.length === 0 && Number(seconds) * 1_000 < timeline.publishEndAt - timeline.publishAt,
  ],
  [/^([✓✗?]) (\S+) \S+\.slope<([\d.]+)%\/h (.*)$/, isJudged],
  [
    /^row of What decides the verdict.* \| Result: (.*) \| Metric: (.*) \| Threshold: \S+\.slope<([\d.]+)%\/h \| Measured: (.*)$/,
    ([text = '', mark = '', ...cells], ...rest) =>
      isJudged([text, markOf[mark as keyof typeof markOf], ...cells], ...rest),
  ],
  [
    /^Threshold (\S+) \S+\.slope<([\d.]+)%\/h (failed|is not proven): (.*)\.$/,
    ([text = '', metric = '', limit = '', outcome, measured = ''], ...rest) =>
      isJudged([text, outcome === 'failed' ? '✗' : '?', metric, limit, measured], ...rest),
  ],
  [
    /^\? of a slope is not proven, which counts as failed: its interval, in parentheses, reaches beyond the threshold\. A longer run makes it narrower\.$/,
    (_, __, { thresholds }) =>
      thresholds.some(({ expression, isUndecided }) => expression.includes('slope') && isUndecided === true),
  ],
];
