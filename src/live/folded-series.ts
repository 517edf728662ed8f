/** Seconds that are kept one by one. */
const secondsKept = 3_600;
/** Steps that are kept of what is older; where there would be more, two neighbours become one. */
const stepsKept = 1_440;
const firstStepSeconds = 60;

/**
 * Something by second, of a run of any length: the last hour in seconds, what is older in steps of a minute, of two after a
 * day, of four after two days. Memory is bounded by the number of seconds and steps.
 */
export class FoldedSeries<Value> {
  readonly #make: () => Value;
  readonly #fold: (into: Value, from: Value) => void;
  /** Values by second, in the order in which they came: nearly the order of time. */
  readonly #seconds = new Map<number, Value>();
  /** Steps by their first second. */
  #steps = new Map<number, Value>();
  #stepSeconds = firstStepSeconds;

  /** @param fold adds a second, or a step, to the step that it becomes part of */
  constructor(make: () => Value, fold: (into: Value, from: Value) => void) {
    this.#make = make;
    this.#fold = fold;
  }

  /** The value of a second, or of the step that it was folded into. @param second epoch seconds */
  at(second: number): Value {
    const known = this.#seconds.get(second) ?? this.#steps.get(this.#stepOf(second));
    if (known !== undefined) return known;
    const value = this.#make();
    this.#seconds.set(second, value);
    if (this.#seconds.size > secondsKept + this.#stepSeconds) this.#foldFirst();
    return value;
  }

  /** All there is, in no order: where each begins (epoch seconds) and how many seconds it is. */
  *slots(): Generator<{ readonly start: number; readonly seconds: number; readonly value: Value }> {
    for (const [start, value] of this.#steps) yield { start, seconds: this.#stepSeconds, value };
    for (const [start, value] of this.#seconds) yield { start, seconds: 1, value };
  }

  /** Those that begin from `from` up to `to`, not included; epoch seconds. */
  between(from: number, to: number): Value[] {
    const values: Value[] = [];
    for (let second = from; second < to; second++) {
      const value = this.#seconds.get(second) ?? this.#steps.get(second);
      if (value !== undefined) values.push(value);
    }
    return values;
  }

  /** The step of the first second, with all the seconds in it: a step is never half of its seconds. */
  #foldFirst(): void {
    const [first] = this.#seconds.keys();
    if (first === undefined) return;
    const start = this.#stepOf(first);
    const step = this.#stepAt(start);
    for (let second = start; second < start + this.#stepSeconds; second++) {
      const value = this.#seconds.get(second);
      if (value === undefined) continue;
      this.#fold(step, value);
      this.#seconds.delete(second);
    }
    if (this.#steps.size > stepsKept) this.#joinSteps();
  }

  #joinSteps(): void {
    const shorter = this.#steps;
    this.#steps = new Map();
    this.#stepSeconds *= 2;
    for (const [start, value] of shorter) this.#fold(this.#stepAt(this.#stepOf(start)), value);
  }

  #stepAt(start: number): Value {
    let step = this.#steps.get(start);
    if (step === undefined) {
      step = this.#make();
      this.#steps.set(start, step);
    }
    return step;
  }

  #stepOf(second: number): number {
    return second - (second % this.#stepSeconds);
  }
}

/** Steps of a drawing: more would be finer than it shows. */
const drawnSteps = 300;

/** Seconds in a step of a drawing: a whole number of the steps that a series of that length has folded. */
export function drawnStepSeconds(durationSeconds: number): number {
  if (durationSeconds <= secondsKept) return Math.max(1, Math.ceil(durationSeconds / drawnSteps));
  let seconds = firstStepSeconds;
  while (durationSeconds / seconds > drawnSteps) seconds *= 2;
  return seconds;
}
