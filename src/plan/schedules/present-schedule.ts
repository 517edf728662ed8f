import type { DeviceTurns } from '../device-turns.ts';

/** A schedule of which some messages are none. */
interface WholeSchedule {
  readonly messages: number;
  readonly offsetMs: (n: number) => number;
  readonly turns: DeviceTurns;
}

/**
 * The messages of a schedule whose devices are there when they come due, numbered without a gap; the others are not intended. It holds
 * 12 bytes a message, and making it takes as long as walking through the schedule.
 * @param isPresent asked once for each message, with instants of a device that never go back
 */
export function keepPresent(
  { messages, offsetMs, turns }: WholeSchedule,
  devices: number,
  isPresent: (device: number, offsetMs: number) => boolean,
): WholeSchedule {
  const kept = new Uint32Array(messages);
  let count = 0;
  for (let n = 0; n < messages; n++) {
    if (isPresent(turns.deviceOf(n), offsetMs(n))) kept[count++] = n;
  }
  const numbers = kept.slice(0, count);
  const ordinals = new Uint32Array(count);
  const next = new Uint32Array(count);
  const ofDevice = new Uint32Array(devices);
  const last = new Int32Array(devices).fill(-1);
  for (let i = 0; i < count; i++) {
    const device = turns.deviceOf(numbers[i]!);
    ordinals[i] = ofDevice[device]!;
    ofDevice[device] = ofDevice[device]! + 1;
    if (last[device]! >= 0) next[last[device]!] = i;
    next[i] = count;
    last[device] = i;
  }
  const deviceOf = (i: number) => turns.deviceOf(numbers[i]!);
  return {
    messages: count,
    offsetMs: (i) => offsetMs(numbers[i]!),
    turns: {
      deviceOf,
      messageOf: (i) => ordinals[i]!,
      nextOf: (i) => next[i]!,
      countFrom(i, end) {
        let from = 0;
        for (let at = i; at < Math.min(end, count); at = next[at]!) from++;
        return from;
      },
      countOf(n, chosenBefore) {
        let chosen = 0;
        for (let i = 0; i < n; i++) chosen += chosenBefore(deviceOf(i) + 1) - chosenBefore(deviceOf(i));
        return chosen;
      },
      // Devices differ in how many of their messages are left: no part of the stream has one of each for sure.
      roundLength: Math.max(1, count),
    },
  };
}
