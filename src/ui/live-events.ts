import { searchProgressOf } from '../cli/output/progress-search.ts';
import { noTotals, type Progress, phaseOf } from '../cli/run/progress.ts';
import { drawnStepSeconds } from '../live/folded-series.ts';
import type { RunView } from '../live/run-in-progress.ts';
import type { RunTotals } from '../live/run-totals.ts';
import { sliceStates } from '../live/slice-states.ts';
import { accountOf, isRehearsal } from '../plan/account.ts';
import { actionLeadMs } from '../plan/actions/action-lead.ts';
import { issuableActions } from '../plan/actions/issuable-actions.ts';
import { usersKind } from '../plan/actions/load-kinds.ts';
import {
  arrivalRatesOf,
  deviceGroupsOf,
  groupsOf,
  isAcknowledged,
  loadModelOf,
  mqttGroupsOf,
} from '../plan/groups.ts';
import { type KindPlan, kindsOf } from '../plan/kinds.ts';
import { observersOf } from '../plan/observers.ts';
import type { GroupPlan, Plan } from '../plan/plan.ts';
import { plannedCommandsOf } from '../plan/planned-commands.ts';
import { isObserving } from '../plan/presence.ts';
import { intendedOf, intendedOfGroup } from '../plan/streams.ts';
import { plannedUsersAt } from '../plan/user-activity.ts';
import { sumStretches } from '../profile/load-shapes/rate-stretches.ts';
import { hasUsers } from '../profile/load-shapes/resolved-load.ts';
import { presetNames } from '../profile/network-presets.ts';
import { textsOfHold } from '../report/describe-hold.ts';
import { wordForDue } from '../report/ledger-equations.ts';
import type { LiveMessages } from '../report/plots/ledger-flow.ts';
import type { PlotMark } from '../report/plots/marks.ts';
import type { TargetPoint } from '../report/plots/rate-plot.ts';
import { sumBy } from '../shared/counts.ts';
import { formatTimeLeft } from '../shared/format.ts';
import { type QuotaName, quotas } from '../targets/aws-iot/quotas.ts';
import { traitsOf } from '../targets/traits-of.ts';
import type { ActiveRun } from './active-run.ts';
import type {
  ControlsOnPage,
  GroupOnPage,
  KindOnPage,
  PageEvents,
  PlanOnPage,
  QuotaOnPage,
  SearchOnPage,
  ViewOnPage,
} from './page/messages.ts';
import type { ReceivedCounts } from './received-so-far.ts';

const everyMs = 1_000;
/** After a second is over: by then slices have reported it, and a page shows it without waiting for the next. */
const reportedAfterMs = 300;
/** A slice that has reported nothing this long after the start counts as failed. */
const startTimeoutMs = 20_000;

export type SendEvent = <Name extends keyof PageEvents>(name: Name, data: PageEvents[Name]) => void;

export interface PageClock {
  sleep(ms: number): Promise<void>;
  /** Epoch milliseconds. */
  now(): number;
}

/**
 * Sends events of one run to one page, once a second, until the run ends or the page closes. Data that the page already
 * has is not sent again; without a page, nothing is queried or computed.
 */
export async function sendRunEvents(
  run: ActiveRun,
  send: SendEvent,
  isOpen: () => boolean,
  { sleep, now }: PageClock,
): Promise<void> {
  let plan: PlanOnPage | undefined;
  let shown: Plan | undefined;
  let since = 0;
  while (isOpen()) {
    const { progress, outcome } = run;
    if (progress?.plan !== undefined && progress.plan !== shown) {
      shown = progress.plan;
      plan = planOnPage(shown);
      // The page begins anew with it, as after a reconnect.
      since = 0;
      send('plan', plan);
    }
    if (progress !== undefined && plan !== undefined) {
      const received = await run.received();
      const view = await run.view({ since, secondsPerStep: plan.secondsPerStep });
      if (view !== undefined) {
        since = view.revision;
        send('view', viewOnPage(progress, view, { received, marks: await run.marks() }, plan));
      }
    }
    if (outcome !== undefined) {
      const { report, reason } = outcome;
      send('ended', {
        ...(report === undefined ? {} : { verdict: report.verdict }),
        ...(reason === undefined ? {} : { reason }),
      });
      return;
    }
    await sleep(everyMs - ((now() - reportedAfterMs) % everyMs));
  }
}

const shownQuotas = [
  ['publishInPerSecond', 'published'],
  ['connectsPerSecond', 'connects'],
  ['concurrentConnections', 'connected'],
] as const;

function planOnPage(plan: Plan): PlanOnPage {
  const counted = traitsOf(plan.target).quotas;
  const hasMqtt = mqttGroupsOf(plan).length > 0;
  const { profile, timeline, slices } = plan;
  const commands = plannedCommandsOf(plan);
  const { startAt, publishAt, publishEndAt, drainEndAt } = timeline;
  return {
    frame: { startAt, publishAt, publishEndAt, endAt: drainEndAt },
    target: targetOf(plan),
    devices: profile.devices,
    slices: slices.count,
    messages: sumBy(deviceGroupsOf(plan), intendedOfGroup),
    due: wordForDue({ load: loadModelOf(plan) }),
    acknowledged: deviceGroupsOf(plan).every(isAcknowledged),
    hasArrivals: observersOf(plan).length > 0,
    secondsPerStep: drawnStepSeconds((drainEndAt - startAt) / 1_000),
    quotas: shownQuotas
      .filter(([name, usedBy]) => counted.includes(name) && (hasMqtt || usedBy === 'published'))
      .map(([name, usedBy]) => quotaOnPage(plan, name, usedBy)),
    controls: controlsOnPage(plan),
    ...(commands && { commands }),
    observesPresence: groupsOf(plan).some(isObserving),
    groups: groupsOf(plan).flatMap(groupOnPage),
    kinds: groupsOf(plan).flatMap(kindsOf).flatMap(kindOnPage),
  };
}

function controlsOnPage(plan: Plan): ControlsOnPage {
  return {
    leadMs: actionLeadMs(plan),
    isRehearsal: isRehearsal(plan),
    settings: issuableActions
      .filter(
        ({ kind }) => kind !== usersKind.kind || groupsOf(plan).some(({ profile }) => hasUsers(profile)),
      )
      .flatMap(({ settings }) =>
        Object.entries(settings).map(([name, { takes, meaning }]) => ({ name, takes, meaning })),
      ),
    networks: presetNames,
  };
}

function groupOnPage(plan: GroupPlan): GroupOnPage[] {
  const { group: name, profile } = plan;
  if (name === undefined) return [];
  const { devices } = profile;
  const acknowledged = kindsOf(plan).some(isAcknowledged);
  return [{ name, devices, messages: intendedOfGroup(plan), acknowledged }];
}

function kindOnPage(plan: KindPlan): KindOnPage[] {
  const { group, kind: name } = plan;
  if (name === undefined) return [];
  const kind = { name, messages: intendedOf(plan), acknowledged: isAcknowledged(plan) };
  return [group === undefined ? kind : { group, ...kind }];
}

function quotaOnPage(plan: Plan, name: QuotaName, usedBy: QuotaOnPage['usedBy']): QuotaOnPage {
  const { label, unit } = quotas[name];
  return { name: label, unit, limit: accountOf(plan).limits[name], usedBy };
}

/** The corners of the arrival rates' sum: two at an instant where it jumps. */
function targetOf(plan: Plan): TargetPoint[] {
  const { publishAt } = plan.timeline;
  const points: TargetPoint[] = [];
  for (const { fromMs, toMs, startPerSecond, endPerSecond } of sumStretches(arrivalRatesOf(plan))) {
    if (points.at(-1)?.[1] !== startPerSecond) points.push([publishAt + fromMs, startPerSecond]);
    points.push([publishAt + toMs, endPerSecond]);
  }
  return points;
}

function viewOnPage(
  progress: Progress,
  view: RunView,
  { received, marks }: { received: ReceivedCounts | undefined; marks: readonly PlotMark[] },
  { frame, slices }: PlanOnPage,
): ViewOnPage {
  const { totals = noTotals, now, plan } = progress;
  const phase = phaseOf(progress);
  const goesOn = phase !== 'stopping' && phase !== 'summarizing';
  const late = now > frame.startAt + startTimeoutMs;
  return {
    phase,
    elapsedShare: Math.min(1, Math.max(0, (now - frame.startAt) / (frame.endAt - frame.startAt))),
    timeLeft: plan !== undefined && goesOn ? `${formatTimeLeft(frame.endAt - now)} left` : '',
    connected: totals.connected,
    connectFailed: totals.connectFailed,
    plannedUsers: plan === undefined ? null : (plannedUsersAt(plan, view.reportedUntil * 1_000) ?? null),
    isPublishing: phase === 'publishing',
    endToEndP99Ms: totals.endToEndP99Ms ?? null,
    messages: messagesOf(totals, received),
    fleet: totals.fleet ?? {},
    ...searchOnPage(progress),
    marks,
    run: { ...view, slices: view.slices.padEnd(slices, late ? sliceStates.failed : sliceStates.starting) },
  };
}

function searchOnPage(progress: Progress): { readonly search?: SearchOnPage } {
  const { search } = progress;
  if (search === undefined) return {};
  const { settings, judged } = search;
  const holds = judged.map((_, i) => textsOfHold(settings, judged.slice(0, i + 1)));
  return { search: { figures: searchProgressOf(progress), holds } };
}

/** Counts of one instant, up to which all slices have reported. */
function messagesOf(totals: RunTotals, arrived: ReceivedCounts | undefined): LiveMessages {
  const { sent, dropped, acked, throttled, failed, arrivals, complete } = totals;
  const intended = Math.max(sent + dropped, complete?.intended ?? 0);
  // What has arrived since that instant was sent since.
  const received = Math.min(sent, arrived?.received ?? arrivals);
  return {
    intended,
    sent,
    dropped,
    waiting: intended - sent - dropped,
    acked,
    throttled,
    failed,
    unanswered: Math.max(0, sent - acked - throttled - failed),
    received,
    duplicates: arrived?.duplicates ?? 0,
    notArrived: sent - received,
  };
}
