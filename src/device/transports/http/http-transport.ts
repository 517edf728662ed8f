import type { ConnectionOptions } from 'node:tls';
import type { RequestTraffic } from '../../../measure/slice-result.ts';
import { type HttpSettings, outcomeOf } from '../../../profile/http-settings.ts';
import type { RequestHead } from '../../payload.ts';
import {
  type MakeTransport,
  NotOfferedError,
  type OutgoingMessage,
  type RequestListener,
  type Transport,
  type TransportListener,
} from '../../transport.ts';
import { makeHttp1Pools } from './http1-pool.ts';
import { makeHttp2Pools } from './http2-pool.ts';
import { OpenSockets } from './open-sockets.ts';
import type { MakePool, RequestPool } from './request-pool.ts';

export interface HttpTransportSettings {
  readonly http: Pick<HttpSettings, 'succeeds' | 'version' | 'keepAlive'>;
  /** Connections that may be open at once: of each device, or of the whole slice. */
  readonly connections: { readonly perDevice: number } | { readonly ofSlice: number };
  /** Scheme, host and port of the web service. */
  readonly origin: URL;
  /** Whom a device trusts and what it shows; of shared connections, the first device. */
  readonly tlsOf: (device: number) => ConnectionOptions;
  readonly connectTimeoutMs: number;
  readonly ackTimeoutMs: number;
  /** By lower-case name: headers whose values no file holds. */
  readonly secretHeaders: Readonly<Record<string, string>>;
  /** Adds a signature's headers. Absent: requests are not signed. */
  readonly sign?: SignRequest;
}

/** @param body reused by the caller once this has returned */
export type SignRequest = (head: RequestHead, body: Buffer) => Promise<RequestHead>;

/** HTTP has no receive maximum; requests of one device wait for each other only as the profile says. */
const noMaximum = 65_535;
/** Past the slice's own ack timeout, so that it is the slice that times a request out. */
const giveUpMarginMs = 50;

export function makeHttpTransport(settings: HttpTransportSettings): MakeTransport {
  return (listener) => new HttpTransport(settings, listener);
}

/**
 * Sends requests to any web service. Connections are opened when a request needs one, up to the limit; beyond it `send` does not
 * take a request, so that it waits where the schedule sees it. Each request is sent once: a retry would hide a failure.
 * Redirects are answers like any other.
 */
class HttpTransport implements Transport {
  readonly #settings: HttpTransportSettings;
  readonly #listener: TransportListener;
  readonly #sockets: OpenSockets;
  readonly #makePool: MakePool;
  /** By device, or one for all. */
  readonly #pools = new Map<number, QueuedPool>();
  readonly #connecting = new Set<NodeJS.Immediate>();
  readonly traffic = (): RequestTraffic => this.#sockets.traffic();
  #isClosed = false;

  constructor(settings: HttpTransportSettings, listener: TransportListener) {
    const { http, origin } = settings;
    this.#settings = settings;
    this.#listener = listener;
    this.#sockets = new OpenSockets(settings, (connectMs) => {
      if (!this.#isClosed) this.#requests?.opened(connectMs);
    });
    this.#makePool =
      http.version === '2'
        ? makeHttp2Pools(origin, this.#sockets)
        : makeHttp1Pools(origin, this.#sockets, http.keepAlive);
  }

  /** A device is ready at once: its connections are opened by its requests. */
  connect(device: number): void {
    const immediate = setImmediate(() => {
      this.#connecting.delete(immediate);
      this.#listener.connected(device, noMaximum, false);
    });
    this.#connecting.add(immediate);
  }

  send(device: number, { token, payload, head }: OutgoingMessage): boolean {
    if (head === undefined) throw new TypeError('a message without a head is no request');
    const queued = this.#poolOf(device);
    if (!queued.takes(device)) return false;
    const { secretHeaders, sign } = this.#settings;
    const body = Buffer.from(payload);
    const whole = { ...head, headers: { ...head.headers, ...secretHeaders } };
    if (sign === undefined) {
      this.#request(queued, device, token, whole, body);
      return true;
    }
    queued.reserved++;
    sign(whole, body).then(
      (signed) => {
        queued.reserved--;
        if (!this.#isClosed) this.#request(queued, device, token, signed, body);
      },
      (error: unknown) => {
        queued.reserved--;
        if (!this.#isClosed) this.#listener.refused(device, token, 'failed', (error as Error).name);
      },
    );
    return true;
  }

  subscribe(): never {
    throw new NotOfferedError('http', 'subscriptions');
  }

  disconnect(): never {
    throw new NotOfferedError('http', 'connections that last');
  }

  /** Each request is on its way as soon as it is made. */
  flush(): void {}

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const immediate of this.#connecting) clearImmediate(immediate);
    for (const { pool } of this.#pools.values()) pool.close();
    this.#sockets.close();
  }

  #request(queued: QueuedPool, device: number, token: number, head: RequestHead, body: Buffer): void {
    const { http, ackTimeoutMs } = this.#settings;
    const over = (report: () => void): void => {
      clearTimeout(timer);
      if (this.#isClosed) return;
      report();
      queued.serve((waiting) => this.#listener.writable(waiting));
    };
    const cancel = queued.pool.request(head, body, {
      answered: (status) =>
        over(() => {
          const outcome = outcomeOf(status, http.succeeds);
          if (outcome === 'succeeded') this.#requests?.answered(device, token, status);
          else this.#requests?.answered(device, token, status, outcome);
        }),
      ended: (reason, isSent) =>
        over(() => {
          if (isSent) this.#requests?.unanswered(device, token, reason);
          else this.#listener.refused(device, token, 'failed', reason);
        }),
    });
    const timer = setTimeout(() => {
      cancel();
      over(noop);
    }, ackTimeoutMs + giveUpMarginMs);
  }

  get #requests(): RequestListener | undefined {
    return this.#listener.requests;
  }

  #poolOf(device: number): QueuedPool {
    const { connections } = this.#settings;
    const key = 'perDevice' in connections ? device : 0;
    const limit = 'perDevice' in connections ? connections.perDevice : connections.ofSlice;
    let queued = this.#pools.get(key);
    if (queued === undefined) {
      queued = new QueuedPool(this.#makePool(key, limit));
      this.#pools.set(key, queued);
    }
    return queued;
  }
}

/** A pool, and the devices that wait for it in the order in which they came. */
class QueuedPool {
  readonly pool: RequestPool;
  /** Requests that are being signed. */
  reserved = 0;
  readonly #waiting = new Set<number>();
  #served: number | undefined;

  constructor(pool: RequestPool) {
    this.pool = pool;
  }

  /** Whether a request of the device may begin; if not, `serve` calls for it later. */
  takes(device: number): boolean {
    const isItsTurn = this.#waiting.size === 0 || this.#served === device;
    if (isItsTurn && this.#free > 0) return true;
    this.#waiting.add(device);
    return false;
  }

  /** @param call may send a request of the device that it is given */
  serve(call: (device: number) => void): void {
    while (this.#free > 0) {
      const [first] = this.#waiting;
      if (first === undefined) return;
      this.#waiting.delete(first);
      this.#served = first;
      call(first);
      this.#served = undefined;
    }
  }

  get #free(): number {
    return this.pool.free - this.reserved;
  }
}

function noop(): void {}
