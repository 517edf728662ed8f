import type { Report } from '../../../src/report/report-model.ts';
import { sumBy } from '../../../src/shared/counts.ts';
import { count, elapsed, isAbout, millisecondsIn, never, numberIn, type Rule } from './rule.ts';
import type { Check, Truth } from './truth.ts';

type Range = readonly [least: number, most: number];
const exactly = (value: number): Range => [value, value];

/** What a threshold's metric came to, and what its rate is a share of; undefined: no record but the report's own has it. */
const realOf = (metric: string, truth: Truth, { devices, messages }: Parameters<Check>[2]) => {
  const acked: Range = [truth.ackedInTime ?? truth.acked, truth.acked];
  const held = messages.notRead + messages.deadLettered + messages.unaccounted;
  const missing = truth.sent - truth.received;
  const notConnected = devices.planned - truth.devicesConnected;
  const answerable = truth.sent - (truth.unanswered ?? 0);
  const [, kind] = /^lost_messages\{kind:(\S+)\}$/.exec(metric) ?? [];
  const ofKind = truth.kinds?.filter(({ name }) => name === kind || name.endsWith(` / ${kind}`)) ?? [];
  const sentOfKind = sumBy(ofKind, ({ sent }) => sent);
  const missingOfKind = sentOfKind - sumBy(ofKind, ({ received }) => received);
  const ofMessages: Readonly<Record<string, readonly [Range, number]>> = {
    [`lost_messages{kind:${kind}}`]: [[missingOfKind - held, missingOfKind], sentOfKind],
    lost_messages: [[missing - held, missing], truth.sent],
    dropped_messages: [exactly(truth.intended - truth.sent), truth.intended],
    unacknowledged_messages: [
      [answerable - acked[1] - truth.throttled - messages.failed, answerable - acked[0]],
      truth.sent,
    ],
    received_messages: [exactly(truth.received), truth.sent],
    duplicate_messages: [exactly(truth.duplicates), truth.sent],
    throttled: [exactly(truth.throttled), truth.sent],
    devices_not_connected: [[notConnected, notConnected + (truth.connectsGivenUp ?? 0)], devices.planned],
  };
  return ofMessages[metric];
};

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '==': (a, b) => a === b,
};
export function satisfies(expression: string, value: number): boolean {
  const [, operator = '', limit] = /(<=|>=|==|<|>)([\d.]+)$/.exec(expression) ?? [];
  return comparisons[operator]!(value, Number(limit));
}

/** Real values from `least` to `most`: of a failed threshold one of them fails it, and what is stated is what they are. */
export const isTrueThreshold: Check = (
  [, metric = '', expression = '', outcome, stated = ''],
  truth,
  report,
) => {
  const real = realOf(metric, truth, report);
  const figures = [...stated.matchAll(/-?[\d,.]*\d/g)].map(([text]) => numberIn(text));
  if (stated === 'nothing was measured' && metric === 'time_to_recover')
    return truth.storms?.some(({ backMs, devices }) => backMs.length < devices) === true;
  if (stated === 'nothing was measured')
    return metric.startsWith('cloudwatch.')
      ? Object.keys(report.cloudwatch).length === 0
      : metric in report.latencyMs
        ? report.latencyMs[metric as 'connect'].count === 0
        : truth.sent === 0;
  if (outcome === 'failed' && figures.every((each) => satisfies(expression, each))) return false;
  // Latencies, and what failed on the generator's side: the report's own figures, which others tests hold.
  if (real === undefined) return figures.length > 0;
  const [range, of] = real;
  // A share of nothing: slices died before they sent, and the report cannot know that they did not.
  if (expression.startsWith('rate') && of === 0) return stated.startsWith('it is not known');
  const [least, most] = range.map((each) => (expression.startsWith('rate') ? each / of : each)) as [
    number,
    number,
  ];
  const tolerance = 0.001 * most + 1e-9;
  const [low = 0, high = low] = figures;
  if (stated.startsWith('it is not known')) {
    const isOpen = stated.includes('is at least');
    return low <= most + tolerance && (isOpen || least <= high + tolerance);
  }
  const unknown = metric === 'devices_not_connected' ? report.devices.unknown : report.messages.sendUnknown;
  const isKnown = truth.slicesKilled === 0 || unknown === 0;
  return isKnown && least - tolerance <= low && low <= most + tolerance;
};

/** Whether there is anything of the run that is not known. */
export function mayBeOpen({ slicesKilled }: Truth, { messages, downlink }: Report): boolean {
  return (
    slicesKilled > 0 ||
    messages.unaccounted > 0 ||
    (downlink !== undefined && downlink.throttledAtLeast < downlink.throttled)
  );
}

const isStopped: Check = (_, __, { stop }) => stop !== undefined;

const deaths: Check = ([, stated], truth, { stop }) =>
  numberIn(stated) === truth.slicesKilled && stop?.threshold === undefined;

/** Why the verdict is what it is, and what of it is not known. */
export const verdictRules: readonly Rule[] = [
  [
    /^Threshold (\S+) (\S+) failed ([\d.]+) s after publishing began, when it was ([\d.,]+), and ended the run \(abortOnFail\)\.$/,
    ([, metric, expression = '', seconds, was], _, { stop }) =>
      stop?.threshold?.metric === metric && !satisfies(expression, numberIn(was)) && Number(seconds) > 0,
  ],
  [/^Threshold (\S+) (\S+) (failed|is not proven): (.*)\.$/, isTrueThreshold],
  [/^Of \d+ slices?, (\d+) died(?: .*)?; the profile tolerates/, deaths],
  [
    /^Of \d+ slices?, (\d+) failed \(.*\)(?: and .*)?; the profile tolerates/,
    ([, stated], { devicesConnected }, { slices }) =>
      numberIn(stated) === slices.failed && devicesConnected < slices.planned * 1_000_000,
  ],
  [
    /^Of \d+ slices?, (\d+) stopped by themselves \(.*\); the profile tolerates/,
    ([, stated], _, { slices, stop }) => numberIn(stated) === slices.stopped && stop === undefined,
  ],
  [
    /^The run ended before its time(?: \((\d+) of (\d+) slices?\))?: .*\.$/,
    ([, some], _, { stop, slices }) =>
      stop !== undefined && (some === undefined ? slices.stopped === slices.planned : true),
  ],
  [/^Stop requested at .* UTC; the last publish was before that\.$/, isStopped],
  [
    new RegExp(`^Stop requested at .* UTC; the last publish was sent ${elapsed} later\\.$`),
    ([, stated], _, { stop }) => isAbout(millisecondsIn(stated), stop?.lastSentAfterMs ?? -1),
  ],
  [/^Stop requested at .* UTC, before anything was sent\.$/, (_, { sent }) => sent === 0],
  [
    /^The execution was stopped by StopExecution/,
    (_, __, { execution, verdict }) => execution?.status === 'ABORTED' && verdict === 'aborted',
  ],
  [
    /^The execution timed out before it had made its report\.$/,
    (_, __, { execution, verdict }) => execution?.status === 'TIMED_OUT' && verdict === 'failed',
  ],
  [
    new RegExp(`^${count} of \\d+ slices? had not stored an end when this report was made`),
    ([, stated], truth) => numberIn(stated) === truth.slicesKilled,
  ],
  [
    /^– is not judged: the run was stopped before it could meet it\.$/,
    (_, __, { stop, execution }) => stop !== undefined || execution !== undefined,
  ],
  [
    /^\? is not proven, which counts as failed: the figure depends on what is not known of slices that died, of messages that are not accounted for, or of what the service refused for a quota\.$/,
    (_, truth, report) => mayBeOpen(truth, report),
  ],
  [/^The profile has none\.$/, (_, __, { thresholds }) => thresholds.length === 0],
  [
    /^What slices printed before they ended is in the log of the function publish-(mqtt|http)\.$/,
    ([, suffix], truth, { slices, protocol }) =>
      truth.slicesKilled + slices.failed > 0 && (suffix === 'http') === (protocol === 'https'),
  ],
  [/^The ledger does not balance: /, never],
];
