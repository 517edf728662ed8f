import type { ThinkTime, TimeForm } from './time-distribution.ts';

/** What the network between a device and its target does to their bytes. Absent settings do nothing. */
export interface NetworkConditions {
  /** One way, milliseconds; each packet draws its own, and each direction for itself. */
  readonly delay?: ThinkTime;
  /** 0–1: of one delay with the one before it. */
  readonly correlation?: number;
  /** Bits a second of one device. */
  readonly bandwidth?: Bandwidth;
  /** Share of the packets, 0–1. */
  readonly loss?: number;
  readonly stall?: Stall | undefined;
  /** Share of the connections that end in a minute, 0–60. */
  readonly reset?: number;
  /** Shares of the packets, 0–1. */
  readonly duplicate?: number;
  readonly corrupt?: number;
  /** Share of the group's devices that the network does not reach, 0–1. */
  readonly outage?: number;
}

export interface Bandwidth {
  readonly up?: number;
  readonly down?: number;
}

/** No bytes of a device pass for `forMs`, once in `everySeconds`. */
export interface Stall {
  readonly everySeconds: number;
  readonly forMs: number;
}

/** A preset's name, or settings over a preset or over what was in force: JSON as the user writes it. */
export type NetworkForm = PresetName | NetworkObject;

export interface NetworkObject {
  readonly preset?: PresetName | undefined;
  readonly delay?: TimeForm | undefined;
  readonly correlation?: number | undefined;
  readonly bandwidth?: string | { up?: string | undefined; down?: string | undefined } | undefined;
  readonly loss?: number | undefined;
  readonly stall?: 'none' | { everySeconds: number; for: string } | undefined;
  readonly reset?: number | undefined;
  readonly duplicate?: number | undefined;
  readonly corrupt?: number | undefined;
  readonly outage?: number | undefined;
}

export const presetNames = ['none', '2g', 'lte-m', 'nb-iot', 'lte', 'wifi-poor', 'satellite'] as const;

export type PresetName = (typeof presetNames)[number];

export interface NetworkPreset {
  readonly conditions: NetworkConditions;
  /** Where the figures are from. */
  readonly source: string;
}

const ownEstimate = 'no published figure: an estimate';

/** Typical networks of devices. `docs/network.md` says how sure each figure is. */
export const networkPresets: Readonly<Record<PresetName, NetworkPreset>> = {
  none: { conditions: {}, source: 'does nothing' },
  '2g': {
    conditions: {
      delay: { kind: 'constant', ms: 420 },
      bandwidth: { up: 200_000, down: 240_000 },
    },
    source: 'WebPageTest, connectivity profile Edge: 240/200 kbit/s, 840 ms round trip',
  },
  'lte-m': {
    conditions: {
      delay: { kind: 'uniform', minMs: 40, maxMs: 80 },
      bandwidth: { up: 375_000, down: 300_000 },
      loss: 0.005,
    },
    source: '3GPP release 13, Cat-M1 half duplex: 375 kbit/s up, 300 kbit/s down',
  },
  'nb-iot': {
    conditions: {
      delay: { kind: 'uniform', minMs: 500, maxMs: 1_500 },
      bandwidth: { up: 62_500, down: 26_000 },
      loss: 0.01,
    },
    source: '3GPP release 13, Cat-NB1: 62.5 kbit/s up (multi-tone), 26 kbit/s down',
  },
  lte: {
    conditions: {
      delay: { kind: 'constant', ms: 35 },
      bandwidth: { up: 12_000_000, down: 12_000_000 },
    },
    source: 'WebPageTest, connectivity profile LTE: 12 Mbit/s, 70 ms round trip',
  },
  'wifi-poor': {
    conditions: {
      delay: { kind: 'exponential', meanMs: 20 },
      bandwidth: { up: 2_000_000, down: 2_000_000 },
      loss: 0.03,
      stall: { everySeconds: 30, forMs: 500 },
    },
    source: ownEstimate,
  },
  satellite: {
    conditions: {
      delay: { kind: 'uniform', minMs: 280, maxMs: 320 },
      bandwidth: { up: 1_000_000, down: 5_000_000 },
      loss: 0.005,
    },
    source: 'ITU-T G.114: about 260 ms one way over a geostationary satellite',
  },
};
