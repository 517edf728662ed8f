import { failoverDevicesOf } from '../plan/failovers.ts';
import { isHeldAt, type LegTimeline } from '../plan/legs.ts';
import type { Plan, Slice } from '../plan/plan.ts';
import { regionOfSlice } from '../plan/regions.ts';
import { noticeMs, stormDevicesOf } from '../plan/storms.ts';
import type { Disconnect, Failover } from '../profile/planned-action.ts';
import type { Connections } from './connections.ts';
import type { DeviceControls } from './device-actions.ts';
import { DeviceRegions } from './device-regions.ts';
import type { SliceCounters } from './slice-counters.ts';
import type { Transport } from './transport.ts';

export interface StormSettings {
  readonly plan: Plan;
  readonly slice: Slice;
  readonly timeline: LegTimeline;
  readonly transport: Pick<Transport, 'moveTo'>;
  readonly connections: Pick<Connections, 'lose' | 'moved'>;
  readonly counters: Pick<SliceCounters, 'storms'>;
}

/** Ends connections of the slice's devices at an action's instant. Over HTTPS there are none to end. */
export class DeviceStorms implements Pick<DeviceControls, 'prepareDisconnect' | 'prepareFailover'> {
  readonly #settings: StormSettings;
  /** Absent: the run takes place in one Region. */
  readonly #regions: DeviceRegions | undefined;
  #isOver = false;

  constructor(settings: StormSettings) {
    const { plan, slice } = settings;
    this.#settings = settings;
    const home = regionOfSlice(plan, slice.slice);
    if (home !== undefined) this.#regions = new DeviceRegions(home.name, slice.devices);
  }

  stop(): void {
    this.#isOver = true;
  }

  /** Only connected devices are disconnected; the others come back as they would have. A disconnect of one instant is carried out once. */
  prepareDisconnect(disconnect: Disconnect, at: number): () => void {
    const { slice, timeline, connections } = this.#settings;
    const counters = this.#settings.counters.storms;
    const chosen = stormDevicesOf(slice, { ...disconnect, at }, timeline);
    const unnoticedMs = noticeMs({ ...disconnect, group: slice.group });
    const storm = counters.prepare({ at, moves: undefined }, chosen);
    return () => {
      if (!this.#mayBegin || counters.has(storm)) return;
      const disconnected = chosen.filter((device) => connections.lose(device, disconnect.how, unnoticedMs));
      counters.began(storm, disconnected.length);
    };
  }

  /** Where a device is decides at the instant itself; a leg that does not hold it yet connects it where it is by then. */
  prepareFailover({ from, to, share }: Failover, at: number): () => void {
    const { plan, slice, timeline, transport, connections } = this.#settings;
    const counters = this.#settings.counters.storms;
    const chosen = failoverDevicesOf(plan, slice, { share, at });
    const moves = { from, to };
    return () => {
      const regions = this.#regions;
      if (!this.#mayBegin || regions === undefined || counters.has({ at, moves })) return;
      const moving = chosen.filter((device) => regions.isIn(device, from));
      const held = moving.filter((device) => isHeldAt(timeline, device, at));
      const storm = counters.prepare({ at, moves }, held);
      let disconnected = 0;
      for (const device of moving) {
        regions.move(device, to);
        transport.moveTo?.(device, to);
        if (connections.moved(device)) disconnected++;
      }
      counters.began(storm, disconnected);
    };
  }

  get #mayBegin(): boolean {
    return !this.#isOver && this.#settings.slice.group.profile.connect.protocol === 'mqtt';
  }
}
