import { type DeviceTurns, makeListedTurns } from '../device-turns.ts';

/** A schedule before messages of absent devices are taken out. */
interface WholeSchedule {
  readonly messages: number;
  readonly offsetMs: (n: number) => number;
  readonly turns: DeviceTurns;
}

/**
 * The messages of a schedule whose devices are there when they come due, numbered without a gap; the others are not intended. It holds
 * 16 bytes a message, and making it takes as long as walking through the schedule.
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
  return {
    messages: count,
    offsetMs: (i) => offsetMs(numbers[i]!),
    turns: makeListedTurns(
      numbers.map((n) => turns.deviceOf(n)),
      devices,
    ),
  };
}
