import type { NetworkConditions } from '../../profile/network-presets.ts';
import type { ThinkTime } from '../../profile/time-distribution.ts';
import { type DelayTable, spreadOf } from './delay-tables.ts';

/** From devices, or to them. */
export type Way = 'up' | 'down';

/** Bytes of a packet with its headers, as veth pairs carry it: 1,500 and 14 of Ethernet. */
const packetBytes = 1_514;
/** More than any machine carries in one process, and below the 2³² bytes a second of old `tc`. */
const unlimited = '32gbit';
/** What a fast line may send at once, so that the kernel's timer is not what limits it: as many bytes as come in this time. */
const burstSeconds = 0.001;
const unlimitedBurstBytes = 4_000_000;

/** Packets of one device that wait: far more than a device has, because queues of the model never fill. */
const queuedPackets = 10_000;

/**
 * Arguments of `tc class … htb` for one device: its bandwidth, one way.
 * @param conditions absent bandwidth: as fast as the machine is
 */
export function classArguments({ bandwidth = {} }: NetworkConditions, way: Way): string[] {
  const bits = bandwidth[way];
  const rate = bits === undefined ? unlimited : `${Math.round(bits)}bit`;
  const bytes =
    bits === undefined ? unlimitedBurstBytes : Math.max(packetBytes, Math.ceil((bits / 8) * burstSeconds));
  return ['htb', 'rate', rate, 'burst', `${bytes}`, 'cburst', `${bytes}`, 'quantum', `${packetBytes}`];
}

/**
 * Arguments of `tc qdisc … netem` for one device, each way the same. Every setting is named, because `tc qdisc change` keeps those that
 * are not.
 */
export function netemArguments({ delay, correlation, loss, corrupt }: NetworkConditions): string[] {
  const { meanMs, table, jitterMs } = drawnDelay(delay ?? { kind: 'constant', ms: 0 });
  return [
    ...['netem', 'limit', `${queuedPackets}`],
    ...['delay', microseconds(meanMs), microseconds(jitterMs), percent(table && correlation)],
    ...(table === undefined ? [] : ['distribution', table]),
    ...['loss', 'random', percent(loss), 'corrupt', percent(corrupt)],
  ];
}

/** Without netem: a queue that does nothing. */
export function plainArguments(): string[] {
  return ['pfifo', 'limit', `${queuedPackets}`];
}

interface DrawnDelay {
  readonly meanMs: number;
  readonly jitterMs: number;
  /** Absent: every delay is the mean. */
  readonly table?: DelayTable;
}

function drawnDelay(delay: ThinkTime): DrawnDelay {
  switch (delay.kind) {
    case 'constant':
      return { meanMs: delay.ms, jitterMs: 0 };
    case 'uniform':
      return drawn('uniform', (delay.minMs + delay.maxMs) / 2, (delay.maxMs - delay.minMs) / 2);
    case 'exponential':
      return drawn('exponential', delay.meanMs, delay.meanMs);
    case 'normal':
      return drawn('normal', delay.meanMs, delay.sdMs);
  }
}

/** `tc` refuses a distribution without a mean or a spread; its least time is a microsecond. */
function drawn(table: DelayTable, meanMs: number, spreadMs: number): DrawnDelay {
  const jitterMs = spreadMs * spreadOf[table];
  return Math.round(jitterMs * 1_000) < 1
    ? { meanMs, jitterMs: 0 }
    : { meanMs: Math.max(0.001, meanMs), jitterMs, table };
}

function microseconds(ms: number): string {
  return `${Math.round(ms * 1_000)}us`;
}

function percent(share = 0): string {
  return `${Number((share * 100).toFixed(6))}%`;
}
