import type { RunStore } from '../aws/run-store.ts';
import { accountOf } from '../plan/account.ts';
import type { ActionData, LiveAction, StoredAction } from '../plan/actions/action.ts';
import { actionLeadMs, announcedWithinMs } from '../plan/actions/action-lead.ts';
import { type ActionRequest, actionSubject } from '../plan/actions/action-settings.ts';
import { describeAction } from '../plan/actions/describe-action.ts';
import type { IssuableAction } from '../plan/actions/issuable-action.ts';
import { issuableActions } from '../plan/actions/issuable-actions.ts';
import { connectsKind, devicesKind, usersKind } from '../plan/actions/load-kinds.ts';
import { stopOf } from '../plan/actions/stop.ts';
import { withActions } from '../plan/actions/with-actions.ts';
import { makeArrivalRate } from '../plan/arrival-rate.ts';
import { describeStormForecast } from '../plan/describe-storm-forecast.ts';
import { groupsOf } from '../plan/groups.ts';
import type { Plan } from '../plan/plan.ts';
import { RefusedByPreflightError } from '../plan/refusals.ts';
import { preflightRun } from '../plan/run-preflight.ts';
import { isLevelKind } from '../plan/search/step-actions.ts';
import { forecastStorms } from '../plan/storm-forecast.ts';
import { stormedGroupsOf } from '../plan/storms.ts';
import { wallsOfRegions } from '../plan/walls.ts';
import { type InputError, InvalidInputError } from '../shared/errors.ts';
import { formatInstant, formatTimeLeft } from '../shared/format.ts';
import { suggestFrom } from '../shared/nearest.ts';
import type { RunControl } from './run-control.ts';

/** Actions of one instant that a user wants of a run. */
export interface IssueRequest extends ActionRequest {
  readonly runId: string;
  /** Undefined: it is not made yet. */
  readonly plan: Plan | undefined;
  /** Whether its execution has not ended. */
  readonly isRunning: boolean;
  /** Milliseconds from now to their instant; absent: as soon as every slice can have received them. */
  readonly inMs?: number;
}

export interface IssueDeps {
  readonly store: Pick<RunStore, 'actions'>;
  readonly control: Pick<RunControl, 'issue'>;
  readonly kinds?: readonly IssuableAction[];
  /** Epoch milliseconds. */
  now(): number;
}

/** What was stored and announced. */
export interface IssuedActions {
  /** Epoch milliseconds at which they take effect. */
  readonly at: number;
  /** Phrases, one for each: `disconnect 20 % of the devices (drop) in group trackers`. */
  readonly descriptions: readonly string[];
  /** Announcing them took so long that slices may have received them only after their instant. */
  readonly mayBeLate: boolean;
  /** What each disconnect of them comes to, a few sentences each. */
  readonly forecasts: readonly string[];
  /** Actions of the same kinds, stored before, that take effect later: the order of instants is the order in which actions take effect. */
  readonly later: readonly StoredAction[];
}

/**
 * Issues actions as every user interface does: checks them against the plan, gives them an instant by which every slice has them, stores
 * and announces them.
 * @throws InvalidInputError with every error
 * @throws RefusedByPreflightError for a load past a quota or the profile's limits
 */
export async function issueActions(request: IssueRequest, deps: IssueDeps): Promise<IssuedActions> {
  const { runId, plan, group, actions } = request;
  const { store, control, now, kinds = issuableActions } = deps;
  if (!request.isRunning)
    throw refused({ path: 'run', message: 'has ended', hint: 'no run takes actions any more' });
  if (plan === undefined)
    throw refused({
      path: 'run',
      message: 'has not begun: its plan is not made yet',
      hint: 'try again in a few seconds',
    });
  const stored: StoredAction[] = [];
  for await (const action of store.actions(runId)) stored.push(action);
  const askedAt = now();
  const soonestAt = Math.ceil(askedAt + actionLeadMs(plan));
  const at = request.inMs === undefined ? soonestAt : Math.round(askedAt + request.inMs);
  const live = actions.map(
    (action): LiveAction => ({ at, ...(group === undefined ? {} : { group }), action }),
  );
  const unknownGroup = refuseGroup(plan, group);
  const errors = [
    ...refuseStopped(stored),
    ...refuseSearched(plan, actions),
    ...refuseInstant(plan, { at, soonestAt, askedAt, group: unknownGroup.length === 0 ? group : undefined }),
    ...(unknownGroup.length > 0
      ? unknownGroup
      : actions.flatMap((action) => kindOf(action, kinds)?.refuse(plan, action, group) ?? [])),
  ];
  if (errors.length > 0) throw refused(...errors);
  checkLoad(plan, stored, live);
  await control.issue(runId, ...live);
  return {
    at,
    descriptions: live.map(describeAction),
    mayBeLate: now() + announcedWithinMs(plan) > at,
    forecasts: forecastsOf(plan, stored, live),
    later: stored.filter(
      (other) =>
        other.at > at &&
        actions.some(({ kind }) => kind === other.action.kind) &&
        (group === undefined || other.group === undefined || group === other.group),
    ),
  };
}

function forecastsOf(plan: Plan, stored: readonly StoredAction[], live: readonly LiveAction[]): string[] {
  const groups = live.flatMap((action) => stormedGroupsOf(plan, action)).map(({ number }) => number);
  if (groups.length === 0) return [];
  return forecastStorms(plan, [...stored, ...live])
    .filter(({ storm }) => storm.at === live[0]!.at && groups.includes(storm.group.number))
    .map((each) => describeStormForecast(plan, each));
}

/**
 * Checks actions by the load that the run has with them.
 * @param stored all that were issued before
 * @throws RefusedByPreflightError for what preflight would refuse of a plan with that load
 */
export function checkLoad(plan: Plan, stored: readonly StoredAction[], actions: readonly LiveAction[]): void {
  const amended = withActions(plan, [...stored, ...actions]);
  if (amended === plan) return;
  const walls = wallsOfRegions(amended, accountOf(amended).limits);
  const refusals = amended.profile.limits.enforce ? preflightRun(amended).refusals : [];
  // The run goes on: its profile cannot be changed any more.
  const less = lessOf[actions[0]?.action.kind ?? ''] ?? 'a lower rate';
  const hint = `give ${less}; those of earlier actions count too`;
  const errors = [...walls, ...refusals].map((error) => ({ ...error, hint }));
  if (errors.length > 0)
    throw new RefusedByPreflightError(errors, { canForce: false, subject: 'the action' });
}

/** What to give in place of too much, by kind of action. */
const lessOf: Readonly<Record<string, string>> = {
  [usersKind.kind]: 'fewer users',
  [connectsKind.kind]: 'fewer connects a second',
  [devicesKind.kind]: 'fewer devices',
};

function refused(...errors: readonly InputError[]): InvalidInputError {
  return new InvalidInputError(actionSubject, errors);
}

function kindOf(
  { kind }: LiveAction['action'],
  kinds: readonly IssuableAction[],
): IssuableAction | undefined {
  return kinds.find((each) => each.kind === kind);
}

function refuseGroup(plan: Plan, group: string | undefined): InputError[] {
  const names = groupsOf(plan).flatMap((each) => each.group ?? []);
  if (group === undefined || names.includes(group)) return [];
  return [
    {
      path: 'group',
      message: `names no group of this run: ${group}`,
      hint: names.length === 0 ? 'the run has no groups' : suggestFrom(group, names, 'the groups are'),
    },
  ];
}

function refuseStopped(stored: readonly StoredAction[]): InputError[] {
  const stop = stored.find((action) => stopOf(action) !== undefined);
  if (stop === undefined) return [];
  return [
    {
      path: 'run',
      message: `was stopped at ${formatInstant(stop.at)}`,
      hint: 'a run that was stopped takes no actions any more',
    },
  ];
}

/** The levels of a search are its own: a hold with another load would be judged for the wrong one. */
function refuseSearched({ profile }: Plan, actions: readonly ActionData[]): InputError[] {
  const { search } = profile;
  if (search === undefined) return [];
  return actions
    .filter(({ kind }) => isLevelKind(kind))
    .map(({ kind }) => ({
      path: kind,
      message: 'is what the search of this run changes by itself',
      hint: 'stop the run, and run the profile without its search',
    }));
}

interface Instants {
  readonly at: number;
  /** The first by which every slice can have received an action that is issued now. */
  readonly soonestAt: number;
  readonly askedAt: number;
  readonly group: string | undefined;
}

function refuseInstant(plan: Plan, { at, soonestAt, askedAt, group }: Instants): InputError[] {
  const { publishAt } = plan.timeline;
  const groups = groupsOf(plan).filter((each) => group === undefined || each.group === group);
  const endAt = publishAt + Math.max(...groups.map(({ profile }) => makeArrivalRate(profile).durationMs));
  if (soonestAt >= endAt)
    return [
      {
        path: 'run',
        message: `publishes until ${formatInstant(endAt)}, and no action can reach every slice before ${formatInstant(soonestAt)}`,
        hint: 'issue it earlier, or run longer',
      },
    ];
  if (at >= endAt)
    return [
      {
        path: 'at',
        message: `is past the end: publishing is over at ${formatInstant(endAt)}`,
        hint: `give less than ${formatTimeLeft(endAt - askedAt)}`,
      },
    ];
  if (at < publishAt)
    return [
      {
        path: 'at',
        message: `is before publishing begins at ${formatInstant(publishAt)}`,
        hint: `give an instant from ${formatTimeLeft(publishAt - askedAt)} on`,
      },
    ];
  if (at < soonestAt)
    return [
      {
        path: 'at',
        message: 'is sooner than every slice can have received the action',
        hint: `give at least ${formatTimeLeft(soonestAt - askedAt)}`,
      },
    ];
  return [];
}
