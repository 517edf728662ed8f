import { maxSlices } from '../shared/run-bounds.ts';
import { namesOf } from '../targets/traits-of.ts';
import { isLookedAt, secondsBetweenLooks } from './folds.ts';
import { httpsSlicesOf, mqttSlicesOf } from './groups.ts';
import { lambdaMsOf, legSplitOf } from './legs.ts';
import { drainMsOf } from './observers.ts';
import type { Plan } from './plan.ts';
import { stopWithinSeconds } from './poll-intervals.ts';
import { slicesHere } from './regions.ts';
import { subscriberNumbersOf, subscriberSlicesOf } from './subscribers.ts';

/**
 * What the plan function hands to the state machine: the Map's items are slice numbers only, because the plan lies in
 * the run store, so that 10,000 slices stay far under Step Functions' 256 KiB.
 */
export interface FanOut {
  readonly runId: string;
  readonly slices: readonly number[];
  /** Slices with a lower number publish over MQTT, the others over HTTPS; those from `firstSubscriberSlice` on subscribe. */
  readonly mqttSlices: number;
  /** Of the target, and of where control messages are: slices hold plan.json against them, because they reach a slice without passing through the run store. */
  readonly hosts: readonly string[];
  /** Of each slice. With more than one, numbers from `firstOddLegs` on are children that run the odd legs of a slice. */
  readonly legs: number;
  /**
   * Whole: how long the state machine waits for a slice, or a leg of it. A slice ends itself by the plan's deadline; one that hangs must not
   * hold up the report of the others for the 900 s that its Lambda may take.
   */
  readonly sliceTimeoutSeconds: number;
  /** Whole: a Wait state takes no fractions. 0 where subscribers wait for messages in flight, for they are slices themselves; or where no message arrives. */
  readonly drainSeconds: number;
  /** Whole: after a stop every slice has noticed it by then. */
  readonly stopSeconds: number;
  /** 0–100. */
  readonly toleratedFailurePercentage: number;
  /** Whether the state machine looks at the run while it goes on: a threshold may end it, it searches, or its files are folded. */
  readonly isWatched: boolean;
  /** Whole: how long it waits between two looks. */
  readonly watchSeconds: number;
}

/** The child that runs the odd legs of a slice has the slice's number beyond this: no slice that publishes or subscribes reaches it. */
export const firstOddLegs = 2 * maxSlices;

/** After the deadline a slice still closes its connections and stores its result, and the clocks may differ by a little. */
const sliceEndSeconds = 15;

/**
 * Of the Map's children. A slice with several legs has two, and has failed with one of them. Where the run is stopped, the running child of
 * each slice fails, which is to end the Map whatever is tolerated: the others wait for legs that are not to begin.
 */
function toleratedShare(plan: Plan): number {
  const { profile, slices } = plan;
  const { toleratedFailureShare } = profile.slices;
  if (legSplitOf(plan).count === 1) return toleratedFailureShare;
  const tolerated = Math.min(toleratedFailureShare * slices.count, slices.count - 0.5);
  return tolerated / (2 * slices.count + subscriberSlicesOf(plan));
}

export function fanOutOf(plan: Plan): FanOut {
  const { runId, target, control } = plan;
  const numbers = slicesHere(plan);
  const legs = legSplitOf(plan).count;
  const mqttSlices = mqttSlicesOf(plan);
  const subscribers = subscriberSlicesOf(plan);
  return {
    runId,
    mqttSlices,
    // Subscribers first: they must be subscribed before the others publish.
    slices: [
      ...subscriberNumbersOf(plan),
      ...numbers,
      ...(legs > 1 ? numbers.map((slice) => firstOddLegs + slice) : []),
    ],
    legs,
    hosts: [...namesOf(target), ...namesOf(control)],
    sliceTimeoutSeconds: Math.ceil(lambdaMsOf(plan) / 1_000) + sliceEndSeconds,
    drainSeconds: subscribers > 0 ? 0 : Math.ceil(drainMsOf(plan) / 1_000),
    stopSeconds: stopWithinSeconds(httpsSlicesOf(plan) + subscribers),
    toleratedFailurePercentage: Math.round(toleratedShare(plan) * 1e8) / 1e6,
    isWatched: isLookedAt(plan),
    watchSeconds: secondsBetweenLooks(plan),
  };
}
