/** What a plan has that its types do not say: where in it, and what is wrong. */
export interface PlanProblem {
  readonly path: string;
  readonly message: string;
}

/** Whole numbers alone; both bounds are allowed. */
export function within(path: string, value: number, least: number, most: number): PlanProblem[] {
  const message = `must be a whole number from ${least} to ${most}, and is ${value}`;
  return Number.isInteger(value) && value >= least && value <= most ? [] : [{ path, message }];
}

/** Both bounds are allowed. */
export function between(path: string, value: number, least: number, most: number): PlanProblem[] {
  return value >= least && value <= most
    ? []
    : [{ path, message: `must be from ${least} to ${most}, and is ${value}` }];
}
