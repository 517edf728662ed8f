import type { LatencySummary } from '../measure/latency-summary.ts';
import type { CountsByReason } from '../measure/reason-counts.ts';
import type { RunLedger } from '../measure/run-ledger.ts';
import type { RequestTraffic } from '../measure/slice-result.ts';
import { commonOf } from '../plan/groups.ts';
import type { Plan } from '../plan/plan.ts';
import { isRedirect } from '../profile/http-settings.ts';
import { formatBytes, formatCount, formatPlural, formatRate } from '../shared/format.ts';

/** What the requests of a run to a web service came to. */
export interface RequestReport extends RequestTraffic {
  /** `mixed` where device groups differ. */
  readonly method: string;
  readonly version: string;
  /** By status of the answer, ascending: how many, and how long they took. */
  readonly statuses: readonly StatusReport[];
  /** Whole answers of any status that came in time ÷ publishing time. */
  readonly answeredPerSecond: number;
  /** The same of one device. */
  readonly answeredPerSecondPerDevice: number;
  /** Answers that send the client elsewhere. None is followed. */
  readonly redirects: number;
  /** Why requests were not answered, where their connection says so; the others took longer than the ack timeout. */
  readonly unansweredBy: CountsByReason;
}

export interface StatusReport {
  readonly status: number;
  readonly latencyMs: LatencySummary;
}

/** @param seconds of publishing @returns undefined where nothing was requested of a web service */
export function requestReportOf(
  plan: Plan,
  { requests, devices }: RunLedger,
  seconds: number,
): RequestReport | undefined {
  if (requests === undefined) return undefined;
  const { statuses: times, ...rest } = requests;
  const statuses = [...times].map(([status, histogram]) => ({ status, latencyMs: histogram.summary() }));
  const countOf = (counted: readonly StatusReport[]): number =>
    counted.reduce((sum, { latencyMs }) => sum + latencyMs.count, 0);
  const perSecond = seconds > 0 ? countOf(statuses) / seconds : 0;
  return {
    method: commonOf(plan, ({ http }) => http?.method ?? '') ?? 'mixed',
    version: commonOf(plan, ({ http }) => http?.version ?? '') ?? 'mixed',
    statuses,
    answeredPerSecond: rounded(perSecond),
    answeredPerSecondPerDevice: rounded(perSecond / devices.planned),
    redirects: countOf(statuses.filter(({ status }) => isRedirect(status))),
    ...rest,
  };
}

/** What to know of requests beside the counts, a sentence each. */
export function describeRequests(requests: RequestReport | undefined): string[] {
  if (requests === undefined) return [];
  const { answeredPerSecond, answeredPerSecondPerDevice, connections, bytesOut, bytesIn, redirects } =
    requests;
  return [
    `${formatRate(answeredPerSecond)} answers a second, ${formatRate(answeredPerSecondPerDevice)} a device; ${formatPlural(connections, 'connection')} opened, ${formatBytes(bytesOut)} sent and ${formatBytes(bytesIn)} received.`,
    ...(redirects === 0
      ? []
      : [`${formatCount(redirects)} of the answers were redirects, and none was followed.`]),
  ];
}

/** Thousandths, and below 1 millionths. */
function rounded(perSecond: number): number {
  const digits = perSecond < 1 ? 1e6 : 1e3;
  return Math.round(perSecond * digits) / digits;
}
