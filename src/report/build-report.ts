import { latencyOverTime } from '../live/latency-over-time.ts';
import { checkLedger } from '../measure/check-ledger.ts';
import type { LatencyRecord } from '../measure/latency-names.ts';
import { recordOf, summariesOf } from '../measure/run-latencies.ts';
import type { RunLedger } from '../measure/run-ledger.ts';
import type { InjectedFaults } from '../plan/conditions.ts';
import { commonOf, loadModelOf } from '../plan/groups.ts';
import type { Plan } from '../plan/plan.ts';
import { describeDefaults } from '../targets/aws-iot/default-limits.ts';
import { actionReportsOf } from './action-report.ts';
import { describeBrokerCounts, reconcileBroker } from './broker-reconciliation.ts';
import { catchUpReportOf } from './catch-up-report.ts';
import { clockOffsetOf } from './clock-offset.ts';
import { conditionsOf } from './conditions-report.ts';
import { connectsReportOf } from './connects-report.ts';
import { costOf } from './cost-report.ts';
import { downlinkReportOf } from './downlink-report.ts';
import { driftReportOf } from './drift-report.ts';
import { type CloudWatchView, cloudWatchSum } from './explanation.ts';
import { summarizeGenerator } from './generator-summary.ts';
import { flatKindReportsOf, groupReportsOf } from './group-reports.ts';
import { inconsistenciesOf } from './inconsistencies.ts';
import { type LatencyDistribution, latencyDistribution } from './latency-distribution.ts';
import { measuredPartsOf } from './measured-parts.ts';
import { networkReportOf } from './network-report.ts';
import { objectiveReportOf } from './objective-report.ts';
import { presenceReportOf } from './presence-report.ts';
import { quotaUseOf } from './quota-use.ts';
import { ratesOf } from './rates.ts';
import { reconcile } from './reconciliation.ts';
import type { Causes, ExecutionReport, Report } from './report-model.ts';
import { requestReportOf } from './request-report.ts';
import { searchOutcomeOf } from './search-outcome.ts';
import { type SearchRecord, searchReportOf } from './search-report.ts';
import { exemptByStop } from './stop-exemptions.ts';
import { stormsReportOf } from './storm-report.ts';
import { evaluateThresholds, type Measured } from './thresholds.ts';
import { bindingQuotaOf, throttlingOf } from './throttling.ts';
import type { CostReport } from './usage-model.ts';
import { judge } from './verdict.ts';

export interface ReportInput {
  readonly plan: Plan;
  readonly ledger: RunLedger;
  readonly cloudwatch: CloudWatchView;
  /** Faults, quotas and behaviours of embedded AWS that differ from AWS's; absent: the run store names none. */
  readonly faults?: InjectedFaults | undefined;
  /** Of a run in several Regions, their bills together; absent: one bill, by the plan and the ledger. */
  readonly cost?: CostReport | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Of a run that searched. */
  readonly search?: SearchRecord | undefined;
  /** Set if the execution ended before its own summary. */
  readonly execution?: ExecutionReport;
}

/** What the run's search found: of either kind, or nothing. */
function searchedPartsOf({ search, ledger, execution }: ReportInput): Pick<Report, 'search' | 'objective'> {
  if (search === undefined) return {};
  const end = { stoppedOn: ledger.stoppedOn, isAborted: execution?.status === 'ABORTED' };
  const { settings } = search;
  return settings.kind === 'capacity'
    ? { search: searchReportOf({ ...search, settings }, end) }
    : { objective: objectiveReportOf({ ...search, settings }, end) };
}

/** Builds the report of a run: its figures, and the verdict by the thresholds of its profile. */
export function buildReport(input: ReportInput): Report {
  const { plan, ledger, cloudwatch, faults, now, execution } = input;
  const searched = searchedPartsOf(input);
  const outcome = searchOutcomeOf(searched);
  const { profile, timeline } = plan;
  const { devices, messages, slices } = ledger;
  const conditions = conditionsOf(plan, faults);
  const rates = ratesOf(plan, ledger);
  const imbalances = checkLedger(ledger);
  const generator = summarizeGenerator(ledger, connectsThrottledOf(cloudwatch));
  const cost = input.cost ?? costOf(plan, ledger);
  const throttling = throttlingOf(plan, ledger, cloudwatch);
  const quotaUse = quotaUseOf(plan, ledger, cloudwatch);
  const bindingQuota = bindingQuotaOf(plan, quotaUse, throttling, cloudwatch);
  const storms = stormsReportOf(plan, ledger);
  const connects = connectsReportOf(ledger);
  const downlink = downlinkReportOf(plan, ledger, cloudwatch);
  const catchUps = catchUpReportOf(plan, ledger, cloudwatch);
  const presence = presenceReportOf(ledger.presence);
  const network = networkReportOf(plan, ledger, {
    endAt: ledger.stoppedOn?.at ?? now,
    kernelPackets: faults?.kernelPackets,
  });
  const actions = actionReportsOf(plan, ledger);
  const drift = driftReportOf(plan, ledger);
  const measured: Measured = {
    latencies: ledger.latencies,
    statuses: ledger.requests?.statuses,
    // Includes throttled publishes that got no answer.
    counts: {
      messages: { ...messages, throttled: throttling.publishes },
      devices,
      slices,
      observers: ledger.observers,
      ...(downlink && { downlink }),
    },
    rates,
    gauges: {
      rates,
      generator,
      ...(cost && { cost }),
      ...(storms && { storms }),
      ...(connects && { connects }),
    },
    cloudwatch,
    drift,
    parts: measuredPartsOf(ledger, rates),
  };
  const thresholds = exemptByStop(
    plan,
    ledger,
    // A search judges them hold by hold.
    outcome === undefined ? evaluateThresholds(profile.thresholds, measured) : [],
    measured,
    execution,
  );
  const latencyMs = summariesOf(ledger.latencies);
  const load = loadModelOf(plan);
  const causes = causesOf(ledger);
  const brokerNotes = describeBrokerCounts(plan, ledger);
  const requests = requestReportOf(plan, ledger, rates.publishedSeconds);
  const { subscribers } = ledger;
  const kinds = flatKindReportsOf(ledger);
  return {
    version: 2,
    runId: plan.runId,
    name: profile.name,
    ...judge({
      plan,
      ledger,
      imbalances,
      thresholds,
      inconsistencies: inconsistenciesOf({
        generator,
        messages,
        causes,
        ...(subscribers && { subscribers }),
      }),
      execution,
      search: outcome,
      now,
    }),
    ...searched,
    ...(conditions === undefined ? {} : { conditions }),
    // A run whose slices all die at once ends before the instant at which its devices connect.
    startedAt: new Date(Math.min(timeline.startAt, now)).toISOString(),
    endedAt: new Date(now).toISOString(),
    protocol: commonOf(plan, ({ connect }) => connect.protocol) ?? 'mixed',
    client:
      commonOf(plan, ({ connect }) => (connect.protocol === 'mqtt' ? connect.client : 'https')) ?? 'mixed',
    ...(load && { load }),
    qos: commonOf(plan, ({ publish }) => publish.qos) ?? 'mixed',
    ...mqttVersionOf(plan),
    ...(ledger.incomplete !== undefined && { incomplete: ledger.incomplete }),
    devices,
    messages,
    observers: ledger.observers,
    ...(ledger.compared && { compared: ledger.compared }),
    ...(ledger.subscribers && { subscribers: ledger.subscribers }),
    ...(brokerNotes.length > 0 && { brokerNotes }),
    ...(plan.groups === undefined ? {} : { groups: groupReportsOf(ledger) }),
    ...(kinds.length > 0 && { kinds }),
    imbalances,
    causes,
    rates,
    latencyMs,
    ...(requests && { requests }),
    ...(storms && { storms }),
    ...(connects && { connects }),
    ...(downlink && { downlink }),
    ...(catchUps && { catchUps }),
    ...(network && { network }),
    ...(presence && { presence }),
    clockOffset: clockOffsetOf(ledger.sliceClocks, ledger.stampResolutionMs),
    quotas: quotaUse,
    ...(quotaUse.every(({ isLive }) => isLive)
      ? {}
      : { assumedLimits: describeDefaults(plan.account?.region) }),
    throttling,
    ...(bindingQuota && { bindingQuota }),
    cloudwatch: cloudwatch.sums,
    reconciliation: [...reconcile(plan, ledger, cloudwatch), ...reconcileBroker(plan, ledger)],
    ...stopOf(ledger),
    ...(execution === undefined ? {} : { execution }),
    ...(cost && { cost }),
    ...(drift && { drift }),
    thresholds,
    slices,
    knownUntil: ledger.knownUntil,
    generator,
    redelivered: ledger.redelivered,
    unrelated: ledger.unrelated,
    ...(ledger.wills !== undefined && { wills: ledger.wills }),
    timeline: {
      startAt: timeline.startAt,
      publishAt: timeline.publishAt,
      publishEndAt: timeline.publishEndAt,
      drainEndAt: timeline.drainEndAt,
    },
    ...(actions && { actions }),
    perSecond: ledger.perSecond,
    latencyOverTime: {
      end_to_end_latency: latencyOverTime(ledger.latencySeries.end_to_end_latency),
      puback_round_trip: latencyOverTime(ledger.latencySeries.puback_round_trip),
      ...(ledger.latencies.pubcomp_round_trip.count > 0 && {
        pubcomp_round_trip: latencyOverTime(ledger.latencySeries.pubcomp_round_trip),
      }),
      ...(ledger.requests && { response_time: latencyOverTime(ledger.latencySeries.response_time) }),
    },
    latencyDistribution: distributionsOf(ledger),
    startLagsMs: ledger.startLagsMs.map((lag) => (lag === null ? null : Math.round(lag * 1000) / 1000)),
  };
}

/** 5 is what every report has that says nothing. */
function mqttVersionOf(plan: Plan): Pick<Report, 'mqttVersion'> {
  const version = commonOf(plan, ({ connect }) => connect.version ?? '5') ?? 'mixed';
  return version === '5' ? {} : { mqttVersion: version };
}

function connectsThrottledOf(cloudwatch: CloudWatchView): number {
  return ['Connect.Throttle', 'Connect.ClientIDThrottle']
    .map((metric) => cloudWatchSum(cloudwatch, metric) ?? 0)
    .reduce((sum, count) => sum + count, 0);
}

function causesOf(ledger: RunLedger): Causes {
  return {
    dropped: ledger.droppedBy,
    failed: ledger.failedBy,
    connectFailed: ledger.connectFailedBy,
    disconnected: ledger.disconnectedBy,
    echoRefused: ledger.echoRefusedBy,
    sliceFailed: ledger.sliceFailedBy,
    sliceDied: ledger.sliceDiedBy,
    deadLettered: ledger.deadLetteredBy,
    unaccounted: ledger.unaccountedBecause,
    ...(ledger.messages.notRead > 0 && { isNotReadExact: ledger.isNotReadExact }),
  };
}

function distributionsOf({ latencies }: RunLedger): LatencyRecord<LatencyDistribution> {
  return recordOf(latencies, latencyDistribution);
}

function stopOf({ stoppedOn, lastSentAt }: RunLedger): Pick<Report, 'stop'> {
  if (stoppedOn === undefined) return {};
  const { reason, at, threshold } = stoppedOn;
  return {
    stop: {
      reason,
      at: new Date(at).toISOString(),
      lastSentAfterMs: lastSentAt === null ? null : Math.round(lastSentAt - at),
      ...(threshold === undefined ? {} : { threshold }),
    },
  };
}
