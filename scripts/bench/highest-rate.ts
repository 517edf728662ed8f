export interface Attempt<Report> {
  readonly isHeld: boolean;
  readonly report: Report;
}

export interface HighestRate<Report> {
  /** 0 where none was held. */
  readonly ratePerSecond: number;
  readonly report: Report | undefined;
}

/** Up by a quarter until a rate is not held, down to a sixteenth until one is, then in between to this share. */
const growth = 1.25;
const leastShare = 1 / 16;
const precision = 0.04;

/**
 * Searches for the highest rate that is held.
 * @param from whole messages a second, where to begin
 * @param upTo what is not to be exceeded; held, the search is over
 */
export async function findHighestRate<Report>(
  from: number,
  attempt: (ratePerSecond: number) => Promise<Attempt<Report>>,
  upTo = Number.POSITIVE_INFINITY,
): Promise<HighestRate<Report>> {
  let held = 0;
  let best: Report | undefined;
  let tooHigh = Number.POSITIVE_INFINITY;
  let rate = from;
  while (rate >= from * leastShare && held < upTo && tooHigh > held * (1 + precision) + 1) {
    const { isHeld, report } = await attempt(rate);
    if (isHeld) {
      held = rate;
      best = report;
    } else {
      tooHigh = rate;
    }
    const next = tooHigh === Number.POSITIVE_INFINITY ? held * growth : (held + tooHigh) / 2;
    rate = Math.min(upTo, Math.round(next));
  }
  return { ratePerSecond: held, report: best };
}
