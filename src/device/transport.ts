import type { SliceDevices } from './slice-devices.ts';

/**
 * What a slice of virtual devices publishes through. One transport serves a whole slice; `device` is the index within
 * the slice; `token` is the number that the slice gives a message, and finds it by when it is answered. Every call is made for
 * all devices alike, and none allocates: no promise, closure or object a message.
 */
export interface Transport {
  /** Begins to connect; answered by `connected` or `connectFailed`. Called again for a device that lost its connection. */
  connect(device: number): void;
  /** Asks once more for the device's own subscription, which `connect` does by itself: after `echoRefused`. */
  subscribe(device: number): void;
  /**
   * Sends one message on the device's topic.
   * @param payload a view that is reused: what is needed after the call has to be copied
   * @returns false: cannot take it now, nothing was sent; `writable` will tell when to try again
   */
  publish(device: number, token: number, payload: Buffer): boolean;
  /** Everything published so far must go out: the end of a tick, for transports that gather writes. */
  flush(): void;
  /** Disconnects every client and resolves when all are gone; no listener method is called afterwards. */
  close(): Promise<void>;
}

/** Callbacks from a transport to the slice. Never called from within a call to the transport. */
export interface TransportListener {
  /** @param receiveMaximum publishes in flight that the service allows per client (1–65,535), from the CONNACK */
  connected(device: number, receiveMaximum: number): void;
  /** The attempt is over, and nothing of it is left. */
  connectFailed(device: number, reason: string): void;
  /** A connection that was `connected` is gone. What was on the way in it will not be answered any more. */
  disconnected(device: number, reason: string): void;
  /** The PUBACK, or the HTTP 200. Not called for QoS 0 over MQTT. */
  acknowledged(device: number, token: number): void;
  /** The message was answered, and not with a yes. */
  refused(device: number, token: number, why: Refusal, reason: string): void;
  /** After a `publish` that returned false. */
  writable(device: number): void;
  /** A message on the device's own subscription; the view is reused. */
  echoed(device: number, payload: Buffer): void;
  /** The device's own subscription was not granted. */
  echoRefused(device: number, reason: string): void;
}

/** `throttled`: for a quota. */
export type Refusal = 'throttled' | 'failed';

export type MakeTransport = (listener: TransportListener, devices: SliceDevices) => Transport;

/** Settings of all MQTT transports. */
export interface MqttSettings {
  readonly qos: 0 | 1;
  readonly keepAliveMs: number;
  readonly cleanStart: boolean;
  /** From the start of the attempt to the CONNACK. */
  readonly connectTimeoutMs: number;
  readonly ackTimeoutMs: number;
  /** User name and password that every device sends to a custom authorizer. */
  readonly login?: MqttLogin;
}

export interface MqttLogin {
  readonly username: string;
  readonly password?: string;
}
