/** One letter a slice, in the order of the slices: see `sliceStates`. */
export type SliceStates = string;

export const sliceStates = {
  starting: '.',
  connecting: 'c',
  publishing: 'p',
  draining: 'd',
  done: 'o',
  /** None of its devices got a connection; or it reported nothing for too long before it was done. */
  failed: 'x',
} as const;

export type SliceState = keyof typeof sliceStates;

/** A slice reports every second (with 10,000 slices, every ten). After a longer silence it counts as ended. */
const silentAfterSeconds = 20;

/** What a slice has reported. */
export interface SliceSoFar {
  phase: string;
  /** Epoch seconds. */
  second: number;
  connects: number;
  connectFailed: number;
}

const stateOfPhase: Readonly<Record<string, SliceState>> = {
  waiting: 'starting',
  connecting: 'connecting',
  publishing: 'publishing',
  draining: 'draining',
  done: 'done',
};

/** @param nowSecond epoch seconds: decides whether it is silent */
export function stateOf(
  { phase, second, connects, connectFailed }: SliceSoFar,
  nowSecond: number,
): SliceState {
  if (phase === 'done') return connects === 0 && connectFailed > 0 ? 'failed' : 'done';
  if (nowSecond - second > silentAfterSeconds) return 'failed';
  return stateOfPhase[phase] ?? 'publishing';
}
