import type { RunTotals } from '../../live/run-totals.ts';
import { groupsOf } from '../../plan/groups.ts';
import type { Plan } from '../../plan/plan.ts';
import { plannedCommandsOf } from '../../plan/planned-commands.ts';
import { isObserving } from '../../plan/presence.ts';
import { formatCount } from '../../shared/format.ts';

/** Of commands, replies and presence, what the plan has: a label and its figures so far. Empty before the first point of them. */
export function fleetFiguresOf(
  { fleet: { commands, presence } = {} }: RunTotals,
  plan: Plan,
): (readonly [label: string, figures: readonly string[]])[] {
  const planned = plannedCommandsOf(plan);
  const count = (of: number, what: string) => `${formatCount(of)} ${what}`;
  const rows: (readonly [string, readonly string[]])[] = [];
  if (planned !== undefined && commands !== undefined) {
    const { sent, delivered, offline, replied, timed_out } = commands;
    rows.push([
      'commands',
      [
        `${formatCount(sent)} of ${formatCount(planned.planned)} sent`,
        count(delivered, 'delivered'),
        count(offline, 'offline'),
      ],
    ]);
    if (planned.haveReplies)
      rows.push(['replies', [count(replied, 'in time'), count(timed_out, 'timed out')]]);
  }
  if (groupsOf(plan).some(isObserving) && presence !== undefined)
    rows.push([
      'presence',
      [count(presence.connects, 'connects'), count(presence.disconnects, 'disconnects')],
    ]);
  return rows;
}
