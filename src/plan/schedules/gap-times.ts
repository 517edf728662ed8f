import { type Draws, drawFirstGap, drawGap, type RandomTime } from '../../profile/time-distribution.ts';
import { sumOf } from '../../shared/counts.ts';
import { PositionalRandom } from '../../shared/random.ts';
import { type DeviceTurns, makeListedTurns } from '../device-turns.ts';
import { DueQueue } from '../due-queue.ts';

/** Sets gaps apart from the values in payloads. */
const gapLane = 0x6761;

interface Devices {
  readonly devices: number;
  /** Index of the first device over the whole run. */
  readonly firstDevice: number;
  readonly seed: number;
  readonly stream: number;
  /** No message is due at it, or after. */
  readonly durationMs: number;
}

/**
 * Messages of devices that wait a drawn gap after each of theirs: a renewal process for each device, of which seed, device and stream
 * decide everything, so that it is the same however devices are divided into slices. The first message of a device comes at a random
 * point of a gap (`drawFirstGap`).
 *
 * How many there are is counted by drawing them all. Their order is made when it is first needed, and is a list: 20 bytes a message.
 */
export function makeGapTimes(
  of: Devices,
  gap: RandomTime,
): {
  readonly messages: number;
  readonly offsetMs: (n: number) => number;
  readonly turns: DeviceTurns;
} {
  const ofDevice = Uint32Array.from({ length: of.devices }, (_, device) => countTimes(of, gap, device));
  const messages = sumOf([...ofDevice]);
  let list: ReturnType<typeof listTimes> | undefined;
  const listed = () => {
    list ??= listTimes(of, gap, messages);
    return list;
  };
  return {
    messages,
    offsetMs: (n) => listed().dueMs[n]!,
    turns: {
      deviceOf: (n) => listed().turns.deviceOf(n),
      messageOf: (n) => listed().turns.messageOf(n),
      nextOf: (n) => listed().turns.nextOf(n),
      countFrom: (n, end) => listed().turns.countFrom(n, end),
      // Of all of them the counts are enough.
      countOf: (n, chosenBefore) =>
        n < messages
          ? listed().turns.countOf(n, chosenBefore)
          : ofDevice.reduce((sum, own, i) => sum + own * (chosenBefore(i + 1) - chosenBefore(i)), 0),
      // Devices differ in how many of their messages are left.
      roundLength: Math.max(1, messages),
    },
  };
}

/** Messages in the order of time: the next one of each device waits in a queue. */
function listTimes(of: Devices, gap: RandomTime, messages: number) {
  const dueMs = new Float64Array(messages);
  const deviceOf = new Uint32Array(messages);
  const draws = Array.from({ length: of.devices }, (_, device) => drawsOf(of, device));
  const queue = new DueQueue();
  for (const [device, own] of draws.entries()) queue.add(drawFirstGap(gap, own), device);
  let n = 0;
  queue.runUntil(of.durationMs, (device, atMs) => {
    dueMs[n] = atMs;
    deviceOf[n++] = device;
    queue.add(atMs + drawGap(gap, draws[device]!), device);
  });
  return { dueMs, turns: makeListedTurns(deviceOf, of.devices) };
}

function countTimes(of: Devices, gap: RandomTime, device: number): number {
  const draws = drawsOf(of, device);
  let count = 0;
  for (let atMs = drawFirstGap(gap, draws); atMs < of.durationMs; atMs += drawGap(gap, draws)) count++;
  return count;
}

/** @param device index within the slice */
function drawsOf({ seed, firstDevice, stream }: Devices, device: number): Draws {
  const random = new PositionalRandom(seed);
  random.seek(firstDevice + device, 0, gapLane + stream * 0x10000);
  return { uniform: () => random.next(), gaussian: () => random.nextGaussian() };
}
