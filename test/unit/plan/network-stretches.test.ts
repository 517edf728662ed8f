import { expect, it } from '@jest/globals';
import type { LiveAction } from '../../../src/plan/actions/action.ts';
import { networkAction } from '../../../src/plan/actions/network.ts';
import { networkStretchesOf } from '../../../src/plan/network-stretches.ts';
import { planOf } from '../../support/measure/run-fixture.ts';

const plan = planOf({
  devices: undefined,
  stages: undefined,
  groups: {
    meters: { devices: 10, stages: [{ duration: '60s', target: 10 }] },
    trackers: {
      devices: 10,
      stages: [{ duration: '60s', target: 10 }],
      network: { delay: '50ms', loss: 0.01 },
    },
    wired: { devices: 10, stages: [{ duration: '60s', target: 10 }] },
  },
  timeline: [{ at: '30s', group: 'trackers', network: 'none' }],
});
const { publishAt, drainEndAt } = plan.timeline;
const at = (seconds: number) => publishAt + seconds * 1_000;

it('are those of the profile, its timeline and the issued actions, in the order of time', () => {
  const issued: LiveAction[] = [
    { at: at(40), group: 'meters', action: networkAction({ outage: 0.5 }) },
    { at: at(10), group: 'trackers', action: networkAction({ loss: 0.2 }) },
    { at: at(10), group: 'trackers', action: networkAction({ reset: 1 }) },
    { at: drainEndAt, group: 'wired', action: networkAction({ loss: 0.2 }) },
    { at: at(20), action: { kind: 'rate', factor: 2 } },
  ];
  const delay = { kind: 'constant', ms: 50 };
  expect([...networkStretchesOf(plan, issued, drainEndAt)]).toEqual([
    [
      1,
      [
        { from: null, conditions: {} },
        { from: at(40), conditions: { outage: 0.5 } },
      ],
    ],
    [
      2,
      [
        { from: null, conditions: { delay, loss: 0.01 } },
        { from: at(10), conditions: { delay, loss: 0.2, reset: 1 } },
        { from: at(30), conditions: {} },
      ],
    ],
  ]);
});
