import type { RunLedger } from '../measure/run-ledger.ts';
import { describeAction } from '../plan/actions/describe-action.ts';
import { groupsOf } from '../plan/groups.ts';
import type { Plan } from '../plan/plan.ts';
import { plannedActionsOf } from '../plan/storms.ts';
import { sumBy } from '../shared/counts.ts';
import { formatClock, formatCount, formatElapsed } from '../shared/format.ts';

/** A change of the run while it went on. */
export interface ActionReport {
  /** Epoch milliseconds. */
  readonly at: number;
  /** `disconnect 20 % of the devices (drop) in group trackers` */
  readonly label: string;
  /** Absent: no slice carried it out, because the service does, or because it stopped the run. */
  readonly carriedOut?: CarriedOut;
}

/** An action as slices carried it out. */
export interface CarriedOut {
  readonly kind: string;
  /** Absent: all device groups. */
  readonly group?: string;
  /** Slices of its groups. */
  readonly plannedSlices: number;
  /** Those that carried it out. */
  readonly slices: number;
  /** Those of them that received it after its instant. */
  readonly learnedLate: number;
  /** From its instant until it took effect in a slice, over the slices. */
  readonly latenessMs: { readonly p99: number; readonly max: number };
}

/** Those up to a stop, in the order of their instants, planned ones included; undefined: there was none. */
export function actionReportsOf(
  plan: Plan,
  { actions, appliedActions, stoppedOn }: Pick<RunLedger, 'actions' | 'appliedActions' | 'stoppedOn'>,
): readonly ActionReport[] | undefined {
  const planned = plannedActionsOf(plan).map((action, i) => ({ ...action, planned: i }));
  const untilAt = stoppedOn?.at ?? Number.POSITIVE_INFINITY;
  const tookEffect = [...planned, ...actions].filter(({ at }) => at <= untilAt);
  const all = tookEffect.map((action): ActionReport => {
    const { at, group } = action;
    const totals = appliedActions.totalsOf(action, action);
    const groups = groupsOf(plan).filter((each) => group === undefined || each.group === group);
    return {
      at,
      label: describeAction(action),
      ...(totals && {
        carriedOut: {
          kind: action.action.kind,
          ...(group === undefined ? {} : { group }),
          plannedSlices: sumBy(groups, ({ slices }) => slices.count),
          slices: totals.slices,
          learnedLate: totals.learnedLate,
          latenessMs: { p99: percentile(totals.latenessesMs, 0.99), max: percentile(totals.latenessesMs, 1) },
        },
      }),
    };
  });
  return all.length === 0 ? undefined : all.sort((a, b) => a.at - b.at);
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
}

type CarriedOutAction = ActionReport & { readonly carriedOut: CarriedOut };

/** Those that slices carried out. */
export function carriedOutActions(actions: readonly ActionReport[] = []): readonly CarriedOutAction[] {
  return actions.filter((action): action is CarriedOutAction => action.carriedOut !== undefined);
}

/** Of the table of actions, beside its first column. */
export const actionHeadings = ['slices', 'learned late', 'p99', 'max'] as const;

/** `0:30 rate × 1.5 in group meters`, and a cell for each heading. @param publishAt when publishing began, epoch milliseconds */
export function actionRows(actions: readonly CarriedOutAction[], publishAt: number): string[][] {
  return actions.map(({ at, label, carriedOut: { plannedSlices, slices, learnedLate, latenessMs } }) => [
    `${formatClock(at - publishAt)} ${label}`,
    `${formatCount(slices)} of ${formatCount(plannedSlices)}`,
    formatCount(learnedLate),
    formatElapsed(latenessMs.p99),
    formatElapsed(latenessMs.max),
  ]);
}

/** What to know of actions beside the table, a sentence each. */
export function describeActions(actions: readonly CarriedOutAction[]): string[] {
  const isLearnedLate = actions.some(({ carriedOut }) => carriedOut.learnedLate > 0);
  return [
    'p99 and max are how late slices carried out an action.',
    ...(isLearnedLate
      ? [
          'A slice that learned late of an action received it after its instant, and then carried it out at once.',
        ]
      : []),
  ];
}
