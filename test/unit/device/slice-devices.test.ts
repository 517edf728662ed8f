import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { describeDevices } from '../../../src/device/slice-devices.ts';
import { identifyDevice } from '../../../src/plan/plan.ts';
import { sliceOf } from '../../../src/plan/slices.ts';
import { makeTestPlan } from '../../support/device/make-run.ts';
import { randomCases } from '../../support/effort.ts';

describe("a slice's devices", () => {
  it('have the ids and topics of their place in the whole run', () => {
    const plan = makeTestPlan({
      devices: 10,
      slices: 3,
      publish: { topic: 's/{slice}/{runId}/{deviceId}/{deviceIndex}' },
    });
    const devices = describeDevices(sliceOf(plan, 2));
    expect(devices.count).toBe(4);
    expect(devices.clientId(1)).toBe(identifyDevice('test-run', 7).clientId);
    expect(devices.topics(1)).toEqual(['s/2/test-run/d7/7']);
  });

  it('have ids of the run, or the same ids in every run', () => {
    const plan = makeTestPlan({ connect: { identity: 'go-live' } });
    const devices = describeDevices(sliceOf(plan, 0));
    expect(devices.clientId(3)).toBe('stampede-go-live-d3');
    expect(devices.topics(3)[0]).toContain('/test-run/d3/');
  });

  it('publish under what the stack reads', () => {
    const plan = makeTestPlan({ publish: { topic: '{topicRoot}/{deviceId}' } });
    const topicIn = (topicRoot?: string) =>
      describeDevices(sliceOf({ ...plan, ...(topicRoot && { topicRoot }) }, 0)).topics(3)[0];
    expect(topicIn('acme-stampede/prod')).toBe('acme-stampede/prod/d3');
    expect(topicIn()).toBe('stampede/dev/d3');
  });

  it('echo in the share the profile says, spread evenly over the run and all slices', () => {
    const runs = fc.record({
      devices: fc.integer({ min: 1, max: 300 }),
      slices: fc.integer({ min: 1, max: 8 }),
      echoFraction: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(runs, (run) => {
        const plan = makeTestPlan({ ...run, slices: Math.min(run.slices, run.devices) });
        const echoing: number[] = [];
        for (let s = 0; s < plan.slices.count; s++) {
          const slice = sliceOf(plan, s);
          const devices = describeDevices(slice);
          for (let d = 0; d < devices.count; d++) if (devices.echoes(d)) echoing.push(slice.firstDevice + d);
        }
        expect(echoing.length).toBe(Math.ceil(run.echoFraction * run.devices));
        const gaps = echoing.slice(1).map((index, i) => index - echoing[i]!);
        if (gaps.length > 0) expect(Math.max(...gaps) - Math.min(...gaps)).toBeLessThanOrEqual(1);
      }),
      randomCases(),
    );
  });

  it('do not echo over HTTPS', () => {
    const plan = makeTestPlan({ echoFraction: 1, connect: { protocol: 'https' } });
    expect(describeDevices(sliceOf(plan, 0)).echoes(0)).toBe(false);
  });
});
