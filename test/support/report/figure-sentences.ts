import type { KindReport } from '../../../src/report/group-reports.ts';
import { sumBy } from '../../../src/shared/counts.ts';
import { count, elapsed, isAbout, millisecondsIn, numberIn, type Rule } from './rule.ts';
import type { Check, Truth } from './truth.ts';

/** What calibrating a clock may leave, and three digits of a figure. */
const clockToleranceMs = (ms: number) => 0.1 + 0.006 * Math.abs(ms);

const aheadOf = ({ clocksAheadMs }: Truth, slice: number) => clocksAheadMs?.[slice] ?? 0;
const clocksOf = (truth: Truth, { slices }: Parameters<Check>[2]) =>
  Array.from({ length: slices.planned }, (_, slice) => aheadOf(truth, slice));

/** `behind those of 1 slice, by at least 50 ms in slice 0` */
const isProven =
  (sign: 1 | -1): Check =>
  ([, slices, ms = '', slice], truth, report) => {
    const stated = millisecondsIn(ms);
    const so = clocksOf(truth, report).filter((each) => sign * each > -clockToleranceMs(0));
    return (
      numberIn(slices) <= so.length &&
      sign * aheadOf(truth, Number(slice)) >= stated - clockToleranceMs(stated)
    );
  };

/** `at most 50 ms too high (slice 1); at least 3 ms too low`: each is a bound of the offsets of all slices. */
const areBounds: Check = ([, bounds = ''], truth, report) => {
  const clocks = clocksOf(truth, report);
  const holds = (bound: string): boolean => {
    const [, which, ms, way] = /^at (most|least) (.*?) too (high|low)/.exec(bound) ?? [];
    if (which === undefined) return bound === 'how much too low is not known without echoes of every slice';
    const stated = millisecondsIn(ms);
    const real = Math.max(...clocks.map((each) => (way === 'high' ? each : -each)));
    const least = Math.min(...clocks.map((each) => (way === 'high' ? each : -each)));
    return which === 'most'
      ? real <= stated + clockToleranceMs(stated)
      : least >= stated - clockToleranceMs(stated);
  };
  return bounds.split('; ').every(holds);
};

const influxCause: Check = ([sentence = ''], { influx }, { liveView }) => {
  if (influx === undefined || liveView === undefined) return false;
  const { httpStatus, isWholeRun } = influx;
  // For a server that cannot be reached, a proxy in front of it may answer.
  const status = /HTTP (\d+)/.exec(sentence)?.[1] ?? null;
  const statesStatus =
    httpStatus === null
      ? status === null || (sentence.startsWith('Writes to') && /^50[234]$/.test(status))
      : status === String(httpStatus);
  return statesStatus && (!sentence.includes('the whole run') || isWholeRun);
};

/** Latencies, clocks, the generator's machine, prices and conditions. */
export const figureRules: readonly Rule[] = [
  [
    /^A queue does not count by (group|kind): messages that it still holds are not in lost\.$/,
    ([, by], _, { groups = [], kinds = [], messages }) => {
      const parts: readonly Pick<KindReport, 'messages'>[] = by === 'group' ? groups : kinds;
      return (
        sumBy(parts, (part) => part.messages.received) === messages.received &&
        sumBy(parts, (part) => part.messages.arrivals) === messages.arrivals &&
        sumBy(parts, (part) => part.messages.lost) <= messages.lost
      );
    },
  ],
  [
    /^(?:p50 and p99 are of (end_to_end_latency|response_time|end_to_end_latency or response_time), )?acked (?:are )?of puback_round_trip, lag of send_lag\.$/,
    ([, names], { requests }, { latencyMs }) =>
      (names?.includes('response_time') ?? false) === (requests !== undefined) &&
      (names?.includes('end_to_end_latency') ?? false) === latencyMs.end_to_end_latency.count > 0,
  ],
  [
    /^(?:(MQTT, client \S+|HTTPS), QoS (?:[012]|mixed)|HTTP\/\S+, [A-Z]+); (\d+) slices?: (.*); (\d{4}.*) UTC to (\d{4}.*) UTC$/,
    ([, , planned, outcomes = '', from = '', to = ''], { slicesKilled }, { slices, protocol }) => {
      const counted = outcomes.split(', ').map((each) => numberIn(each.split(' ')[0]));
      const dead = /([\d,]+) (?:died|without an end)/.exec(outcomes)?.[1] ?? '0';
      return (
        numberIn(planned) === slices.planned &&
        counted.reduce((sum, each) => sum + each, 0) === slices.planned &&
        numberIn(dead) === slicesKilled &&
        from <= to &&
        ['mqtt', 'https'].includes(protocol)
      );
    },
  ],
  [
    /^end_to_end_latency, rule_latency and transit end at a stamp in whole milliseconds: a sample is right to ±1 ms\.$/,
    (_, { received }, { clockOffset, generator: { clockBracketMs = null } }) =>
      clockOffset.stampResolutionMs === 1 && received > 0 && (clockBracketMs ?? 0) <= 0.05,
  ],
  [
    /^end_to_end_latency, rule_latency and transit end at a stamp in whole milliseconds: a sample is right to ±1 ms, or up to ([\d.]+) ms more too high, because the send times of a slice on a busy machine are no more precise\.$/,
    ([, stated], { received }, { clockOffset, generator: { clockBracketMs = null } }) =>
      clockOffset.stampResolutionMs === 1 &&
      received > 0 &&
      clockBracketMs !== null &&
      clockBracketMs > 0.05 &&
      Math.abs(Number(stated) - clockBracketMs) <= 0.01 * clockBracketMs,
  ],
  [
    new RegExp(
      `^Stamps from before the message was sent prove that the service’s clocks are behind those of ${count} slices?, by at least ${elapsed} in slice (\\d+): there these three read at least as much too low\\.$`,
    ),
    isProven(-1),
  ],
  [
    new RegExp(
      `^Where a rule sees a message before a subscriber does, echoes prove that the service’s clocks are ahead of those of ${count} slices?, by at least ${elapsed} in slice (\\d+): there these three read at least as much too high\\.$`,
    ),
    isProven(1),
  ],
  [/^Over all slices these three read (.*)\.$/, areBounds],
  [
    new RegExp(`^(\\S+): ${count} samples? below zero, kept as measured\\.$`),
    // Between equal clocks no latency is below zero.
    ([, , stated], truth, report) =>
      numberIn(stated) > 0 && clocksOf(truth, report).some((each) => each !== 0),
  ],
  [
    new RegExp(`^(\\S+): ${count} samples? beyond 1 h, 1 h in the percentiles\\.$`),
    ([, name = ''], _, { latencyMs }) => latencyMs[name as 'connect'].max >= 3_600_000,
  ],
  [
    /^A rehearsal costs nothing: what the same run would have cost on AWS, at list prices of 2026-09 in us-east-1\.$/,
    (_, __, { cost }) => !cost!.isCharged,
  ],
  [
    /^An estimate at list prices of 2026-09 in us-east-1, not the bill\.$/,
    (_, { isMachineReal }, { cost }) => cost!.isCharged && isMachineReal !== true,
  ],
  // What the generator's machine did, it alone records: these figures are held against one another and against what was sent.
  [
    new RegExp(`^([\\d.,]+) CPU seconds, ${count} messages? per CPU second\\.$`),
    ([, seconds, perSecond], { sent, slicesKilled }) =>
      slicesKilled > 0 ||
      numberIn(seconds) === 0 ||
      Math.abs(numberIn(seconds) * numberIn(perSecond) - sent) <= 0.1 * sent + 0.06 * numberIn(perSecond),
  ],
  [
    /^memory (.*) in (\d+) slices?, (.*) in the largest, (.*) per 1,000 devices\.$/,
    ([, sum, slices, largest], { slicesKilled }, report) =>
      bytesIn(largest) <= bytesIn(sum) &&
      numberIn(slices) <= report.slices.planned &&
      numberIn(slices) >= report.slices.planned - slicesKilled,
  ],
  [
    new RegExp(`^start lag ${elapsed}, event loop delay p99 ${elapsed}, max ${elapsed}\\.$`),
    ([, lag, p99, max], _, { startLagsMs }) =>
      millisecondsIn(p99) <= millisecondsIn(max) &&
      isAbout(millisecondsIn(lag), Math.max(0, ...startLagsMs.map((each) => each ?? 0))),
  ],
  [
    /^By slice\. None left a record of when it was ready\.$/,
    (_, { slicesKilled }, { startLagsMs, slices }) =>
      slicesKilled === slices.planned && startLagsMs.every((lag) => lag === null),
  ],
  [
    new RegExp(
      `^By slice\\. (?:${count} slices? left nothing; )?(?:(?:E|e)very (slice|other one) was ready in time|${count} slices? ready late, the latest by ${elapsed})\\.$`,
    ),
    ([, missing = '0', who, late = '0', most = '0 ms'], { slicesKilled }, { startLagsMs }) =>
      numberIn(missing) === startLagsMs.filter((lag) => lag === null).length &&
      numberIn(missing) <= slicesKilled &&
      (who !== 'slice' || missing === '0') &&
      numberIn(late) === startLagsMs.filter((lag) => lag !== null && lag > 0).length &&
      isAbout(millisecondsIn(most), Math.max(0, ...startLagsMs.map((lag) => lag ?? 0))),
  ],
  [
    /^A rehearsal on embedded AWS: what was loaded is an emulator on this machine, not AWS\.$/,
    (_, { isMachineReal, isRehearsal = isMachineReal }, { conditions }) =>
      isRehearsal === true && conditions?.isRehearsal === true,
  ],
  [
    /^The certificate of the target was not checked \(connect\.insecure\): another server may have answered in its place\.$/,
    (_, { isUnchecked }) => isUnchecked === true,
  ],
  [
    /^Faults injected: (.*)\.$/,
    ([, stated = ''], { faults = [] }) =>
      stated.split('; ').every((each) => faults.includes(each.split(' ')[0]!)) &&
      faults.every((each) => stated.includes(`${each} `)),
  ],
  [/^(?:Writes to )?InfluxDB .*; the report needs none of them\.$/, influxCause],
  [
    /^Made by Stampede\. The same figures for machines: report\.json of the run (\S+)\.$/,
    ([, runId], _, report) => runId === report.runId,
  ],
];

function bytesIn(text = ''): number {
  const [, amount, unit = 'B'] = /^([\d.,]+) (B|KB|MB|GB|TB)$/.exec(text) ?? [];
  return numberIn(amount) * 1_000 ** ['B', 'KB', 'MB', 'GB', 'TB'].indexOf(unit);
}
