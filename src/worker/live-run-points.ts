import type { LivePoint } from '../live/live-points.ts';
import { liveFieldsOf } from '../measure/message-counters.ts';
import { endOfStep } from '../measure/stepped-series.ts';
import type { Announcement, LiveAction } from '../plan/actions/action.ts';
import { describeAction } from '../plan/actions/describe-action.ts';
import { commonOf, groupsOf } from '../plan/groups.ts';
import type { GroupPlan, Plan } from '../plan/plan.ts';
import { plannedActionsOf } from '../plan/storms.ts';
import { intendedOfGroup } from '../plan/streams.ts';
import type { Report } from '../report/report-model.ts';
import { sumBy } from '../shared/counts.ts';
import { formatDuration } from '../shared/duration.ts';
import { formatPlural, formatValue } from '../shared/format.ts';

type RunPoint = LivePoint<'stampede_run'>;

/** Where a run begins, where the stages of its groups do, and the actions of its timeline: annotations, all known as soon as there is a plan. */
export function runCoursePoints(plan: Plan): readonly RunPoint[] {
  const { runId, profile, timeline, slices } = plan;
  const messages = sumBy(groupsOf(plan), intendedOfGroup);
  const start: RunPoint = {
    measurement: 'stampede_run',
    tags: {
      run: runId,
      protocol: commonOf(plan, ({ connect }) => connect.protocol) ?? 'mixed',
      event: 'start',
    },
    fields: {
      title: `${profile.name}: start`,
      text: `${formatPlural(profile.devices, 'device')} in ${formatPlural(slices.count, 'slice')}, ${formatPlural(messages, 'message')}`,
      profile: profile.name,
      devices: profile.devices,
      slices: slices.count,
      messages,
    },
    timestampNs: nanosecondsOfMs(timeline.startAt),
  };
  return [
    start,
    ...groupsOf(plan).flatMap((group) => stagePoints(group, profile.name)),
    ...plannedActionsOf(plan).map((action, i) => pointOf(plan, action, firstPlanned + i)),
  ];
}

/** Nanoseconds of actions after their instant: two of one millisecond do not replace each other. Those that are issued begin at 0. */
const firstPlanned = 500_000;
const unstored = 999_999;

/** An action that was issued while the run went on: an annotation. */
export function actionPoint(plan: Plan, action: Announcement): RunPoint {
  return pointOf(plan, action, action.k ?? unstored);
}

function pointOf(plan: Plan, { at, group, action }: LiveAction, nanoseconds: number): RunPoint {
  const { runId, profile } = plan;
  const protocol = commonOf(plan, ({ connect }) => connect.protocol) ?? 'mixed';
  const tags = { run: runId, protocol, event: 'action' };
  const what = describeAction({ action });
  return {
    measurement: 'stampede_run',
    tags: group === undefined ? tags : { ...tags, group },
    fields: {
      title: group === undefined ? what : `${group}: ${what}`,
      text:
        nanoseconds >= firstPlanned && nanoseconds < unstored
          ? 'planned by the timeline'
          : 'issued while the run went on',
      profile: profile.name,
    },
    timestampNs: `${Math.round(at)}${String(nanoseconds).padStart(6, '0')}`,
  };
}

function stagePoints({ runId, group, profile, timeline }: GroupPlan, name: string): RunPoint[] {
  const tags = { run: runId, protocol: profile.connect.protocol, event: 'stage' };
  let stageStartsAt = timeline.publishAt;
  return profile.stages.map(({ durationMs, targetPerSecond }, i) => {
    const point: RunPoint = {
      measurement: 'stampede_run',
      tags: group === undefined ? tags : { ...tags, group },
      fields: {
        title: group === undefined ? `stage ${i + 1}` : `${group}: stage ${i + 1}`,
        text: `to ${formatValue(targetPerSecond)}/s in ${formatDuration(durationMs)}`,
        profile: name,
        stage: i + 1,
        target_per_second: targetPerSecond,
      },
      timestampNs: nanosecondsOfMs(stageStartsAt),
    };
    stageStartsAt += durationMs;
    return point;
  });
}

/** How a run ended: an annotation, and the figures by which runs are compared. */
export function runStopPoint({ timeline }: Plan, report: Report): RunPoint {
  const { messages, rates, latencyMs, perSecond, generator } = report;
  // By the run's own data, so that a report made again says the same.
  const lastBusyMs = endOfStep(perSecond, perSecond.sent.length - 1);
  return {
    measurement: 'stampede_run',
    tags: { run: report.runId, protocol: report.protocol, event: 'stop' },
    fields: {
      title: `${report.name}: ${report.verdict}`,
      text: report.reasons.join(' '),
      profile: report.name,
      verdict: report.verdict,
      devices: report.devices.connected,
      slices: generator.slices,
      ...liveFieldsOf(messages),
      mean_per_second: rates.meanPerSecond,
      throughput_per_second: rates.throughputPerSecond,
      peak_per_second: rates.peakPerSecond,
      end_to_end_latency_p50_ms: latencyMs.end_to_end_latency.p50,
      end_to_end_latency_p99_ms: latencyMs.end_to_end_latency.p99,
      puback_round_trip_p50_ms: latencyMs.puback_round_trip.p50,
      puback_round_trip_p99_ms: latencyMs.puback_round_trip.p99,
      // Of runs at QoS 2.
      ...(latencyMs.pubcomp_round_trip && {
        pubcomp_round_trip_p50_ms: latencyMs.pubcomp_round_trip.p50,
        pubcomp_round_trip_p99_ms: latencyMs.pubcomp_round_trip.p99,
      }),
      send_lag_p99_ms: latencyMs.send_lag.p99,
      cpu_seconds: generator.cpuSeconds,
    },
    timestampNs: nanosecondsOfMs(perSecond.sent.length > 0 ? lastBusyMs : timeline.startAt),
  };
}

function nanosecondsOfMs(ms: number): string {
  return `${Math.round(ms)}000000`;
}
