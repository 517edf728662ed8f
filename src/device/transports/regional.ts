import type { DisconnectKind } from '../../profile/planned-action.ts';
import type {
  MakeTransport,
  OutgoingMessage,
  Qos,
  Transport,
  TransportClients,
  TransportListener,
} from '../transport.ts';

/**
 * One transport for the endpoints of several Regions: each device has its connections at the endpoint of the Region that it is in.
 * @param makes by Region; the transport of a Region is made when the first device moves there
 * @param home where all devices are at first
 * @throws {RangeError} for a home that is none of them
 */
export function makeRegionalTransport(
  makes: ReadonlyMap<string, MakeTransport>,
  home: string,
): MakeTransport {
  return (listener, clients) => new RegionalTransport({ makes, home, listener, clients });
}

interface RegionalSettings {
  readonly makes: ReadonlyMap<string, MakeTransport>;
  readonly home: string;
  readonly listener: TransportListener;
  readonly clients: TransportClients;
}

class RegionalTransport implements Transport {
  readonly #settings: RegionalSettings;
  readonly #made = new Map<string, Transport>();
  /** By device: of its connection, or of the attempt to make one. */
  readonly #current: Transport[];
  /** By device, where it is not the same: of its next connection. */
  readonly #next = new Map<number, Transport>();

  constructor(settings: RegionalSettings) {
    this.#settings = settings;
    this.#current = new Array<Transport>(settings.clients.count).fill(this.#transportOf(settings.home));
  }

  moveTo(device: number, region: string): void {
    this.#next.set(device, this.#transportOf(region));
  }

  connect(device: number): void {
    const next = this.#next.get(device);
    if (next !== undefined) {
      this.#current[device] = next;
      this.#next.delete(device);
    }
    this.#current[device]!.connect(device);
  }

  send(device: number, message: OutgoingMessage): boolean {
    return this.#current[device]!.send(device, message);
  }

  subscribe(device: number, filter: string, qos: Qos): void {
    this.#current[device]!.subscribe(device, filter, qos);
  }

  disconnect(device: number, how: DisconnectKind): void {
    this.#current[device]!.disconnect(device, how);
  }

  flush(): void {
    for (const transport of this.#made.values()) transport.flush();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#made.values()].map((transport) => transport.close()));
  }

  #transportOf(region: string): Transport {
    const made = this.#made.get(region);
    if (made !== undefined) return made;
    const { makes, listener, clients } = this.#settings;
    const make = makes.get(region);
    if (make === undefined) throw new RangeError(`no endpoint of the Region ${region}`);
    const transport = make(listener, clients);
    this.#made.set(region, transport);
    return transport;
  }
}
