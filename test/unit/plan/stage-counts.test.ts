import { expect, it } from '@jest/globals';
import { groupsOf } from '../../../src/plan/groups.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { sharesOf } from '../../../src/plan/slices.ts';
import { intendedByStage } from '../../../src/plan/stage-counts.ts';
import { intendedOfGroup, isScheduled, plannedStreamsOf } from '../../../src/plan/streams.ts';
import { parseProfile } from '../../../src/targets/parse-profile.ts';

const stages = [
  { duration: '7s', target: 30 },
  { duration: '8s', target: 10 },
];
const lifecycle = { awake: '3s', asleep: '5s', whenAsleep: 'skip' };

it.each([
  ['of an even rate', { stages }],
  ['at random', { stages, arrivals: 'poisson' }],
  ['with gaps by a distribution', { duration: '15s', everySeconds: '0.5..1.5' }],
  ['some of which are skipped', { stages, lifecycle }],
  [
    'of several kinds',
    { duration: '15s', messages: { a: { everySeconds: '0.5..1.5' }, b: { everySeconds: 2 } } },
  ],
])('counts messages %s by stage as slices will intend them', (_, load) => {
  const profile = parseProfile({ devices: 20, slices: { devicesPerSlice: 10 }, ...load });
  const [group] = groupsOf(makePlan({ runId: 'r', now: 0, profile }));
  const times = sharesOf(group!)
    .flatMap(plannedStreamsOf)
    .filter(isScheduled)
    .flatMap(({ messages, offsetMs }) => Array.from({ length: messages }, (_, n) => offsetMs(n)));
  let fromMs = 0;
  const counted = group!.profile.stages.map(({ durationMs }, i, { length }) => {
    const toMs = i + 1 === length ? Number.POSITIVE_INFINITY : fromMs + durationMs;
    const count = times.filter((ms) => ms >= fromMs && ms < toMs).length;
    fromMs = toMs;
    return count;
  });
  expect(intendedByStage(group!)).toEqual(counted);
  expect(counted.reduce((sum, count) => sum + count, 0)).toBe(intendedOfGroup(group!));
});
