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
