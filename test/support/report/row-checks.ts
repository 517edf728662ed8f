import { formatCount } from '../../../src/shared/format.ts';
import { isAbout, millisecondsIn, numberIn } from './rule.ts';
import type { Check, Truth } from './truth.ts';
import { isTrueThreshold, mayBeOpen, satisfies } from './verdict-sentences.ts';

// What has to be the case where a row of a table, a tile or a line of the terminal stands.

type Report = Parameters<Check>[2];

export const millisecondsOf = (cell: string): number =>
  /s$/.test(cell) ? millisecondsIn(cell) : numberIn(cell);
const numbersIn = (text: string): number[] =>
  [...text.matchAll(/-?[\d,.]*\d/g)].map(([each]) => numberIn(each));

const heldOf = ({ messages }: Report) => messages.notRead + messages.deadLettered + messages.unaccounted;

/** `✓`, `lost_messages`, `count==0`, `0`: a mark that its figure bears out, and a figure that is true. */
export const isTrueMark = (mark: string, metric: string, expression: string, measured: string): Check => {
  return (_, truth, report) => {
    const [low = 0, high = low] = numbersIn(measured);
    const stated = measured.endsWith(' or more')
      ? `it is not known, and is at least ${formatCount(low)}`
      : /\d to -?\d/.test(measured)
        ? `it is not known, and lies between ${low} and ${high}`
        : measured === 'nothing'
          ? 'nothing was measured'
          : `it is ${measured}`;
    const outcome = mark === '✗' ? 'failed' : mark;
    const isTrue = isTrueThreshold(['', metric, expression, outcome, stated], truth, report);
    switch (mark) {
      case '✓':
        return isTrue && numbersIn(measured).every((each) => satisfies(expression, each));
      case '✗':
        return isTrue;
      case '?':
        return isTrue && mayBeOpen(truth, report);
      // What a stop cut off is not judged, and may grow.
      case '–':
        return report.stop !== undefined || report.execution !== undefined;
      default:
        return false;
    }
  };
};
/** Percentiles rise, and there are as many samples as messages or devices that can have made one. */
export const isTrueLatency: Check = ([, name = '', cells = ''], truth, { messages, latencyMs, devices }) => {
  const [samples = '0', ...figures] = cells.split(' | ');
  const [min = 0, mean = 0, ...rising] = figures.map(millisecondsOf);
  const most: Readonly<Record<string, number>> = {
    connect: devices.connected + devices.reconnects,
    reconnect: devices.reconnects,
    puback_round_trip: truth.acked,
    send_lag: messages.sent + 1,
    echo_latency: truth.echoed ?? messages.sent,
  };
  const arrivals = truth.received + truth.duplicates;
  const slack = 0.005 * Math.abs(rising.at(-1) ?? 0) + 0.01;
  return (
    numberIn(samples) === latencyMs[name as 'connect'].count &&
    // Of what a situation puts into a record it puts as much as it likes.
    (truth.isMachineReal !== true || numberIn(samples) <= (most[name] ?? arrivals)) &&
    (!['end_to_end_latency', 'rule_latency', 'transit'].includes(name) || numberIn(samples) <= arrivals) &&
    min <= mean + slack &&
    mean <= (rising.at(-1) ?? 0) + slack &&
    rising.every((each, i) => i === 0 || rising[i - 1]! <= each + slack)
  );
};

/** Peak, limit and headroom are those of one another; the mark says where the limit is from. */
export const isTrueQuota =
  (name: string, [peak, limit, headroom]: readonly string[], isMarked: boolean): Check =>
  (_, truth, { quotas }) => {
    const quota = quotas.find((each) => each.name === name);
    const share =
      1 - numberIn(peak?.split('/')[0]?.split(' ')[0]) / numberIn(limit?.split('/')[0]?.split(' ')[0]);
    return (
      quota !== undefined &&
      quota.isLive === !isMarked &&
      Math.abs(share * 100 - numberIn(headroom?.replace(' %', ''))) <= 1 + Math.abs(share) &&
      (quota.quota !== 'publishInPerSecond' || quota.peak <= truth.sent)
    );
  };

/** What came of each, by reason: the counts add up to what is known of it. */
export const isTrueCause: Check = ([, what = '', reasons = ''], truth, report) => {
  const counts = [...reasons.matchAll(/ ([\d,]+)(?=, |$| \(CloudWatch\)$)/g)].map(([, each]) =>
    numberIn(each),
  );
  const sum = counts.reduce((all, each) => all + each, 0);
  const { slices, devices, messages, causes } = report;
  const total: Readonly<Record<string, number>> = {
    dropped: messages.dropped,
    failed: messages.failed,
    unanswered: messages.unacknowledged,
    'connects failed': devices.connectFailed,
    'slices failed': slices.failed,
    'slices died': truth.slicesKilled,
    disconnects: Object.values(causes.disconnected).reduce((all, each) => all + each, 0),
    'echo refused': Object.values(causes.echoRefused).reduce((all, each) => all + each, 0),
  };
  const unsent = truth.intended - truth.sent;
  if (what === 'dropped' && (sum > unsent || unsent > sum + messages.sendUnknown)) return false;
  if (what === 'slices died') return sum <= truth.slicesKilled;
  return what === 'not authorized' ? sum > 0 : sum === total[what];
};

export const isTrueGroup: Check = ([, name = '', cells = ''], truth, report) => {
  const { groups = [] } = report;
  const group = groups.find((each) => each.group === name);
  const isClosed = group?.load === 'closed';
  const has = (isSo: boolean, heading: string) => (isSo ? [heading] : []);
  const headings = [
    'devices',
    'connected',
    ...has(
      groups.some(({ load }) => load === undefined),
      'intended',
    ),
    ...has(
      groups.some(({ load }) => load === 'closed'),
      'started',
    ),
    'sent',
    'dropped',
    ...has(truth.requests === undefined, 'received'),
    ...has(truth.requests === undefined, 'lost'),
  ];
  const texts = cells.split(' | ');
  const cellOf = (heading: string) => texts[headings.indexOf(heading)];
  const figure = (heading: string) => numberIn(cellOf(heading));
  const others = cellOf(isClosed ? 'intended' : 'started');
  return (
    group !== undefined &&
    texts.length === headings.length &&
    (others === undefined || others === '–') &&
    figure('connected') <= Math.min(figure('devices'), truth.devicesConnected) &&
    figure(isClosed ? 'started' : 'intended') ===
      figure('sent') + figure('dropped') + (group.messages.sendUnknown ?? 0) &&
    (truth.requests !== undefined ||
      (group.endsWithAnswer && cellOf('received') === '–' && cellOf('lost') === '–') ||
      (figure('received') <= truth.received && figure('lost') <= truth.sent - truth.received))
  );
};

/** A kind of message has no devices of its own: the dashes in their columns are left out. A terminal's row does not say its group. */
export const isTrueKind: Check = ([, name = '', cells = ''], { kinds = [] }, { slices }) => {
  const [intended, sent, dropped, received, lost] = cells
    .split(' | ')
    .flatMap((cell) => (cell === '–' ? [] : [numberIn(cell)]));
  return kinds
    .filter((kind) => kind.name === name || kind.name.endsWith(` / ${name}`))
    .some(
      (kind) =>
        intended === kind.intended &&
        (sent === kind.sent || (slices.died > 0 && sent! <= kind.sent)) &&
        dropped! <= kind.intended - kind.sent &&
        received === kind.received &&
        lost === sent! - received,
    );
};

/**
 * p50 and p99 of what a group or a kind of message measured: a dash where it has no samples, and no column where none has. A terminal's row does not say the
 * group of a kind.
 */
export const isTruePartLatency: Check = ([, name = '', cells = ''], _, { groups = [], kinds = [] }) => {
  const parts = [
    ...groups.flatMap(({ group, latencyMs, kinds: own = [] }) => [
      { name: group, latencyMs },
      ...own.map((each) => ({ name: each.kind, latencyMs: each.latencyMs })),
    ]),
    ...kinds.map((each) => ({ name: each.kind, latencyMs: each.latencyMs })),
  ];
  const shownOf = ({ latencyMs }: (typeof parts)[number]) =>
    partLatencies.map((names) =>
      names
        .map((each) => (latencyMs as Partial<Report['latencyMs']>)[each])
        .find((all) => all && all.count > 0),
    );
  const isShown = partLatencies.map((_names, i) => parts.some((part) => shownOf(part)[i] !== undefined));
  const texts = cells.split(' | ');
  return parts
    .filter((part) => part.name === name)
    .some((part) => {
      const figures = shownOf(part)
        .filter((_latency, i) => isShown[i])
        .flatMap((latency) => [latency?.p50, latency?.p99]);
      return (
        texts.length === figures.length &&
        figures.every((figure, i) =>
          figure === undefined ? texts[i] === '–' : isAbout(millisecondsOf(texts[i]!), figure),
        )
      );
    });
};

const partLatencies = [
  ['end_to_end_latency', 'response_time'],
  ['puback_round_trip', 'pubcomp_round_trip'],
  ['send_lag'],
] as const;

function secondsIn(duration: string): number {
  const units: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3_600, d: 86_400 };
  return [...duration.matchAll(/([\d.]+)(ms|s|m|h|d)/g)].reduce(
    (all, [, amount, unit]) => all + Number(amount) * units[unit!]!,
    0,
  );
}

/**
 * A rate over its stage, or what there was of it, is a share of what was due and sent: no stage has more than the run. Of less than a
 * second of a stage there is none.
 */
export const isTrueStage: Check = ([, lasts = '', target = '', intended, sent], truth, { stop, slices }) => {
  const [, ran, whole = lasts] = /^(.*) of (.*)$/.exec(lasts) ?? [];
  const plannedSeconds = secondsIn(whole);
  const seconds = ran === undefined ? plannedSeconds : millisecondsOf(ran) / 1_000;
  const isWithin = (rate: string | undefined, messages: number) =>
    rate === '–' || numberIn(rate) * seconds <= 1.006 * messages + 0.06 * seconds;
  const isTooShort = seconds < Math.min(1, plannedSeconds);
  // What a slice sent last before a stop may be one message ahead of the others.
  const most =
    1.006 * Math.max(...numbersIn(target)) + 10 + (stop === undefined ? 0 : slices.planned / seconds);
  return (
    plannedSeconds > 0 &&
    seconds <= plannedSeconds &&
    (ran === undefined || stop !== undefined || slices.stopped === slices.planned) &&
    (intended === '–') === isTooShort &&
    (intended === '–' || numberIn(intended) <= most) &&
    isWithin(intended, truth.intended) &&
    // What was sent is known only as long as a slice lived.
    (slices.died === slices.planned || ((sent === '–') === isTooShort && isWithin(sent, truth.sent)))
  );
};

export const isTile: Check = ([, name = '', value = ''], truth, report) => {
  const { messages, devices, rates, latencyMs } = report;
  const [stated = 0, of = 0] = numbersIn(value);
  switch (name) {
    case 'devices connected':
    case 'devices ready':
      return (
        (name === 'devices ready') === (report.protocol === 'https') &&
        of === devices.planned &&
        stated <= truth.devicesConnected &&
        truth.devicesConnected <= stated + devices.unknown + devices.connectFailed
      );
    case 'messages sent':
      return stated <= truth.sent && truth.sent <= stated + messages.sendUnknown && of === truth.intended;
    case 'lost':
      return (
        stated <= truth.sent - truth.received &&
        truth.sent - truth.received <= stated + heldOf(report) + messages.sendUnknown
      );
    case 'not read yet':
    case 'dead-lettered':
    case 'not accounted for':
      return stated > 0 && stated <= heldOf(report);
    case 'throttled':
      return stated <= truth.throttled;
    case 'mean rate':
      return Math.abs(stated - rates.meanPerSecond) <= 0.06 + 0.006 * rates.meanPerSecond;
    case 'end to end, p99':
      return Math.abs(stated - latencyMs.end_to_end_latency.p99) <= 0.01 * Math.abs(stated) + 0.01;
    default:
      return false;
  }
};

export const isVerdict: Check = ([, mark = '', text = '', runId, rehearsal], truth, report) => {
  const of: Readonly<Record<string, string>> = {
    '✓': 'PASSED',
    '?': 'INCONCLUSIVE',
    '✗': 'FAILED',
    '■': 'ABORTED',
  };
  const mayPass = truth.slicesKilled === 0 && report.thresholds.every(({ passed }) => passed);
  return (
    of[mark] === text &&
    text === report.verdict.toUpperCase() &&
    runId === report.runId &&
    (rehearsal !== undefined) === (report.conditions?.isRehearsal === true) &&
    (report.verdict !== 'passed' || mayPass)
  );
};

/** `MQTT, client dense, QoS 1; 390 of 400 devices connected, 10 not known; 4 slices: 3 completed, 1 died` */
export const isHead: Check = (
  [, connected, planned, word, more = '', slices, outcomes = ''],
  truth,
  report,
) => {
  const unknown = numberIn(/([\d,]+) not known/.exec(more)?.[1] ?? '0');
  const counts = outcomes.split(', ').map((each) => numberIn(each.split(' ')[0]));
  const dead = numberIn(/([\d,]+) (?:died|without an end)/.exec(outcomes)?.[1] ?? '0');
  return (
    (word === 'ready') === (report.protocol === 'https') &&
    numberIn(planned) === report.devices.planned &&
    numberIn(connected) <= truth.devicesConnected &&
    truth.devicesConnected <= numberIn(connected) + unknown + report.devices.connectFailed &&
    counts.reduce((sum, each) => sum + each, 0) === numberIn(slices) &&
    dead === truth.slicesKilled
  );
};

export const isCondition: Check = (
  [, name = '', value = ''],
  { faults = [], isMachineReal },
  { conditions },
) => {
  if (conditions === undefined) return false;
  switch (name) {
    case 'faults injected':
      return value === 'none' ? faults.length === 0 : faults.every((each) => value.includes(each));
    case 'target':
      return value.startsWith('embedded AWS') === conditions.isRehearsal;
    case 'versions':
      return isMachineReal !== true || value.includes(`Node.js ${process.versions.node}`);
    case 'overrides':
      return (value === 'none') === (conditions.overrides.length === 0);
    default:
      return value.length > 0;
  }
};

/** `420 messages`, used against the record: no more publishes are billed than were sent, and none of those taken are forgotten. */
export const isUsage: Check = ([, line = '', , , used = '', usd = ''], truth, report) => {
  const [amount = 0] = numbersIn(used);
  if (line === 'Total' || used === '') return numberIn(usd.replace('$', '')) >= 0;
  // Each of up to 5 KB; the control topic's come beside them.
  if (line === 'IoT PUBLISH in') return amount >= Math.min(truth.taken, report.messages.acked);
  return amount >= 0 && /^\$/.test(usd);
};

/** `0:04`: an instant of a plot's table, with what the plot shows there. */
export const isPlotRow: Check = ([, cells = '']) => {
  const figures = [...cells.matchAll(/(p50|p90|p95|p99|p99\.9|max): (-?[\d.,]+)(?= \||$)/g)].map(
    ([, , each]) => numberIn(each),
  );
  return figures.every((each, i) => i === 0 || figures[i - 1]! <= each + 0.005 * Math.abs(each) + 0.01);
};

export const hasRows =
  (what: (report: Report, truth: Truth) => boolean): Check =>
  (_, truth, report) =>
    what(report, truth);
