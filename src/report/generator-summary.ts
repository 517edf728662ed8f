import type { RunLedger } from '../measure/run-ledger.ts';
import { formatElapsed, formatMs, formatPlural, formatShare } from './figures.ts';
import type { GeneratorSummary, GeneratorVerdict } from './generator-report.ts';

/**
 * From here on a figure speaks against the generator. A send lag of 10 ms is what a full-quota run must stay below; an
 * event loop that is as late makes it so.
 */
const tolerated = { sendLagP99Ms: 10, eventLoopDelayP99Ms: 10, startLagMs: 100, cpuShare: 0.9 } as const;

type Totals = Omit<GeneratorSummary, 'health'>;

/** What the load cost those who made it, and whether they were what held it up. */
export function summarizeGenerator(ledger: RunLedger): GeneratorSummary {
  const { cpuSeconds, deviceBytes, devices, startLagMs, ...totals } = ledger.generator;
  const summary: Totals = {
    slices: totals.slices,
    cpuSeconds: rounded(cpuSeconds),
    peakCpuShare: rounded(totals.peakCpuShare),
    sentPerCpuSecond: cpuSeconds > 0 ? Math.round(ledger.messages.sent / cpuSeconds) : 0,
    maxRssBytes: totals.maxRssBytes,
    rssBytes: totals.rssBytes,
    bytesPer1000Devices: devices > 0 ? Math.round((deviceBytes / devices) * 1000) : 0,
    startLagMs: rounded(startLagMs),
    eventLoopDelayP99Ms: totals.eventLoopDelayP99Ms,
    eventLoopDelayMaxMs: totals.eventLoopDelayMaxMs,
    clockBracketMs: totals.clockBracketMs === null ? null : rounded(totals.clockBracketMs),
  };
  return { ...summary, health: judgeGenerator(summary, ledger) };
}

/**
 * A late message alone proves nothing: a device whose connection or acknowledgement is slow sends late as well. Only a
 * generator that was busy, or late to start, was late by itself.
 */
function judgeGenerator(totals: Totals, ledger: RunLedger): GeneratorVerdict {
  const signs = signsOf(totals, ledger);
  const lateness = latenessOf(ledger);
  const isLate = lateness.length > 0;
  if (signs.length > 0) {
    return isLate
      ? {
          state: 'bottleneck',
          signs,
          sentence: `The generator was the bottleneck (${signs.join(', ')}): ${lateness.join(' and ')}, which the service is not to blame for.`,
        }
      : {
          state: 'strained',
          signs,
          sentence: `The generator kept up, with little to spare (${signs.join(', ')}).`,
        };
  }
  return isLate
    ? {
        state: 'waited',
        signs,
        sentence: `The generator had time to spare (${easeOf(totals)}), and yet ${lateness.join(' and ')}: devices waited for the service to connect or to acknowledge.`,
      }
    : {
        state: 'kept-up',
        signs,
        sentence: `The generator kept up: send lag p99 ${sendLagOf(ledger)} ms, nothing dropped, ${easeOf(totals)}.`,
      };
}

function signsOf(totals: Totals, { slices }: RunLedger): string[] {
  const { peakCpuShare, eventLoopDelayP99Ms, startLagMs } = totals;
  return [
    ...(peakCpuShare >= tolerated.cpuShare ? [`a slice took ${formatShare(peakCpuShare)} of a vCPU`] : []),
    ...(eventLoopDelayP99Ms > tolerated.eventLoopDelayP99Ms
      ? [`event loop delay p99 ${formatElapsed(eventLoopDelayP99Ms)}`]
      : []),
    ...(startLagMs > tolerated.startLagMs ? [`a slice was ready ${formatElapsed(startLagMs)} late`] : []),
    ...(slices.died > 0 ? [`${formatPlural(slices.died, 'slice')} died`] : []),
  ];
}

function latenessOf({ latencies, messages, droppedBy }: RunLedger): string[] {
  const lag = latencies.send_lag.percentileAt(99);
  // What was not sent because the run was stopped was not sent late.
  const dropped = messages.dropped - (droppedBy.stopped ?? 0);
  return [
    ...(lag > tolerated.sendLagP99Ms ? [`1 % of the messages left ${formatElapsed(lag)} late or more`] : []),
    ...(dropped > 0
      ? [`${formatPlural(dropped, 'message')} ${dropped === 1 ? 'was' : 'were'} never sent`]
      : []),
    ...(messages.sendUnknown > 0
      ? [`it is not known whether ${formatPlural(messages.sendUnknown, 'message')} left`]
      : []),
  ];
}

function easeOf({ peakCpuShare, eventLoopDelayP99Ms }: Totals): string {
  const cpu = peakCpuShare > 0 ? [`at most ${formatShare(peakCpuShare)} of a vCPU in a slice`] : [];
  return [...cpu, `event loop delay p99 ${formatElapsed(eventLoopDelayP99Ms)}`].join(', ');
}

function sendLagOf({ latencies }: RunLedger): string {
  return formatMs(latencies.send_lag.percentileAt(99));
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
