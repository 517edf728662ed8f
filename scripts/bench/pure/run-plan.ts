/** What planning a large run computes, and beside it a piece of work that is always the same. */
import { fanOutOf } from '../../../src/plan/fan-out.ts';
import { draftPlan } from '../../../src/plan/make-plan.ts';
import { preflight } from '../../../src/plan/preflight.ts';
import { makeSliceSchedule } from '../../../src/plan/schedule.ts';
import { sliceOf } from '../../../src/plan/slices.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { repeatWork, serveMeasurement, type WorkReport } from '../measured-process.ts';

export interface PlanSettings {
  readonly work: keyof typeof works;
  readonly devices: number;
  readonly slices: number;
  readonly cpuSeconds: number;
}

serveMeasurement((settings: PlanSettings): WorkReport => {
  const work = works[settings.work];
  return repeatWork(settings.cpuSeconds, () => {
    work(settings);
    return 1;
  });
});

const works = {
  /** The plan function: the profile to the fan-out's JSON. */
  plan(settings: PlanSettings): void {
    JSON.stringify(fanOutOf(draftOf(settings)));
  },
  /** The CLI's: all forecasts as well. */
  preflight(settings: PlanSettings): void {
    preflight(draftOf(settings));
  },
  /** Every slice's own part, as each slice derives it for itself, with its first and last message. */
  slices(settings: PlanSettings): void {
    const plan = draftOf(settings);
    for (let slice = 0; slice < plan.slices.count; slice++) {
      const schedule = makeSliceSchedule(sliceOf(plan, slice));
      schedule.offsetMs(0);
      schedule.offsetMs(schedule.messages - 1);
    }
  },
  /** 10,000 small objects to JSON and back. */
  reference(): void {
    const items = Array.from({ length: 10_000 }, (_, i) => ({
      slice: i,
      firstDevice: i * 100,
      devices: 100,
    }));
    JSON.parse(JSON.stringify(items));
  },
};

function draftOf({ devices, slices }: PlanSettings) {
  const profile = parseLoadProfile({
    name: 'bench',
    devices,
    connect: { ratePerSecond: 5_000 },
    slices: { devicesPerSlice: Math.ceil(devices / slices) },
    publish: { payload: { temperature: '{{gaussian(21, 2)}}' } },
    stages: [
      { duration: '60s', target: 20_000 },
      { duration: '10m', target: 20_000 },
    ],
  });
  return draftPlan({
    runId: 'bench',
    profile,
    now: 1_788_257_410_000,
    coldStart: { leadMs: 10_000, environmentsPerSecond: 100 },
  }).plan;
}
