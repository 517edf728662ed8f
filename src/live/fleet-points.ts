import { publishCounters } from '../measure/message-counters.ts';
import type { PublishCounts } from '../measure/slice-result.ts';
import { type FleetCounts, outcomeCounters, presenceCounters } from './live-fleet.ts';
import type { LivePoint } from './live-points.ts';
import type { StageTags } from './live-stage.ts';

/** What a slice had at one instant. */
interface Counted {
  readonly messages: PublishCounts;
  readonly fleet?: FleetCounts | undefined;
}

export interface FleetChange {
  /** Whether what the slice publishes are commands. */
  readonly isBackend: boolean;
  /** Undefined: these are the slice's first points. */
  readonly before: Counted | undefined;
  readonly now: Counted;
  readonly tags: StageTags;
  /** Epoch nanoseconds. */
  readonly timestampNs: string;
}

/** Points of commands and of presence: what was added, but the first time all that a slice will count, so that the fields exist. */
export function fleetPoints({
  isBackend,
  before,
  now,
  tags,
  timestampNs,
}: FleetChange): readonly LivePoint[] {
  const commands = {
    ...(isBackend && addedOf(publishCounters, before?.messages, now.messages)),
    ...addedOf(outcomeCounters, before?.fleet?.commands, now.fleet?.commands),
  };
  const presence = addedOf(presenceCounters, before?.fleet?.presence, now.fleet?.presence);
  return [
    ...(isEmpty(commands)
      ? []
      : [{ measurement: 'stampede_command' as const, tags, fields: commands, timestampNs }]),
    ...(isEmpty(presence)
      ? []
      : [{ measurement: 'stampede_presence' as const, tags, fields: presence, timestampNs }]),
  ];
}

type Counts<Name extends string> = Readonly<Partial<Record<Name, number>>>;

function addedOf<Name extends string>(
  names: readonly Name[],
  before: Counts<Name> | undefined,
  now: Counts<Name> | undefined,
): Counts<Name> {
  const added: Partial<Record<Name, number>> = {};
  for (const name of names) {
    const [count, earlier] = [now?.[name], before?.[name]];
    if (count !== undefined && count !== earlier) added[name] = count - (earlier ?? 0);
  }
  return added;
}

function isEmpty(fields: object): boolean {
  return Object.keys(fields).length === 0;
}
