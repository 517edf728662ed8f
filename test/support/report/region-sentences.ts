import { count, numberIn, type Rule } from './rule.ts';
import type { Check } from './truth.ts';

const isInRegions: Check = (_, { regions }) => regions !== undefined;

const name = '([a-z]{2}-[a-z]+-\\d)';

/** Its counts are true, and those of all Regions sum to the run's. */
const isTrueRow: Check = ([, region = '', ...cells], truth) => {
  const own = truth.regions?.[region];
  if (own === undefined || truth.regions === undefined) return false;
  const { devices, intended, sent, received, lost } = own;
  const all = Object.values(truth.regions);
  return (
    [devices, intended, sent, received, lost].every((each, i) => numberIn(cells[i]) === each) &&
    all.reduce((sum, each) => sum + each.sent, 0) === truth.sent
  );
};

/** The bound of its clock is above the truth, by less than the least transit of a message and the millisecond of a stamp. */
const isTrueClock: Check = ([, region = '', , , , , , , clock = ''], { regions, clocksAheadMs }, report) => {
  const names = Object.keys(regions ?? {});
  const perRegion = (clocksAheadMs ?? []).length / names.length;
  const aheadMs = clocksAheadMs?.[names.indexOf(region) * perRegion] ?? 0;
  const atMostMs = report.regions?.find((each) => each.name === region)?.clockOffset.atMostMs ?? Number.NaN;
  return atMostMs > aheadMs && atMostMs < aheadMs + 100 && clock.includes(' ');
};

const row = (gap: string, p99: string): RegExp =>
  new RegExp(
    `^${name}${gap}${[count, count, count, count, count].join(gap)}${gap}${p99}${gap}([\\d.,]+ m?s)${gap}[\\d.]+ %$`,
  );

/** What reports state of Regions. */
export const regionRules: readonly Rule[] = [
  [/^regions devices intended sent received lost p99 clock ahead below quota used$/, isInRegions],
  [/^h2: Regions$/, isInRegions],
  [/^caption: Regions, and what each had of the run$/, isInRegions],
  [row(' ', '([\\d.,]+|–)'), (match, ...rest) => isTrueRow(match, ...rest) && isTrueClock(match, ...rest)],
  [
    new RegExp(
      `^row of Regions, and what each had of the run \\| Region: ${name} \\| devices: ${count} \\| intended: ${count} \\| sent: ${count} \\| received: ${count} \\| lost: ${count} \\| p99: ([\\d.,]+|–) \\| clock ahead below: ([\\d.,]+ m?s) \\| quota used: [\\d.]+ %$`,
    ),
    (match, ...rest) => isTrueRow(match, ...rest) && isTrueClock(match, ...rest),
  ],
  [/^A message is counted in the Region whose slice had it to send\.$/, isInRegions],
  [
    /^The clock of a Region is ahead of those of its slices by less than the table says, and its latencies read too high by less\.$/,
    isInRegions,
  ],
  [
    /^Of the quotas of a Region, the table has the one that was used most; each Region has quotas of its own\.$/,
    isInRegions,
  ],
  [
    /^In (\S+): (.+)$/,
    ([, region, sentence], _, { regions }) =>
      regions?.some(
        (each) =>
          each.name === region &&
          `${each.bindingQuota?.sentence}`.replace(/\.$/, '') === sentence?.replace(/\.$/, ''),
      ) === true,
  ],
];
