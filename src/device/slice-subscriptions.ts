import type { FleetCounts } from '../live/live-fleet.ts';
import { downlinksTo, replyingDownlinkOf } from '../plan/downlinks.ts';
import { isObserving, observedGroupsOf } from '../plan/presence.ts';
import { CommandReceiver } from './command-receiver.ts';
import { ConnectionLog } from './connection-log.ts';
import type { CountedResult } from './counted-result.ts';
import type { DeviceSubscription, DeviceSubscriptionSettings } from './device-subscription.ts';
import { Echoes } from './echoes.ts';
import { PresenceReader } from './presence-reader.ts';
import { ReplyReader } from './reply-reader.ts';
import type { SliceDevices } from './slice-devices.ts';
import type { IncomingMessage } from './transport.ts';

export interface SliceSubscriptionSettings extends DeviceSubscriptionSettings {
  readonly devices: SliceDevices;
  /** Streams that the slice sends. */
  readonly streams: number;
}

/** All that devices of a slice, or clients of a backend, subscribe to: each topic is one subscription's. */
export class SliceSubscriptions implements Omit<DeviceSubscription, 'takes'> {
  readonly #all: readonly DeviceSubscription[];
  readonly #settings: SliceSubscriptionSettings;

  constructor(settings: SliceSubscriptionSettings) {
    this.#settings = settings;
    const { plan, slice } = settings;
    const { group } = slice;
    const downlink = replyingDownlinkOf(plan, group);
    this.#all = [
      ...(downlinksTo(plan, group).length > 0 ? [new CommandReceiver(settings)] : []),
      ...(downlink ? [new ReplyReader({ ...settings, downlink })] : []),
      ...(isObserving(group) ? [new PresenceReader(settings)] : []),
      ...(observedGroupsOf(plan).includes(group) ? [new ConnectionLog(slice)] : []),
      // They take every topic that is no other's.
      new Echoes({
        ...settings,
        runId: plan.runId,
        slice: slice.slice,
        deviceGroup: group.number,
        drainMs: plan.profile.drainMs,
      }),
    ];
  }

  connected(device: number, isResumed: boolean): void {
    for (const each of this.#all) each.connected(device, isResumed);
  }

  disconnected(device: number): void {
    for (const each of this.#all) each.disconnected(device);
  }

  stop(): void {
    for (const each of this.#all) each.stop();
  }

  received(device: number, message: IncomingMessage): void {
    const { counters, clock } = this.#settings;
    counters.perSecond.delivered(clock.now());
    this.#to(message.topic)?.received(device, message);
  }

  subscribed(device: number, filter: string): void {
    this.#to(filter)?.subscribed(device, filter);
  }

  subscribeRefused(device: number, filter: string, reason: string): void {
    this.#to(filter)?.subscribeRefused(device, filter, reason);
  }

  refused(token: number): boolean {
    return this.#all.some((each) => each.refused?.(token) === true);
  }

  isComplete(nowMs: number, finishedAt: number): boolean {
    return this.#all.every((each) => each.isComplete(nowMs, finishedAt));
  }

  soFar(nowMs: number, isOver: boolean): FleetCounts {
    return Object.assign({}, ...this.#all.map((each) => each.soFar?.(nowMs, isOver)));
  }

  result(nowMs: number): Partial<CountedResult> {
    return Object.assign({}, ...this.#all.map((each) => each.result(nowMs)));
  }

  #to(topic: string): DeviceSubscription | undefined {
    return this.#all.find((each) => each.takes(topic));
  }
}
