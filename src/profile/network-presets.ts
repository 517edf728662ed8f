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
  /** Where the figures are from, Markdown: `docs/network.md` shows it. */
  readonly source: string;
}

/** @param delay one way @param kbit bandwidth, kbit/s @param others settings beside delay and bandwidth */
function makePreset(
  source: string,
  delay: ThinkTime,
  kbit: Required<Bandwidth>,
  others: NetworkConditions = {},
): NetworkPreset {
  const bandwidth = { up: kbit.up * 1_000, down: kbit.down * 1_000 };
  return { source, conditions: { delay, bandwidth, ...others } };
}

const always = (ms: number): ThinkTime => ({ kind: 'constant', ms });
const between = (minMs: number, maxMs: number): ThinkTime => ({ kind: 'uniform', minMs, maxMs });

/**
 * Typical networks of devices. A mobile network repeats what its radio loses: that is
 * delay, and no loss.
 */
export const networkPresets: Readonly<Record<PresetName, NetworkPreset>> = {
  none: { conditions: {}, source: 'does nothing' },
  '2g': makePreset("WebPageTest's profile *Edge*: 240 down, 200 up, 840 ms round trip", always(420), {
    up: 200,
    down: 240,
  }),
  'lte-m': makePreset(
    '[Cat-M1 with half duplex](https://www.rfwireless-world.com/Terminology/Difference-between-LTE-M-device-categories-Cat-0-vs-Cat-M1-vs-Cat-M2.html). Delay: no single source; chosen between the 10 to 15 ms of [tables of the standard](https://blog.mbedded.ninja/electronics/communication-protocols/cellular) and the 100 ms that the white paper *Evaluation of LTE-M towards 5G IoT requirements* finds for a message at the edge of normal coverage',
    between(40, 80),
    { up: 375, down: 300 },
  ),
  'nb-iot': makePreset(
    '[Cat-NB1](https://blog.mbedded.ninja/electronics/communication-protocols/cellular). Delay: no single source; chosen around the [837 ms measured](https://doi.org/10.3390/electronics10182224) in one network. The same table says 1.6 to 10 s, the long ones at the edge of coverage',
    between(400, 1_600),
    { up: 62, down: 26 },
  ),
  lte: makePreset("WebPageTest's profile *LTE*: 12 Mbit/s, 70 ms round trip", always(35), {
    up: 12_000,
    down: 12_000,
  }),
  'wifi-poor': makePreset(
    'delay: one round trip in ten above 100 ms, as [a study of 47 access points](https://paperexplained.cn/articles/paper/detail/aadd9fa14b6597dd00f5d77157bad602709f7d33) has it (9 % here). The others have no single source: chosen as those of a device far from its access point',
    { kind: 'exponential', meanMs: 25 },
    { up: 2_000, down: 2_000 },
    { loss: 0.03, stall: { everySeconds: 30, forMs: 500 } },
  ),
  satellite: makePreset(
    "geostationary: [about 600 ms round trip](https://blog.apnic.net/2022/05/02/testing-leo-and-geo-satellite-services-in-australia/); bandwidth of [Loadero's *Satellite phone*](https://wiki.loadero.com/test-creation/participant-configuration/network-conditions/)",
    between(280, 320),
    {
      up: 256,
      down: 1_000,
    },
  ),
};
