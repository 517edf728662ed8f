import type { QueueCounts } from '../../../src/plan/tc/queue-counts.ts';
import { count, elapsed, isAbout, millisecondsIn, numberIn, type Rule } from './rule.ts';
import type { Check, TrueDirection, Truth } from './truth.ts';

const headings = ['packets', 'bytes', 'lost', 'stalled', 'twice', 'corrupt', 'p50', 'p99', 'max'];
const isInjected: Check = (_, { networks }) => networks !== undefined;
const caption = 'Packets of devices in the injected network, and how long it had them';

function bytesIn(text = ''): number {
  const [amount = '', unit = ''] = text.split(' ');
  return numberIn(amount) * 1_000 ** ['B', 'KB', 'MB'].indexOf(unit);
}

const none: TrueDirection = {
  packets: 0,
  bytes: 0,
  lost: 0,
  stalled: 0,
  duplicated: 0,
  corrupted: 0,
  delaysMs: [],
};

const isTrueRow: Check = (
  [, group = '', way = '', packets, bytes, lost, stalled, twice, corrupt, ...times],
  { networks = {} },
) => {
  const own = networks[group === 'all' ? 'all devices' : group];
  if (own === undefined) return false;
  const real = own[way as 'up' | 'down'] ?? none;
  const { delaysMs } = real;
  const isPercentile = (text: string | undefined, share: number) =>
    delaysMs.length === 0
      ? text === '–'
      : isAbout(millisecondsIn(text), delaysMs[Math.ceil(share * delaysMs.length) - 1]!);
  return (
    numberIn(packets) === real.packets &&
    Math.abs(bytesIn(bytes) - real.bytes) <= 0.05 * 1_000 ** Math.floor(Math.log10(real.bytes + 1) / 3) &&
    numberIn(lost) === real.lost &&
    numberIn(stalled) === real.stalled &&
    numberIn(twice) === real.duplicated &&
    numberIn(corrupt) === real.corrupted &&
    [0.5, 0.99, 1].every((share, i) => isPercentile(times[i], share))
  );
};

/** What the kernel makes is not counted. */
const isUncounted: Check = ([, group = ''], { networks = {}, kernelNetwork }) =>
  kernelNetwork !== undefined && networks[group === 'all' ? 'all devices' : group]?.up === undefined;

const time = `(–|${elapsed.slice(1, -1)})`;
const rowWith = (gaps: readonly string[]) =>
  [count, '([\\d.,]+ [KM]?B)', count, count, count, count, time, time, time]
    .map((cell, i) => `${gaps[i]}${cell}`)
    .join('');

/** What is said of all that the network ended: `reset 3 connections, …`. */
const endings =
  '(?:reset [\\d,]+ connections?)?(?:(?:, | and )?ended [\\d,]+ connections? by a corrupt packet under TLS)?(?:(?:, | and )?kept [\\d,]+ attempts? to connect from the target)?';

export function isTrueEnding(sentence: string, { networkEnded }: Truth): boolean {
  const stated = (pattern: RegExp) => numberIn(pattern.exec(sentence)?.[1] ?? '0');
  return (
    networkEnded !== undefined &&
    stated(/reset ([\d,]+) connections?/) === networkEnded.resets &&
    stated(/ended ([\d,]+) connections? by a corrupt packet/) === networkEnded.corruptedConnections &&
    stated(/kept ([\d,]+) attempts? to connect/) === networkEnded.unreached
  );
}

function isCount(
  real: QueueCounts | undefined,
  [packets, bytes, lost]: readonly (string | undefined)[],
): boolean {
  return (
    real !== undefined &&
    numberIn(packets) === real.packets &&
    (lost === 'none' ? real.dropped === 0 : numberIn(lost) === real.dropped) &&
    Math.abs(bytesIn(bytes) - real.bytes) <= 0.05 * 1_000 ** Math.floor(Math.log10(real.bytes + 1) / 3)
  );
}

/** What reports state of the injected network. */
export const networkRules: readonly Rule[] = [
  [new RegExp(`^network ${headings.join(' ')}$`), isInjected],
  [new RegExp(`^caption: ${caption}$`), isInjected],
  [new RegExp(`^(\\S+), (up|down)${rowWith(headings.map(() => ' '))}$`), isTrueRow],
  [
    new RegExp(
      `^row of ${caption} \\| Group: (\\S+), (up|down)${rowWith(headings.map((heading) => ` \\| ${heading}: `))}$`,
    ),
    isTrueRow,
  ],
  [/^(\S+), (?:up|down)(?: –){9}$/, isUncounted],
  [
    new RegExp(
      `^row of ${caption} \\| Group: (\\S+), (?:up|down)${headings.map((heading) => ` \\| ${heading}: –`).join('')}$`,
    ),
    isUncounted,
  ],
  [
    /^The kernel made ([a-z, ]+), of the real packets of each device \(--netem\): what it did to them is in the latencies, and not in the counts of the table\.$/,
    ([, settings], { kernelNetwork = [] }) => settings === kernelNetwork.join(', '),
  ],
  [
    /^The kernel counted of (.+?): up ([\d,]+) packets?, ([\d.,]+ [KM]?B), ([\d,]+|none) lost; down ([\d,]+) packets?, ([\d.,]+ [KM]?B), ([\d,]+|none) lost\.$/,
    ([, group = '', ...stated], { kernelCounts = {} }) => {
      const { up, down } = kernelCounts[group] ?? {};
      const [packets, bytes, lost, ...others] = stated;
      return isCount(up, [packets, bytes, lost]) && isCount(down, others);
    },
  ],
  [
    /^Injected network of (.+?): (from .*)\.$/,
    ([, group = '', settings], { networks = {} }) => networks[group]?.settings === settings,
  ],
  [
    /^Up is from devices, down is to them; p50, p99 and max are how long the network had a packet, with its waits for bandwidth, stalls and repeated sending\.$/,
    isInjected,
  ],
  [
    /^Measured of (.+?) beside it: .*\.$/,
    ([sentence = '', group], { networks = {} }, { groups = [], latencyMs }) => {
      const own = groups.find((each) => each.group === group)?.latencyMs ?? latencyMs;
      const stated = [...sentence.matchAll(/(\w+), which has [\w ]+: p50 ([\d.]+ m?s), p99 ([\d.]+ m?s)/g)];
      return (
        networks[group ?? ''] !== undefined &&
        stated.length > 0 &&
        stated.every(([, name, p50, p99]) => {
          const real = own[name as 'transit'];
          return isAbout(millisecondsIn(p50), real.p50) && isAbout(millisecondsIn(p99), real.p99);
        })
      );
    },
  ],
  [
    /^Lost packets were sent again, as TCP does: that delays messages, and loses none\.$/,
    (_, { networks = {} }) =>
      Object.values(networks).some(({ up, down }) => (up?.lost ?? 0) + (down?.lost ?? 0) > 0),
  ],
  [
    new RegExp(
      `^The injected network ${endings}(?:: what failed for that is the doing of neither the target nor the generator)?\\.$`,
    ),
    ([sentence = ''], truth) => isTrueEnding(sentence, truth),
  ],
];
