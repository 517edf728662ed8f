import type { NetworkEndings } from '../measure/network-totals.ts';
import { type CountsByReason, ReasonCounts } from '../measure/reason-counts.ts';
import type { RunLedger } from '../measure/run-ledger.ts';
import { sumBy, sumFields } from '../shared/counts.ts';
import { formatCount, formatPlural, joinWords } from '../shared/format.ts';
import { describeCounts } from './describe-counts.ts';
import { describeEnded, nothingEnded } from './network-report.ts';

/**
 * `generator`: the counts prove it. `elsewhere`: they prove that it was the endpoint, the network or a quota. `open`: they do not
 * distinguish a busy generator from a slow service.
 */
export type Origin = 'generator' | 'elsewhere' | 'open';

/** A group of messages that were not sent, with what the counts say of the reason. */
export interface UnsentMessages {
  readonly text: string;
  readonly origin: Origin;
}

/** This machine, not the endpoint: no descriptor, no local port, no memory for a socket, nothing to sign a request with. */
const localReason = /^(EMFILE|ENFILE|EADDRNOTAVAIL|ENOBUFS|ENOMEM|CredentialsProviderError|SigningTimeout)\b/;
/** Reason codes of MQTT 5 that name a quota, and HTTP's. An MQTT 3.1.1 client is only answered ServerUnavailable. */
const quotaReason = /^(QuotaExceeded|ConnectionRateExceeded|MessageRateTooHigh|ThrottlingException)\b/;

/** An attempt that ended with its slice: nothing failed it. */
const underWayReason = /^no answer before the slice ended$/;

/** Connects that failed, by what failed them. */
export interface FailedConnects {
  readonly underWay: CountsByReason;
  readonly local: CountsByReason;
  readonly quota: CountsByReason;
  readonly other: CountsByReason;
}

/** @param counts connects that failed, by their reasons */
export function sortReasons(counts: CountsByReason): FailedConnects {
  const pick = (kind: (reason: string) => boolean) =>
    Object.fromEntries(Object.entries(counts).filter(([reason]) => kind(reason)));
  const isLocal = (reason: string) => localReason.test(reason);
  const isQuota = (reason: string) => quotaReason.test(reason);
  const isUnderWay = (reason: string) => underWayReason.test(reason);
  return {
    local: pick(isLocal),
    quota: pick(isQuota),
    underWay: pick(isUnderWay),
    other: pick((reason) => !isLocal(reason) && !isQuota(reason) && !isUnderWay(reason)),
  };
}

/** What kept messages of a device without a connection from leaving, by reason. */
const waits: Readonly<Record<string, string>> = {
  'not-connected': 'no connection',
  'slice-failed': 'the slice failed',
};

/**
 * Intended, and never sent, by reason. Messages that a stop by the user left unsent are not counted.
 * @param connectsThrottled CloudWatch's Connect.Throttle, 0 where it is not known
 */
export function describeUnsent(ledger: RunLedger, connectsThrottled: number): UnsentMessages[] {
  const { stopped: _, ...reasons } = ledger.droppedBy;
  return Object.entries(reasons)
    .filter(([, count]) => count > 0)
    .flatMap(([reason, count]) => {
      const wait = waits[reason];
      return wait === undefined
        ? [describeReason(reason, count)]
        : describeWaits(
            wait,
            hindrancesOf(ledger, connectsThrottled).filter(({ droppedBy }) => (droppedBy[reason] ?? 0) > 0),
            ({ droppedBy }) => droppedBy[reason] ?? 0,
          );
    });
}

function neverSent(count: number, of = ''): string {
  return `${formatPlural(count, 'message')}${of} ${count === 1 ? 'was' : 'were'} never sent`;
}

function describeReason(reason: string, count: number): UnsentMessages {
  const unsent = neverSent(count);
  switch (reason) {
    case 'slice-died':
      return { text: `${unsent}: the slice had died`, origin: 'generator' };
    case 'backlog':
      return { text: `${unsent}: acknowledgements of earlier ones were outstanding`, origin: 'open' };
    default:
      return { text: `${unsent} (${reason})`, origin: 'open' };
  }
}

/** What failed connects, or ended connections, of the devices of one group. */
interface Hindrance {
  /** Undefined: it is the run's only group of devices. */
  readonly group: string | undefined;
  readonly droppedBy: CountsByReason;
  readonly connectFailedBy: CountsByReason;
  readonly disconnectedBy: CountsByReason;
  readonly network: NetworkEndings;
  /** Of the whole account. */
  readonly connectsThrottled: number;
}

function hindrancesOf({ groups, networks = [] }: RunLedger, connectsThrottled: number): Hindrance[] {
  const ofDevices = groups.filter(({ sendsCommands }) => sendsCommands === undefined);
  const haveNoFailures = ofDevices.every(({ failures }) => isEmpty(failures.connectFailedBy));
  return ofDevices.map(({ group, number, droppedBy, failures }) => ({
    group: ofDevices.length === 1 ? undefined : group,
    droppedBy,
    connectFailedBy: failures.connectFailedBy,
    disconnectedBy: failures.disconnectedBy,
    network: networks.find((each) => each.group === number)?.ended ?? nothingEnded,
    // A connect that was refused has failed for a device, where any has.
    connectsThrottled: haveNoFailures || !isEmpty(failures.connectFailedBy) ? connectsThrottled : 0,
  }));
}

/** What failed connects, or ended connections, says where the cause lies; where neither happened, the counts say nothing. */
function originOf({ connectFailedBy, network, connectsThrottled }: Hindrance): Origin {
  const { local, quota, underWay, other } = sortReasons(connectFailedBy);
  const isLocal = !isEmpty(local);
  // An attempt without an answer may have waited for either; where this machine failed others, it proves nothing.
  const isRemote =
    describeEnded(network) !== '' ||
    !isEmpty(quota) ||
    !isEmpty(other) ||
    connectsThrottled > 0 ||
    (!isEmpty(underWay) && !isLocal);
  if (isLocal) return isRemote ? 'open' : 'generator';
  return isRemote ? 'elsewhere' : 'open';
}

/** Groups are judged one by one; those whose messages have the same origin are described together. */
function describeWaits(
  wait: string,
  hindrances: readonly Hindrance[],
  countOf: (each: Hindrance) => number,
): UnsentMessages[] {
  return [...Map.groupBy(hindrances, originOf)].map(([origin, alike]) => {
    const names = alike.flatMap(({ group }) => (group === undefined ? [] : [group]));
    const of = names.length === 0 ? '' : ` of ${nameSome(names)}`;
    return {
      text: `${neverSent(sumBy(alike, countOf), of)}: ${wait} (${describeHindrances(alike)})`,
      origin,
    };
  });
}

function describeHindrances(hindrances: readonly Hindrance[]): string {
  const sumOfCounts = (countsOf: (each: Hindrance) => CountsByReason) => {
    const sum = new ReasonCounts();
    for (const each of hindrances) sum.addAll(countsOf(each));
    return sum.counts();
  };
  const { local, quota, underWay, other } = sortReasons(sumOfCounts((each) => each.connectFailedBy));
  const disconnectedBy = sumOfCounts((each) => each.disconnectedBy);
  const endedByNetwork = describeEnded(hindrances.map(({ network }) => network).reduce(sumFields));
  const throttled = Math.max(...hindrances.map(({ connectsThrottled }) => connectsThrottled));
  const parts = [
    ...(endedByNetwork === '' ? [] : [`the injected network ${endedByNetwork}`]),
    ...(isEmpty(local) ? [] : [`this machine failed connects: ${describeCounts(local)}`]),
    ...(isEmpty(quota) ? [] : [`a quota refused connects: ${describeCounts(quota)}`]),
    ...(isEmpty(other)
      ? []
      : [`connects failed at the endpoint or in the network: ${describeCounts(other)}`]),
    ...(isEmpty(underWay) ? [] : [describeCounts(underWay)]),
    ...(throttled > 0 ? [`CloudWatch counts ${formatPlural(throttled, 'connect')} refused for a quota`] : []),
    ...(isEmpty(disconnectedBy) ? [] : [`connections ended: ${describeCounts(disconnectedBy)}`]),
  ];
  return parts.length === 0 ? 'no connect had failed' : parts.join('; ');
}

function isEmpty(counts: CountsByReason): boolean {
  return Object.keys(counts).length === 0;
}

/** More groups are counted. */
const mostNames = 3;

function nameSome(names: readonly string[]): string {
  if (names.length > mostNames) return formatPlural(names.length, 'group');
  return joinWords(names);
}

/** `nothing dropped`, or what the stop of the run left over. */
export function describeLeftByStop({ droppedBy }: RunLedger): string {
  const { stopped = 0 } = droppedBy;
  return stopped === 0 ? 'nothing dropped' : `nothing dropped but ${formatCount(stopped)} by the stop`;
}
