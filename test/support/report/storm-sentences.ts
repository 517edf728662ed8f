import { count, elapsed, isAbout, millisecondsIn, numberIn, type Rule } from './rule.ts';
import type { Check, TrueStorm } from './truth.ts';

const rankOf = ({ groupDevices, devices }: TrueStorm) => devices - Math.floor(groupDevices / 100);
const isTime = (stated: string | undefined, real: number | undefined) =>
  real === undefined ? stated === '–' : stated !== '–' && isAbout(millisecondsIn(stated), real);

/** `0:02 all, drop`, and under its headings what its devices did. */
const isTrueStorm: Check = (
  [, label, devices, connected, back, attempts, p50, p99, max, over, forecast],
  truth,
  { storms },
) => {
  const i = truth.storms?.findIndex((each) => each.label === label) ?? -1;
  const real = truth.storms?.[i];
  if (real === undefined) return false;
  const { backMs } = real;
  const percentile = (share: number) => backMs[Math.max(0, Math.ceil(share * backMs.length) - 1)];
  const planned = storms?.list[i]?.forecastSeconds;
  return (
    numberIn(devices) === real.devices &&
    numberIn(connected) === real.disconnected &&
    numberIn(back) === backMs.length &&
    Math.abs(numberIn(attempts) - real.attempts / backMs.length) <= 0.051 &&
    isTime(p50, percentile(0.5)) &&
    isTime(p99, percentile(0.99)) &&
    isTime(max, backMs.at(-1)) &&
    isTime(over, backMs[rankOf(real) - 1]) &&
    (planned === null || planned === undefined ? forecast === '–' : isTime(forecast, planned * 1_000))
  );
};

const time = `(?:–|${elapsed.slice(1, -1)})`;
const row = (gaps: readonly string[]) => {
  const cells = ['[\\d,]+', '[\\d,]+', '[\\d,]+', '–|[\\d.,]+', time, time, time, time, time];
  return cells.map((cell, i) => `${gaps[i] ?? ' '}(${cell})`).join('');
};
const label = '(\\d+:\\d\\d \\S+, (?:clean|drop|silent|to [a-z0-9-]+))';
const headings = ['devices', 'connected', 'back', 'attempts', 'p50', 'p99', 'max', '99 % back', 'forecast'];

/** What reports state of storms. */
export const stormRules: readonly Rule[] = [
  [new RegExp(`^storms ${headings.join(' ')}$`), (_, { storms }) => storms !== undefined],
  [
    /^caption: Devices that a disconnect was for, and how they came back$/,
    (_, { storms }) => storms !== undefined,
  ],
  [new RegExp(`^${label}${row([])}$`), isTrueStorm],
  [
    new RegExp(
      `^row of Devices that a disconnect was for, and how they came back \\| Storm: ${label}${row(headings.map((heading) => ` \\| ${heading}: `))}$`,
    ),
    isTrueStorm,
  ],
  [
    /^Attempts are those of a device until it was back; p50, p99 and max are from the disconnect to the next connection\.$/,
    (_, { storms }) => storms !== undefined,
  ],
  [
    new RegExp(`^${count} storms? without 99 % of the devices back before the run ended\\.$`),
    ([, open], { storms = [] }) =>
      numberIn(open) === storms.filter((each) => each.backMs.length < rankOf(each)).length,
  ],
  [
    new RegExp(`^Connects a second from the first storm on, at most: ${count} offered, ${count} granted\\.$`),
    ([, offered, granted], { connects }) =>
      numberIn(offered) === connects?.offered && numberIn(granted) === connects.granted,
  ],
  [
    new RegExp(
      `^Messages of these devices: ${count} sent late once the device was back, ${count} dropped while it was not\\.$`,
    ),
    ([, delayed, dropped], { storms = [] }) =>
      numberIn(delayed) === storms.reduce((sum, each) => sum + each.delayed, 0) &&
      numberIn(dropped) === storms.reduce((sum, each) => sum + each.dropped, 0),
  ],
  [
    new RegExp(
      `^Devices made ${count} attempts? for ${count} connections? \\(([\\d.,]+) each\\); in the busiest second ${count} offered, ${count} granted\\.$`,
    ),
    ([, attempts, successes, each, offered, granted], { connects }) =>
      numberIn(attempts) === connects?.attempts &&
      numberIn(successes) === connects.successes &&
      Math.abs(numberIn(each) - connects.attempts / connects.successes) <= 0.051 &&
      numberIn(offered) === connects.offered &&
      numberIn(granted) === connects.granted,
  ],
  [
    /^The next connection of a device that moved is in the other Region\.$/,
    (_, { storms = [] }) => storms.some(({ label: each }) => each.includes(', to ')),
  ],
  [
    new RegExp(
      `^In flight when devices moved: ${count} messages? without an acknowledgement, of which ${count} arrived and ${count} did not\\.$`,
    ),
    ([, all, arrived, others], { storms = [] }) => {
      const moved = storms.flatMap(({ inFlight }) => inFlight ?? []);
      const received = moved.reduce((sum, each) => sum + each.received, 0);
      return (
        numberIn(arrived) === received &&
        numberIn(all) === moved.reduce((sum, each) => sum + each.unacknowledged, 0) &&
        numberIn(others) === numberIn(all) - received
      );
    },
  ],
  [/^figcaption: Connects a second$/, (_, { storms }) => storms !== undefined],
  [
    /^offered: between ([\d.,]+)\/s and ([\d.,]+)\/s\. granted: between ([\d.,]+)\/s and ([\d.,]+)\/s\.$/,
    ([, least, offered, fewest, granted], { connects }) =>
      numberIn(least) <= numberIn(offered) &&
      numberIn(fewest) <= numberIn(granted) &&
      numberIn(offered) === connects?.offered &&
      numberIn(granted) === connects.granted,
  ],
  [/^caption: From the beginning of publishing$/, (_, { storms }) => storms !== undefined],
  [
    /^row of From the beginning of publishing \| Time: [-\d:]+ \| offered: ([\d.,]+)\/s \| granted: ([\d.,]+)\/s$/,
    ([, offered, granted], { connects }) =>
      numberIn(offered) <= connects!.offered && numberIn(granted) <= connects!.granted,
  ],
];
