import type { GroupLedger } from '../measure/group-totals.ts';
import type { RunLedger } from '../measure/run-ledger.ts';
import { resolvedShapes } from '../profile/load-shapes/resolved-load.ts';
import { formatElapsed, formatPlural, formatShare } from '../shared/format.ts';
import { describeCounts } from './describe-counts.ts';
import type { GeneratorSummary, GeneratorVerdict } from './generator-report.ts';
import { describeLeftByStop, describeUnsent, sortReasons, type UnsentMessages } from './unsent-messages.ts';

/**
 * From here on a figure speaks against the generator. A send lag of 10 ms is what a full-quota run must stay below; an
 * event loop that is as late makes it so.
 */
export const tolerated = {
  sendLagP99Ms: 10,
  eventLoopDelayP99Ms: 10,
  startLagMs: 100,
  cpuShare: 0.9,
} as const;

type Totals = Omit<GeneratorSummary, 'health'>;

/**
 * The CPU and memory that the generator used, and whether it was the bottleneck.
 * @param connectsThrottled CloudWatch's Connect.Throttle, 0 where it is not known
 */
export function summarizeGenerator(ledger: RunLedger, connectsThrottled = 0): GeneratorSummary {
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
  return { ...summary, health: judgeGenerator(summary, ledger, connectsThrottled) };
}

/**
 * A late message alone proves nothing: a device whose connection or acknowledgement is slow sends late as well. A generator that
 * was busy, late to start or out of descriptors may have been late by itself, but for messages that the counts place elsewhere.
 */
function judgeGenerator(totals: Totals, ledger: RunLedger, connectsThrottled: number): GeneratorVerdict {
  const signs = signsOf(totals, ledger);
  const late = latenessOf(ledger, connectsThrottled);
  const join = (messages: readonly UnsentMessages[]) => messages.map(({ text }) => text).join(' and ');
  const lateness = join(late);
  const isStartLate = totals.startLagMs > tolerated.startLagMs;
  if (late.length === 0) return judgeOnTime(totals, ledger, signs);
  if (signs.length === 0) {
    const waited = `The generator had time to spare (${easeOf(totals)}), and yet ${lateness}.`;
    return { state: 'waited', signs, sentence: waited };
  }
  // Devices whose slice starts late connect late, whatever the endpoint then answers.
  const isElsewhere = !isStartLate && late.every(({ origin }) => origin === 'elsewhere');
  const advice = adviceOn(ledger);
  const given = signs.join(', ');
  // What the counts place elsewhere is no lateness of its own, where it has some.
  const own = late.filter(({ origin }) => origin !== 'elsewhere');
  const others = own.length === 0 ? [] : late.filter(({ origin }) => origin === 'elsewhere');
  const beside = others.length === 0 ? '' : ` Beside that, ${join(others)}.`;
  return isElsewhere
    ? {
        state: 'waited',
        signs,
        sentence: `The generator was strained (${given}), and yet not the cause: ${lateness}.${advice}`,
      }
    : {
        state: 'bottleneck',
        signs,
        sentence: `The generator was the bottleneck (${given}): ${own.length === 0 ? lateness : join(own)}.${beside}${advice}`,
      };
}

/** What helps a process that may open no more files; a Lambda may open 1,024. */
function adviceOn(ledger: RunLedger): string {
  const isOutOfFiles = Object.keys(sortReasons(ledger.connectFailedBy).local).some((reason) =>
    /^E[MN]FILE/.test(reason),
  );
  return isOutOfFiles
    ? ' Raise the limit of open files (ulimit -n), or plan fewer devices in a slice (slices.devicesPerSlice).'
    : '';
}

/** No sent message was late. A generator that sent nothing is `idle`, not `kept-up`. */
function judgeOnTime(totals: Totals, ledger: RunLedger, signs: readonly string[]): GeneratorVerdict {
  const { intended, sent } = ledger.messages;
  const suffix = signs.length > 0 ? ` (${signs.join(', ')})` : '';
  if (sent === 0) {
    const why = intended === 0 ? 'no message was due' : `the run ended before any message was sent`;
    return { state: 'idle', signs, sentence: `The generator sent nothing: ${why}${suffix}.` };
  }
  if (isBusy(totals) && ledger.groups.some(({ shape }) => !resolvedShapes[shape].hasSchedule)) {
    const why = 'its users waited for it as they did for the service, and started fewer messages';
    return {
      state: 'bottleneck',
      signs,
      sentence: `The generator was the bottleneck${suffix}: ${why}.${adviceOn(ledger)}`,
    };
  }
  if (signs.length > 0) {
    return {
      state: 'strained',
      signs,
      sentence: `The generator was on time, with little to spare${suffix}: send lag p99 ${sendLagOf(ledger)}, ${describeLeftByStop(ledger)}.${adviceOn(ledger)}`,
    };
  }
  return {
    state: 'kept-up',
    signs,
    sentence: `The generator kept up: send lag p99 ${sendLagOf(ledger)}, ${describeLeftByStop(ledger)}, ${easeOf(totals)}.`,
  };
}

/** A closed model is never late: what its process did not manage in time just lets its users wait. */
function isBusy({ peakCpuShare, eventLoopDelayP99Ms }: Totals): boolean {
  return peakCpuShare >= tolerated.cpuShare || eventLoopDelayP99Ms > tolerated.eventLoopDelayP99Ms;
}

function signsOf(totals: Totals, ledger: RunLedger): string[] {
  const { slices } = ledger;
  const { peakCpuShare, eventLoopDelayP99Ms, startLagMs } = totals;
  const refused = describeCounts(sortReasons(ledger.connectFailedBy).local);
  return [
    ...(peakCpuShare >= tolerated.cpuShare ? [`a slice took ${formatShare(peakCpuShare)} of a vCPU`] : []),
    ...(eventLoopDelayP99Ms > tolerated.eventLoopDelayP99Ms
      ? [`event loop delay p99 ${formatElapsed(eventLoopDelayP99Ms)}`]
      : []),
    ...(startLagMs > tolerated.startLagMs ? [`a slice was ready ${formatElapsed(startLagMs)} late`] : []),
    ...(refused === '' ? [] : [`this machine refused connections or requests: ${refused}`]),
    ...(slices.died > 0 ? [`${formatPlural(slices.died, 'slice')} died`] : []),
  ];
}

function latenessOf(ledger: RunLedger, connectsThrottled: number): UnsentMessages[] {
  const { messages } = ledger;
  const unknown = formatPlural(messages.sendUnknown, 'message');
  return [
    ...describeLag(ledger),
    ...describeUnsent(ledger, connectsThrottled),
    ...(messages.sendUnknown > 0
      ? [{ text: `it is not known whether ${unknown} left`, origin: 'generator' as const }]
      : []),
  ];
}

const lateReasons: Readonly<Record<NonNullable<GroupLedger['lateAs']>, string>> = {
  asleep: 'slept when they were due',
  'each-message': 'connect for each message',
  new: 'had just taken the place of others',
};

/** Lateness that is left without the messages of devices that slept, or that a storm or the injected network held up, is not theirs. */
function describeLag({ latencies, connectedSendLag, groups, storms, networks }: RunLedger): UnsentMessages[] {
  const textOf = (lagMs: number) => `left ${formatElapsed(lagMs)} late or more`;
  const [all, connected] = [latencies.send_lag, connectedSendLag].map((lags) => lags.percentileAt(99)) as [
    number,
    number,
  ];
  const haveOthers = connectedSendLag.count < latencies.send_lag.count;
  if (connected > tolerated.sendLagP99Ms) {
    const whose = haveOthers ? ' that were due while their devices were connected' : '';
    return [{ text: `1 % of the messages${whose} ${textOf(connected)}`, origin: 'open' }];
  }
  if (all <= tolerated.sendLagP99Ms) return [];
  const why = groups.flatMap(({ lateAs }) => (lateAs === undefined ? [] : [lateReasons[lateAs]]));
  if (networks !== undefined) why.push('had been held up by the injected network');
  if (storms !== undefined || why.length === 0) why.push('had been disconnected');
  return [
    {
      text: `1 % of the messages ${textOf(all)}, for devices that ${[...new Set(why)].join(', or ')}`,
      origin: 'elsewhere',
    },
  ];
}

function easeOf({ peakCpuShare, eventLoopDelayP99Ms }: Totals): string {
  const cpu = peakCpuShare > 0 ? [`at most ${formatShare(peakCpuShare)} of a vCPU in a slice`] : [];
  return [...cpu, `event loop delay p99 ${formatElapsed(eventLoopDelayP99Ms)}`].join(', ');
}

function sendLagOf({ latencies }: RunLedger): string {
  return formatElapsed(latencies.send_lag.percentileAt(99));
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
