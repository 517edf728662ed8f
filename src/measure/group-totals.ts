import { isAcknowledged, isOfDevices } from '../plan/groups.ts';
import { type KindPlan, kindsOf } from '../plan/kinds.ts';
import type { GroupPlan, Plan } from '../plan/plan.ts';
import { devicesOfGroupIn, ownRegionOf, slicesOfGroupHere } from '../plan/regions.ts';
import { intendedOf, intendedOfGroup, type Stream } from '../plan/streams.ts';
import { isReplacing } from '../profile/lifecycle-kinds.ts';
import type { LoadProfile } from '../profile/load-profile.ts';
import type { LoadShapeName } from '../profile/load-shapes/resolved-load.ts';
import { hasSchedule, loadShapeOf } from '../profile/load-shapes/resolved-load.ts';
import { sumFields, sumOf } from '../shared/counts.ts';
import type { FailureReasons } from './failure-reasons.ts';
import { sumEntries } from './leg-kinds.ts';
import { MessageSum, type MessageTotals, type SeenMessages } from './message-totals.ts';
import type { GroupMeasurements, KindMeasurements } from './part-records.ts';
import type { SliceEntry, StageCounts } from './slice-entry.ts';
import type { DeviceCounts } from './slice-result.ts';

/** What one device group came to: the sums of its slices. Of a flat profile, what was measured is that of the run. */
export interface GroupLedger extends MessageTotals, Partial<GroupMeasurements> {
  /** Undefined: the one group of a flat profile. */
  readonly group: string | undefined;
  /** From 1, in the profile's order; 0: the one group of a flat profile. */
  readonly number: number;
  readonly shape: LoadShapeName;
  /** Why its devices are not connected when a message is due: they sleep in turn, connect for each message, or have just replaced others. */
  readonly lateAs?: 'asleep' | 'each-message' | 'new';
  /** It is a backend: its messages are commands, and are not among those of the run. */
  readonly sendsCommands?: true;
  readonly devices: RunDeviceCounts;
  /** Why things went wrong for its devices. */
  readonly failures: FailureReasons;
  /** By stage of the group, messages by their intended time; the sums are `intended` and `sent`. */
  readonly stages: readonly StageCounts[];
  /** Its kinds of message, in the profile's order: their sums are the group's. Empty: they have no names. */
  readonly kinds: readonly KindLedger[];
}

/** What one kind of message of a group came to. */
export interface KindLedger extends MessageTotals, KindMeasurements {
  readonly kind: string;
}

export interface RunDeviceCounts extends DeviceCounts {
  /** Neither connected nor not, as far as is known: their slice died. The rest of `planned` never connected. */
  readonly unknown: number;
}

/** What a run's messages came to: commands of backends are not among them. */
export function sumOfDevices(
  groups: readonly GroupLedger[],
): Pick<GroupLedger, 'messages' | 'droppedBy' | 'stages'> {
  const ofDevices = groups.filter(({ sendsCommands }) => sendsCommands === undefined);
  return { ...sumEntries(ofDevices), stages: ofDevices.flatMap(({ stages }) => stages) };
}

interface NamedKind {
  readonly name: string;
  readonly plan: KindPlan;
  readonly sum: MessageSum;
}

function latenessOf({ lifecycle }: LoadProfile): Pick<GroupLedger, 'lateAs'> {
  if (lifecycle === undefined) return {};
  if ('churn' in lifecycle) return isReplacing(lifecycle) ? { lateAs: 'new' } : {};
  return { lateAs: 'connect' in lifecycle ? 'each-message' : 'asleep' };
}

/** What is planned of a group in one Region. */
interface PlannedPart {
  readonly devices: number;
  readonly messages: number;
  /** By stream number. */
  readonly byStream: readonly number[];
}

/** Undefined: the plan is of all slices of the group. */
export function plannedPartOf(
  plan: Plan,
  group: GroupPlan,
  rates: { plannedStreams(slice: number): readonly Stream[] },
): PlannedPart | undefined {
  const region = ownRegionOf(plan);
  if (region === undefined) return undefined;
  const devices = devicesOfGroupIn(group, region);
  if (!hasSchedule(group.profile)) {
    const messages = Math.round((group.load.messages * devices) / group.profile.devices);
    return { devices, messages, byStream: [] };
  }
  const byStream: number[] = [];
  for (const slice of slicesOfGroupHere(plan, group))
    for (const [stream, { messages }] of rates.plannedStreams(slice).entries())
      byStream[stream] = (byStream[stream] ?? 0) + messages;
  return { devices, messages: sumOf(byStream), byStream };
}

/** Adds up the closed entries of a group's slices. */
export class GroupTotals {
  readonly #group: GroupPlan;
  readonly #part: PlannedPart | undefined;
  readonly #sum = new MessageSum();
  readonly #kinds: readonly NamedKind[];
  readonly #devices = { connected: 0, unknown: 0, connectFailed: 0, reconnects: 0 };
  #stages: readonly StageCounts[];
  /** By stream number: messages that its slices had more, or less, than planned, because they learned late of actions. */
  readonly #moreByStream: number[] = [];

  /** @param part absent: the whole group */
  constructor(group: GroupPlan, part?: PlannedPart) {
    this.#group = group;
    this.#part = part;
    this.#kinds = kindsOf(group).flatMap((plan) =>
      plan.kind === undefined ? [] : [{ name: plan.kind, plan, sum: new MessageSum() }],
    );
    this.#stages = group.profile.stages.map(() => ({ intended: 0, sent: 0 }));
  }

  /** @param attempts of all legs of the slice */
  add(entry: SliceEntry, attempts: Pick<DeviceCounts, 'connectFailed' | 'reconnects'>): void {
    this.#sum.add(entry);
    for (const { plan, sum } of this.#kinds) sum.add(entry.kinds[plan.stream]!);
    this.#devices.connected += entry.connected;
    this.#devices.unknown += entry.devicesUnknown;
    this.#devices.connectFailed += attempts.connectFailed;
    this.#devices.reconnects += attempts.reconnects;
    this.#stages = this.#stages.map((stage, i) => sumFields(stage, entry.stages[i]!));
  }

  /** @param more by stream number: messages of a slice beyond those that are planned */
  addMore(more: readonly number[]): void {
    for (const [stream, count] of more.entries())
      this.#moreByStream[stream] = (this.#moreByStream[stream] ?? 0) + count;
  }

  /** @param seen of a slice, by stream number */
  addSeen(observer: string, seen: readonly SeenMessages[]): void {
    for (const each of seen) this.#sum.addSeen(observer, each);
    for (const { plan, sum } of this.#kinds) sum.addSeen(observer, seen[plan.stream]!);
  }

  /** @param measuredOf by stream number, what was measured of a kind */
  totals(measuredOf: (stream: number) => KindMeasurements, failures: FailureReasons): GroupLedger {
    return {
      group: this.#group.group,
      number: this.#group.number,
      failures,
      shape: loadShapeOf(this.#group.profile),
      ...latenessOf(this.#group.profile),
      ...(!isOfDevices(this.#group) && { sendsCommands: true as const }),
      devices: { planned: this.#part?.devices ?? this.#group.profile.devices, ...this.#devices },
      stages: this.#stages,
      plannedMessages: (this.#part?.messages ?? intendedOfGroup(this.#group)) + sumOf(this.#moreByStream),
      acknowledged: isAcknowledged(this.#group),
      ...this.#sum.totals(),
      kinds: this.#kinds.map(({ name, plan, sum }) => ({
        kind: name,
        plannedMessages:
          (this.#part === undefined ? intendedOf(plan) : (this.#part.byStream[plan.stream] ?? 0)) +
          (this.#moreByStream[plan.stream] ?? 0),
        acknowledged: isAcknowledged(plan),
        ...sum.totals(),
        ...measuredOf(plan.stream),
      })),
    };
  }
}
