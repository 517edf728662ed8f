import { isAcknowledged } from '../plan/groups.ts';
import type { GroupPlan } from '../plan/plan.ts';
import { sumFields } from '../shared/counts.ts';
import type { SentMessages } from './leg-entry.ts';
import { type CountsByReason, ReasonCounts } from './reason-counts.ts';
import type { GroupMeasurements } from './run-latencies.ts';
import type { SliceEntry, StageCounts } from './slice-entry.ts';
import { type DeviceCounts, noMessages } from './slice-result.ts';

/** What one device group came to: the sums of its slices. Of a flat profile, what was measured is that of the run. */
export interface GroupLedger extends Partial<GroupMeasurements> {
  /** Undefined: the one group of a flat profile. */
  readonly group: string | undefined;
  readonly plannedMessages: number;
  /** Whether the plan says how many messages are due; else its users decide, and the plan has an estimate. */
  readonly isScheduled: boolean;
  /** Whether publishes are acknowledged: over HTTPS, and over MQTT at QoS 1 and 2. */
  readonly acknowledged: boolean;
  readonly devices: RunDeviceCounts;
  readonly messages: SentMessages;
  /** By observer. */
  readonly observers: Readonly<Record<string, SeenMessages>>;
  /** By stage of the group, messages by their intended time; the sums are `intended` and `sent`. */
  readonly stages: readonly StageCounts[];
  /** Why publishes were never sent: the slices' own reasons, `slice-died`, `slice-failed`. */
  readonly droppedBy: CountsByReason;
}

/** `due = received + deadLettered + missing`: what is missing is lost, or still held by a queue, which does not count by group. */
export interface SeenMessages {
  readonly due: number;
  readonly received: number;
  readonly deadLettered: number;
  readonly missing: number;
}

export const nothingSeen: SeenMessages = { due: 0, received: 0, deadLettered: 0, missing: 0 };

export interface RunDeviceCounts extends DeviceCounts {
  /** Neither connected nor not, as far as is known: their slice died. The rest of `planned` never connected. */
  readonly unknown: number;
}

const { echoed: _, ...noPublishes } = noMessages;

/** Adds up the closed entries of a group's slices. */
export class GroupTotals {
  readonly #group: GroupPlan;
  #messages: SentMessages = { ...noPublishes, sendUnknown: 0, ackUnknown: 0 };
  readonly #devices = { connected: 0, unknown: 0, connectFailed: 0, reconnects: 0 };
  readonly #observers = new Map<string, SeenMessages>();
  #stages: readonly StageCounts[];
  readonly #droppedBy = new ReasonCounts();

  constructor(group: GroupPlan) {
    this.#group = group;
    this.#stages = group.profile.stages.map(() => ({ intended: 0, sent: 0 }));
  }

  /** @param attempts of all legs of the slice */
  add(entry: SliceEntry, attempts: Pick<DeviceCounts, 'connectFailed' | 'reconnects'>): void {
    this.#messages = sumFields(this.#messages, entry.messages);
    this.#devices.connected += entry.connected;
    this.#devices.unknown += entry.devicesUnknown;
    this.#devices.connectFailed += attempts.connectFailed;
    this.#devices.reconnects += attempts.reconnects;
    this.#stages = this.#stages.map((stage, i) => sumFields(stage, entry.stages[i]!));
    this.#droppedBy.addAll(entry.droppedBy);
  }

  addSeen(observer: string, seen: SeenMessages): void {
    this.#observers.set(observer, sumFields(this.#observers.get(observer) ?? nothingSeen, seen));
  }

  totals(): GroupLedger {
    return {
      group: this.#group.group,
      plannedMessages: this.#group.load.messages,
      isScheduled: this.#group.profile.users === undefined,
      acknowledged: isAcknowledged(this.#group),
      devices: { planned: this.#group.profile.devices, ...this.#devices },
      messages: this.#messages,
      observers: Object.fromEntries(this.#observers),
      stages: this.#stages,
      droppedBy: this.#droppedBy.counts(),
    };
  }
}
