import type { IncomingHttpHeaders } from 'node:http';
import type { ConnectionOptions } from 'node:tls';
import type { RequestTraffic } from '../../../measure/slice-result.ts';
import { type HttpSettings, outcomeOf } from '../../../profile/http-settings.ts';
import type { SliceNetwork } from '../../network/shaping/slice-network.ts';
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
  readonly protocol: RequestProtocol;
  readonly version: HttpSettings['version'];
  /** Whether a connection of HTTP/1.1 serves more than one request. */
  readonly keepAlive: boolean;
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
  /** Of the devices, which connections go through. Absent: none but the system's. */
  readonly network?: SliceNetwork | undefined;
}

/** How a message becomes a request, and what an answer means. */
export interface RequestProtocol {
  readonly name: 'http' | 'https';
  headOf(message: OutgoingMessage): RequestHead;
  answered(request: SentRequest, status: number, headers: IncomingHttpHeaders): void;
}

export interface SentRequest {
  readonly listener: TransportListener;
  readonly device: number;
  readonly token: number;
}

/** Any web service: the messages have their heads, and statuses are measured. @param succeeds the statuses of success */
export function webService(succeeds: HttpSettings['succeeds']): RequestProtocol {
  return {
    name: 'http',
    headOf({ head }) {
      if (head === undefined) throw new TypeError('a message without a head is no request');
      return head;
    },
    answered({ listener, device, token }, status) {
      const outcome = outcomeOf(status, succeeds);
      const refusal = outcome === 'succeeded' ? undefined : outcome;
      listener.requests?.answered(device, token, status, refusal);
    },
  };
}

/** @param body reused by the caller once this has returned */
export type SignRequest = (head: RequestHead, body: Buffer) => Promise<RequestHead>;

/** HTTP has no receive maximum; requests of one device wait for each other only as the profile says. */
const noMaximum = 65_535;
/** Past the slice's own ack timeout, so that it is the slice that times a request out. */
const giveUpMarginMs = 50;

export function makeHttpTransport(settings: HttpTransportSettings): MakeTransport {
  return (listener, { count }) => new HttpTransport(settings, listener, count);
}

/**
 * Sends requests to a web service. Connections are opened when a request needs one, up to the limit; beyond it `send` does not
 * take a request, so that it waits where the schedule sees it. A request leaves once it is signed and its connection is open.
 * Each is sent once: a retry would hide a failure. Redirects are answers like any other.
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

  constructor(settings: HttpTransportSettings, listener: TransportListener, devices: number) {
    const { origin, version, keepAlive, connections } = settings;
    this.#settings = settings;
    this.#listener = listener;
    const sharedBy = 'perDevice' in connections ? undefined : devices;
    this.#sockets = new OpenSockets(
      { ...settings, sharedBy },
      {
        opened: (connectMs) => this.#requests?.opened(connectMs),
        openFailed: (reason) => this.#requests?.openFailed(reason),
      },
    );
    this.#makePool =
      version === '2'
        ? makeHttp2Pools(origin, this.#sockets)
        : makeHttp1Pools(origin, this.#sockets, keepAlive);
  }

  /** A device is ready at once: its connections are opened by its requests. */
  connect(device: number): void {
    const immediate = setImmediate(() => {
      this.#connecting.delete(immediate);
      this.#listener.connected(device, noMaximum, false);
    });
    this.#connecting.add(immediate);
  }

  send(device: number, message: OutgoingMessage): boolean {
    const queued = this.#poolOf(device);
    if (!queued.takes(device)) return false;
    const { protocol, secretHeaders, sign } = this.#settings;
    const { token } = message;
    const head = protocol.headOf(message);
    const body = Buffer.from(message.payload);
    const whole = { ...head, headers: { ...head.headers, ...secretHeaders } };
    if (sign === undefined) {
      this.#request(queued, { device, token }, whole, body);
      return true;
    }
    queued.reserved++;
    let isOver = false;
    const signedOnce = (then: () => void): void => {
      clearTimeout(timer);
      if (isOver) return;
      isOver = true;
      queued.reserved--;
      if (!this.#isClosed) then();
    };
    const refuse = (reason: string): void => {
      this.#requests?.openFailed(reason);
      this.#requests?.notSent(device, token);
      queued.serve((waiting) => this.#listener.writable(waiting));
    };
    const timer = setTimeout(() => signedOnce(() => refuse('SigningTimeout')), this.#settings.ackTimeoutMs);
    sign(whole, body).then(
      (signed) => signedOnce(() => this.#request(queued, { device, token }, signed, body)),
      (error: Error) => signedOnce(() => refuse(error.name)),
    );
    return true;
  }

  subscribe(): never {
    throw new NotOfferedError(this.#settings.protocol.name, 'subscriptions');
  }

  disconnect(): never {
    throw new NotOfferedError(this.#settings.protocol.name, 'connections that last');
  }

  /** Each request is on its way as soon as it is made. */
  flush(): void {}

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const immediate of this.#connecting) clearImmediate(immediate);
    for (const { pool } of this.#pools.values()) pool.close();
    this.#sockets.close();
  }

  #request(
    queued: QueuedPool,
    { device, token }: Pick<SentRequest, 'device' | 'token'>,
    head: RequestHead,
    body: Buffer,
  ): void {
    const { protocol, ackTimeoutMs } = this.#settings;
    const listener = this.#listener;
    let hasLeft = false;
    const over = (report: () => void): void => {
      clearTimeout(timer);
      if (this.#isClosed) return;
      report();
      queued.serve((waiting) => listener.writable(waiting));
    };
    const unanswered = (reason: string): void => {
      if (hasLeft) this.#requests?.unanswered(device, token, reason);
      else this.#requests?.notSent(device, token);
    };
    const cancel = queued.pool.request(head, body, {
      left: () => {
        hasLeft = true;
        this.#requests?.left(device, token);
      },
      answered: (status, headers) =>
        over(() => protocol.answered({ listener, device, token }, status, headers)),
      ended: (reason) => over(() => unanswered(reason)),
    });
    const timer = setTimeout(() => {
      cancel();
      over(() => !hasLeft && this.#requests?.notSent(device, token));
    }, ackTimeoutMs + giveUpMarginMs);
  }

  get #requests(): RequestListener | undefined {
    return this.#isClosed ? undefined : this.#listener.requests;
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
