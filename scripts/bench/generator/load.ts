import type { MqttClientKind } from '../../../src/profile/load-profile.ts';
import type { NetworkForm } from '../../../src/profile/network-presets.ts';

/** A broker's endpoint. */
export interface Target {
  readonly host: string;
  readonly port: number;
  /** Mutual TLS: PEM texts. Absent: plain TCP. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
}

/** The task of a generator: a constant load, spread evenly over devices that are all connected beforehand. */
export interface Load {
  readonly target: Target;
  readonly devices: number;
  readonly ratePerSecond: number;
  readonly qos: 0 | 1;
  readonly sizeBytes: number;
  /** Published before anything is measured, so that compiled code is measured, and after that. */
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** Of the whole load: the rate rises from nothing over the warm-up. */
export function messagesOf({ ratePerSecond, warmUpSeconds, seconds }: Omit<Load, 'target'>): number {
  return ratePerSecond * (warmUpSeconds / 2 + seconds);
}

/** What a generator did, counted by itself, in a process that did nothing else. */
export interface LoadReport {
  /** Of the measured seconds. */
  readonly sent: number;
  readonly acked: number;
  readonly cpuSeconds: number;
  /** Part of `cpuSeconds` spent in the kernel: the cost of TCP for the sender. */
  readonly kernelSeconds: number;
  readonly wallSeconds: number;
  /** Resident before the first connect, with all devices connected, and at the end of the load. */
  readonly rssBytes: { readonly idle: number; readonly connected: number; readonly loaded: number };
  /** Of the whole load, warm-up included. */
  readonly sendLagMs: {
    readonly p50: number;
    readonly p99: number;
    readonly p999: number;
    readonly max: number;
  };
  /** Never sent, or not acknowledged: anything but 0 means that the load was too high. */
  readonly missed: number;
}

/** The three that publish through Stampede's slice runner: the same schedule, payloads and counters for all. */
export type RunnerClient = MqttClientKind | 'mqtt-js';

export interface RunnerLoad extends Load {
  readonly client: RunnerClient;
  /** Default: 5. 4 is MQTT 3.1.1, which only dense supports here. */
  readonly mqttVersion?: 4 | 5;
  /** Of dense; absent: its connections go through no network at all. */
  readonly network?: NetworkForm;
}

/** Devices that only connect, a few at once, as fast as they are let in. */
export interface Connects {
  readonly target: Target;
  readonly client: RunnerClient;
  readonly devices: number;
  /** Attempts under way at once. */
  readonly atOnce: number;
}

export interface ConnectsReport {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly rssBytes: { readonly idle: number; readonly connected: number };
}
