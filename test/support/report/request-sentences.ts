import { sumOf } from '../../../src/shared/counts.ts';
import { isTrueLatency } from './row-checks.ts';
import { count, isAbout, millisecondsIn, numberIn, type Rule } from './rule.ts';
import type { Check } from './truth.ts';

/** `989 | 2.73 | …`: as many answers of a status as there were, and percentiles that rise. */
const isTrueStatus: Check = ([text = '', status = '', cells = ''], truth, report) => {
  const known = truth.requests?.statuses[Number(status)];
  const [samples] = cells.split(' | ');
  // With the figures of all answers in its place, only the number of samples would not be that of the table.
  const latencyMs = {
    ...report.latencyMs,
    response_time: { ...report.latencyMs.response_time!, count: known ?? -1 },
  };
  return (
    numberIn(samples) === known &&
    isTrueLatency([text, 'response_time', cells], truth, { ...report, latencyMs })
  );
};

/** What reports state of requests to a web service. */
export const requestRules: readonly Rule[] = [
  [
    /^([\d.,]+) answers a second, ([\d.,]+) a device; ([\d,]+) connections? opened, (\S+ \S+) sent and (\S+ \S+) received\.$/,
    ([, perSecond, perDevice, connections], { requests }, { rates, devices }) => {
      if (requests === undefined) return false;
      const real = sumOf(Object.values(requests.statuses)) / rates.publishedSeconds;
      return (
        Math.abs(numberIn(perSecond) - real) <= 0.06 + 0.006 * real &&
        Math.abs(numberIn(perDevice) - real / devices.planned) <= 0.06 &&
        isAbout(numberIn(connections), requests.connections)
      );
    },
  ],
  [
    new RegExp(`^${count} of the answers were redirects, and none was followed\\.$`),
    ([, redirects], { requests }) => numberIn(redirects) === requests?.statuses[302],
  ],
  [
    new RegExp(
      `^${count} sent = ${count} succeeded \\+ ${count} throttled \\+ ${count} failed \\+ ${count} unanswered$`,
    ),
    ([, ...counts], { sent, requests }) => {
      const [all, succeeded, throttled, failed, unanswered] = counts.map(numberIn);
      const { statuses = {} } = requests ?? {};
      return (
        all === sent &&
        succeeded === statuses[200] &&
        throttled === (statuses[429] ?? 0) &&
        failed === (statuses[302] ?? 0) &&
        unanswered === sent - sumOf(Object.values(statuses))
      );
    },
  ],
  [
    /^row of Milliseconds \| Latency: response_time sent → last byte of the answer \| samples: (.*)$/,
    ([text = '', cells = ''], ...rest) =>
      isTrueLatency([text, 'response_time', cells.replace(/\| [^|:]*: /g, '| ')], ...rest),
  ],
  [
    /^row of Milliseconds \| Latency: status (\d+) \| samples: (.*)$/,
    ([text = '', status = '', cells = ''], ...rest) =>
      isTrueStatus([text, status, cells.replace(/\| [^|:]*: /g, '| ')], ...rest),
  ],
  [
    /^response_time ([\d,]+ [\d.,]+(?: s)? .*)$/,
    ([text = '', cells = ''], ...rest) =>
      isTrueLatency([text, 'response_time', cells.replace(/ (?=-?[\d.,])/g, ' | ')], ...rest),
  ],
  [
    /^status (\d+) ([\d,]+ [\d.,]+(?: s)? .*)$/,
    ([text = '', status = '', cells = ''], ...rest) =>
      isTrueStatus([text, status, cells.replace(/ (?=-?[\d.,])/g, ' | ')], ...rest),
  ],
  [
    /^tile response time, p99: ([\d.,]+)(.*)$/,
    ([, p99, unit = ''], _, { latencyMs: { response_time: all } }) =>
      Math.abs(millisecondsIn(`${p99}${unit === '' ? ' ms' : unit}`) - all!.p99) <= 0.01 * all!.p99 + 0.01,
  ],
  [
    /^tile failed: ([\d,]+)$/,
    ([, failed], { requests }) => numberIn(failed) === (requests?.statuses[302] ?? 0),
  ],
];
