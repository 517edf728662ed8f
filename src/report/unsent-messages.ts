import type { CountsByReason } from '../measure/reason-counts.ts';
import type { RunLedger } from '../measure/run-ledger.ts';
import { formatCount, formatPlural } from '../shared/format.ts';
import { describeCounts } from './describe-counts.ts';
import { describeEndedInRun } from './network-report.ts';

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

/**
 * Intended, and never sent, by reason. Messages that a stop by the user left unsent are not counted.
 * @param connectsThrottled CloudWatch's Connect.Throttle, 0 where it is not known
 */
export function describeUnsent(ledger: RunLedger, connectsThrottled: number): UnsentMessages[] {
  const { stopped: _, ...reasons } = ledger.droppedBy;
  return Object.entries(reasons)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => describeReason(reason, count, ledger, connectsThrottled));
}

function describeReason(
  reason: string,
  count: number,
  ledger: RunLedger,
  connectsThrottled: number,
): UnsentMessages {
  const unsent = `${formatPlural(count, 'message')} ${count === 1 ? 'was' : 'were'} never sent`;
  switch (reason) {
    case 'not-connected':
      return withConnects(`${unsent}: no connection (`, ledger, connectsThrottled);
    case 'slice-failed':
      return withConnects(`${unsent}: the slice failed (`, ledger, connectsThrottled);
    case 'slice-died':
      return { text: `${unsent}: the slice had died`, origin: 'generator' };
    case 'backlog':
      return { text: `${unsent}: acknowledgements of earlier ones were outstanding`, origin: 'open' };
    default:
      return { text: `${unsent} (${reason})`, origin: 'open' };
  }
}

/** What failed connects, or ended connections, says where the cause lies; where neither happened, the counts say nothing. */
function withConnects(unsent: string, ledger: RunLedger, connectsThrottled: number): UnsentMessages {
  const { local, quota, underWay, other } = sortReasons(ledger.connectFailedBy);
  const some = (counts: CountsByReason) => Object.keys(counts).length > 0;
  const endedByNetwork = describeEndedInRun(ledger);
  const parts = [
    ...(endedByNetwork === '' ? [] : [`the injected network ${endedByNetwork}`]),
    ...(some(local) ? [`this machine failed connects: ${describeCounts(local)}`] : []),
    ...(some(quota) ? [`a quota refused connects: ${describeCounts(quota)}`] : []),
    ...(some(other) ? [`connects failed at the endpoint or in the network: ${describeCounts(other)}`] : []),
    ...(some(underWay) ? [describeCounts(underWay)] : []),
    ...(connectsThrottled > 0
      ? [`CloudWatch counts ${formatPlural(connectsThrottled, 'connect')} refused for a quota`]
      : []),
    ...(some(ledger.disconnectedBy) ? [`connections ended: ${describeCounts(ledger.disconnectedBy)}`] : []),
  ];
  if (parts.length === 0) return { text: `${unsent}no connect had failed)`, origin: 'open' };
  const isLocal = some(local);
  // An attempt without an answer may have waited for either; where this machine failed others, it proves nothing.
  const isRemote =
    endedByNetwork !== '' ||
    some(quota) ||
    some(other) ||
    connectsThrottled > 0 ||
    (some(underWay) && !isLocal);
  return {
    text: `${unsent}${parts.join('; ')})`,
    origin: isLocal ? (isRemote ? 'open' : 'generator') : isRemote ? 'elsewhere' : 'open',
  };
}

/** `nothing dropped`, or what the stop of the run left over. */
export function describeLeftByStop({ droppedBy }: RunLedger): string {
  const { stopped = 0 } = droppedBy;
  return stopped === 0 ? 'nothing dropped' : `nothing dropped but ${formatCount(stopped)} by the stop`;
}
