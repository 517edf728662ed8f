import { sumBy } from '../shared/counts.ts';
import { downlinksOf } from './downlinks.ts';
import type { GroupedPlan } from './groups.ts';
import { intendedOfGroup } from './streams.ts';

/** What all backends of a run are to send. */
export interface PlannedCommands {
  readonly planned: number;
  /** Whether any of them receives replies. */
  readonly haveReplies: boolean;
}

/** @returns undefined where no group is a backend */
export function plannedCommandsOf(plan: GroupedPlan): PlannedCommands | undefined {
  const downlinks = downlinksOf(plan);
  if (downlinks.length === 0) return undefined;
  return {
    planned: sumBy(downlinks, ({ sender }) => intendedOfGroup(sender)),
    haveReplies: downlinks.some(({ replying }) => replying > 0),
  };
}
