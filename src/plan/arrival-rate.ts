import type { RateShape } from '../profile/load-shapes/rate-stretches.ts';
import { amendRate } from './amended-rate.ts';
import { type ArrivalRate, makePlannedRate } from './planned-rate.ts';

/** The arrival rate over the run's publishing time, with all that is known to change it. */
export function makeArrivalRate(shape: RateShape): ArrivalRate {
  const planned = makePlannedRate(shape);
  return shape.rateSteps === undefined ? planned : amendRate(planned, shape);
}
