import { it } from '@jest/globals';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { makeSliceSchedule } from '../../../src/plan/schedule.ts';
import { sliceOf } from '../../../src/plan/slices.ts';
import { parseProfile } from '../../../src/targets/parse-profile.ts';
import { goldenIn } from '../../support/golden.ts';

const expectGolden = goldenIn('plan', '.golden');

it('the plan of a flat profile, its slices and when their messages are due are as they were', () => {
  const profile = parseProfile({
    name: 'flat',
    devices: 1_000,
    stages: [
      { duration: '1m', target: 200 },
      { duration: '4m', target: 200 },
      { duration: '30s', target: 0 },
    ],
    slices: { devicesPerSlice: 300 },
  });
  const plan = makePlan({ profile, runId: 'flat', now: 1_700_000_000_000 });
  const { timeline, load, slices } = plan;
  const shares = Array.from({ length: slices.count }, (_, number) => {
    const slice = sliceOf(plan, number);
    const { offsetMs, turns, connectOffsetMs } = makeSliceSchedule(slice);
    const { firstDevice, devices, messages } = slice;
    const some = [0, 1, Math.floor(messages / 3), messages - 1];
    return {
      firstDevice,
      devices,
      messages,
      connects: [connectOffsetMs(0), connectOffsetMs(devices - 1)],
      due: some.map((n) => [n, turns.deviceOf(n), offsetMs(n)]),
    };
  });
  expectGolden('flat.json', `${JSON.stringify({ timeline, load, slices, shares }, null, 2)}\n`);
});
