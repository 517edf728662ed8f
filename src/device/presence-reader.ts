import type { FleetCounts } from '../live/live-fleet.ts';
import { OccurrenceSets } from '../measure/occurrence-sets.ts';
import type { PresenceResult } from '../measure/presence-result.ts';
import { ReasonCounts } from '../measure/reason-counts.ts';
import { drainMsOf } from '../plan/observers.ts';
import {
  type FoundDevice,
  isClientOfRun,
  isPresenceTopic,
  makeDeviceFinder,
  parsePresenceTopic,
  presenceFiltersOf,
} from '../plan/presence.ts';
import type { DeviceSubscription, DeviceSubscriptionSettings } from './device-subscription.ts';
import { SubscriptionAttempts } from './subscription-attempts.ts';
import type { IncomingMessage } from './transport.ts';

/** Without an event for so long, all have come. */
const quietMs = 1_000;

/** What came of one device: version numbers, which connect and disconnect of a connection have in common. */
interface Seen {
  readonly connected: Set<number>;
  readonly disconnected: Set<number>;
  latest: number;
}

/**
 * Devices that observe the presence of the run's others: they subscribe to life-cycle events, and count each connect and each disconnect
 * once, by client id and version number.
 */
export class PresenceReader implements DeviceSubscription {
  readonly #settings: DeviceSubscriptionSettings;
  readonly #filters: readonly string[];
  readonly #deviceOf: (clientId: string) => FoundDevice | undefined;
  /** By index of the device. */
  readonly #seen = new Map<number, Seen>();
  readonly #connects = new OccurrenceSets();
  readonly #disconnects = new OccurrenceSets();
  readonly #disconnectedBy = new ReasonCounts();
  readonly #attempts: SubscriptionAttempts;
  #subscribedAt: number | null = null;
  #lastEventAt = 0;
  /** Connections that an event began and none ended. */
  #open = 0;
  #gaps = 0;
  #duplicates = 0;
  #outOfOrder = 0;
  #ofRun = 0;
  #unrelated = 0;

  constructor(settings: DeviceSubscriptionSettings) {
    const { plan, slice } = settings;
    this.#settings = settings;
    this.#filters = presenceFiltersOf(slice.group);
    this.#deviceOf = makeDeviceFinder(plan);
    this.#attempts = new SubscriptionAttempts({ ...settings, qos: 1 });
  }

  takes(topic: string): boolean {
    return isPresenceTopic(topic);
  }

  connected(device: number): void {
    this.#attempts.connected(device, this.#filters);
  }

  disconnected(device: number): void {
    if (this.#attempts.disconnected(device)) this.#gaps++;
  }

  subscribed(device: number, filter: string): void {
    if (this.#attempts.granted(device, filter)) this.#subscribedAt ??= this.#settings.clock.now();
  }

  subscribeRefused(device: number, filter: string, reason: string): void {
    this.#attempts.subscribeRefused(device, filter, reason);
  }

  received(_device: number, { topic, payload }: IncomingMessage): void {
    const event = parsePresenceTopic(topic);
    const device = event && this.#deviceOf(event.clientId);
    const body = device === undefined ? undefined : readBody(payload);
    if (event === undefined || device === undefined || body === undefined) {
      const isOfRun =
        event !== undefined && device === undefined && isClientOfRun(this.#settings.plan, event.clientId);
      if (isOfRun) this.#ofRun++;
      else this.#unrelated++;
      return;
    }
    this.#lastEventAt = this.#settings.clock.now();
    this.#add(device, event.kind, body);
  }

  /** All connections that were seen have ended, and nothing more comes; or it is too late to wait on. */
  isComplete(nowMs: number): boolean {
    const { plan } = this.#settings;
    const { drainEndAt } = plan.timeline;
    const lastSentAt = drainEndAt - drainMsOf(plan);
    const isQuiet = nowMs - this.#lastEventAt >= quietMs;
    return nowMs >= drainEndAt + quietMs || (this.#open === 0 && isQuiet && nowMs >= lastSentAt);
  }

  stop(): void {
    this.#attempts.stop();
  }

  soFar(): FleetCounts {
    return { presence: { connects: this.#connects.count, disconnects: this.#disconnects.count } };
  }

  result(): { readonly presence: PresenceResult } {
    return {
      presence: {
        connects: this.#connects.encode(),
        disconnects: this.#disconnects.encode(),
        subscribedAt: this.#subscribedAt,
        gaps: this.#gaps,
        duplicates: this.#duplicates,
        outOfOrder: this.#outOfOrder,
        ofRun: this.#ofRun,
        unrelated: this.#unrelated,
        open: this.#open,
        disconnectedBy: this.#disconnectedBy.counts(),
        subscribeRefusedBy: this.#attempts.refusedBy,
      },
    };
  }

  #add(
    { index, place }: FoundDevice,
    kind: 'connected' | 'disconnected',
    { versionNumber, disconnectReason }: Body,
  ): void {
    const seen = this.#seen.get(index) ?? { connected: new Set(), disconnected: new Set(), latest: -1 };
    this.#seen.set(index, seen);
    if (seen[kind].has(versionNumber)) {
      this.#duplicates++;
      return;
    }
    seen[kind].add(versionNumber);
    const hasOther = seen[kind === 'connected' ? 'disconnected' : 'connected'].has(versionNumber);
    if (versionNumber < seen.latest || (kind === 'connected' && hasOther)) this.#outOfOrder++;
    seen.latest = Math.max(seen.latest, versionNumber);
    if (kind === 'connected') {
      this.#connects.add(place);
      if (!hasOther) this.#open++;
      return;
    }
    this.#disconnects.add(place);
    this.#disconnectedBy.add(disconnectReason ?? 'no reason given');
    if (hasOther) this.#open--;
  }
}

interface Body {
  readonly versionNumber: number;
  readonly disconnectReason?: string;
}

/** @returns undefined for what is no event */
function readBody(payload: Buffer): Body | undefined {
  try {
    const { versionNumber, disconnectReason } = JSON.parse(payload.toString()) as Readonly<
      Record<string, unknown>
    >;
    if (!Number.isSafeInteger(versionNumber)) return undefined;
    return {
      versionNumber: versionNumber as number,
      ...(typeof disconnectReason === 'string' && { disconnectReason: disconnectReason.slice(0, 80) }),
    };
  } catch {
    return undefined;
  }
}
