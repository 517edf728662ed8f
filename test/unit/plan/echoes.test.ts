import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { describeDevices } from '../../../src/device/slice-devices.ts';
import { makeDeviceTurns } from '../../../src/plan/device-turns.ts';
import { echoedMessages, echoingDevices } from '../../../src/plan/echoes.ts';
import { sliceOf } from '../../../src/plan/slices.ts';
import { randomCases } from '../../support/effort.ts';
import { planOf, profileOf } from '../../support/plan/arbitraries.ts';
import { onlyGroupOf } from '../../support/plan/only-group.ts';

describe('echoedMessages', () => {
  it('counts what the devices themselves would count, message by message', () => {
    const runs = fc.integer({ min: 1, max: 8 }).chain((slices) =>
      fc.record({
        slices: fc.constant(slices),
        devices: fc.integer({ min: slices, max: 40 }),
        messages: fc.integer({ min: 1, max: 300 }),
        fraction: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1, noNaN: true })),
      }),
    );
    fc.assert(
      fc.property(runs, ({ slices, devices, messages, fraction }) => {
        const plan = planOf(profileOf({ devices, echo: { fraction } }), messages, slices);
        let echoed = 0;
        let echoing = 0;
        for (let s = 0; s < slices; s++) {
          const slice = sliceOf(plan, s);
          const { echoes } = describeDevices(slice);
          for (let d = 0; d < slice.devices; d++) echoing += Number(echoes(d));
          const { deviceOf } = makeDeviceTurns(slice.devices);
          for (let n = 0; n < slice.messages; n++) echoed += Number(echoes(deviceOf(n)));
        }
        expect(echoingDevices(onlyGroupOf(plan).profile)).toBe(echoing);
        expect(echoedMessages(onlyGroupOf(plan))).toBe(echoed);
      }),
      randomCases(),
    );
  });
});
