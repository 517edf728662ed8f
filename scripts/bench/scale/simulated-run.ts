import { runSlice } from '../../../src/device/slice-runner.ts';
import type { ArrivalWindow } from '../../../src/measure/arrival-window.ts';
import { measureArrivals } from '../../../src/measure/arrivals.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import { draftPlan } from '../../../src/plan/make-plan.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { makeRandom } from '../../../src/shared/random.ts';
import { SimulatedTransport } from '../../../test/support/device/simulated-transport.ts';
import { VirtualClock } from '../../../test/support/device/virtual-clock.ts';

export const devicesPerSlice = 1_000;
const createdAt = 1_788_257_410_000;
const connectSeconds = 120;

/**
 * A run of `slices` × 1,000 devices, each of which publishes once a minute. More devices than a Lambda has file
 * descriptors for: the simulation opens none.
 */
export function planRun(slices: number, minutes: number): Plan {
  const devices = slices * devicesPerSlice;
  const profile = parseLoadProfile({
    name: 'scale',
    devices: devicesPerSlice,
    connect: { client: 'dense', ratePerSecond: devices / connectSeconds },
    everySeconds: 60,
    duration: `${minutes}m`,
    drain: '1s',
    publish: { payload: { temperature: '{{gaussian(21, 2)}}' } },
  });
  const { plan } = draftPlan({
    runId: 'scale-20260901T101010Z-ab12',
    // The profile of one slice times the slices: past what the schema lets through for Lambda.
    profile: {
      ...profile,
      devices,
      slices: { ...profile.slices, devicesPerSlice },
      startRatePerSecond: profile.startRatePerSecond * slices,
      stages: profile.stages.map((stage) => ({ ...stage, targetPerSecond: stage.targetPerSecond * slices })),
    },
    now: createdAt,
    coldStart: { leadMs: 10_000, environmentsPerSecond: 100 },
  });
  return plan;
}

/** What a slice of the run leaves, from the real runner in virtual time: connects, messages and answers of 1,000 devices. */
export async function simulateSlice(plan: Plan, slice: number): Promise<SliceResult> {
  const clock = new VirtualClock(plan.timeline.createdAt);
  const random = makeRandom(7, slice);
  // Log-normal around 40 ms, as round trips to a Region are.
  const roundTripMs = (): number => 40 * Math.exp(0.5 * normal(random));
  const run = runSlice({
    plan,
    slice,
    clock,
    random,
    transport: (listener) =>
      new SimulatedTransport(
        clock,
        { connect: () => 3 * roundTripMs(), publish: () => roundTripMs() },
        listener,
      ),
    onCheckpoint: async () => {},
    onSnapshot: () => {},
    stop: new AbortController().signal,
    checkpointEveryMs: 3_600_000,
  });
  return clock.runUntil(run);
}

/**
 * The window of arrivals that holds message n of every slice: the slices publish in turns, and a batch of the event source
 * mapping holds 10,000 messages at most, as many as a run has slices.
 */
export function simulateWindow(plan: Plan, n: number): ArrivalWindow {
  const random = makeRandom(7, n);
  const Records = Array.from({ length: plan.slices.count }, (_, slice) => {
    const at = plan.timeline.publishAt + (n * 60_000) / devicesPerSlice + random() * 60;
    const sent = at + random();
    const rule = Math.floor(sent + 20 * Math.exp(0.5 * normal(random)));
    const body = { run: plan.runId, slice, n, device: slice * devicesPerSlice, at, sent, rule };
    return {
      messageId: `${n}/${slice}`,
      body: JSON.stringify(body),
      attributes: { SentTimestamp: String(rule + 3) },
    };
  });
  const { windows } = measureArrivals({ Records }, plan.timeline.publishEndAt);
  return windows[0]!;
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
