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

/** What a leg of a slice has reported. */
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

/** Whether more is to come of it. */
export function goesOn(leg: SliceSoFar, nowSecond: number): boolean {
  const state = stateOf(leg, nowSecond);
  return state !== 'done' && state !== 'failed';
}

/** Legs that run beside each other at most: while devices move from one to the next. */
const legsAtOnce = 2;

/** The legs of one slice that may run: those before them are forgotten. */
export class LegsSoFar {
  #legs: { readonly leg: number; readonly soFar: SliceSoFar }[] = [];

  /** The newest first. */
  get all(): readonly SliceSoFar[] {
    return this.#legs.map(({ soFar }) => soFar);
  }

  /** Of a leg; undefined: it is over, because newer ones have reported. */
  of(leg: number): SliceSoFar | undefined {
    const known = this.#legs.find((each) => each.leg === leg);
    if (known !== undefined) return known.soFar;
    const soFar = { phase: 'waiting', second: 0, connects: 0, connectFailed: 0 };
    this.#legs = [...this.#legs, { leg, soFar }].toSorted((a, b) => b.leg - a.leg).slice(0, legsAtOnce);
    return this.#legs.some((each) => each.soFar === soFar) ? soFar : undefined;
  }

  /** Of its newest leg that runs; of none that does, of its newest one. A leg that waits for its time does not run yet. */
  stateAt(nowSecond: number): SliceState {
    const states = this.all.map((leg) => stateOf(leg, nowSecond));
    const running = states.find((state) => state !== 'starting' && state !== 'done' && state !== 'failed');
    return running ?? states[0] ?? 'starting';
  }
}
