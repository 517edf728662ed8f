import { describe, expect, it } from '@jest/globals';
import { makeSliceNetwork } from '../../../../src/device/network/shaping/make-slice-network.ts';
import { sliceOf } from '../../../../src/plan/slices.ts';
import type { KernelSetting } from '../../../../src/profile/kernel-network.ts';
import { VirtualClock } from '../../../support/device/virtual-clock.ts';
import { planOf } from '../../../support/measure/run-fixture.ts';

const all: readonly KernelSetting[] = ['bandwidth', 'delay', 'correlation', 'loss', 'corrupt'];

function networkOf(network: object, kernel?: { settings?: readonly KernelSetting[]; firstAddress?: string }) {
  const plan = planOf({ devices: 4, network });
  return makeSliceNetwork(sliceOf(plan, 0), new VirtualClock(0), kernel);
}

const form = { delay: '20ms', loss: 0.1, bandwidth: '64kbit', reset: 2, outage: 0.5 };

describe('a network of which the kernel makes a part', () => {
  it('leaves the other settings to the slice, and gives devices their addresses', () => {
    const network = networkOf(form, { settings: all, firstAddress: '10.128.4.0' });
    expect(network.conditions).toEqual({ reset: 2, outage: 0.5 });
    expect([0, 1, 255, 256].map((device) => network.addressOf(device))).toEqual([
      '10.128.4.0',
      '10.128.4.1',
      '10.128.4.255',
      '10.128.5.0',
    ]);
  });

  it('is none for the slice where the kernel makes it all, and counts nothing', () => {
    const network = networkOf({ delay: '20ms' }, { settings: all, firstAddress: '10.128.4.0' });
    expect(network.isShaping).toBe(false);
    expect(network.result()).toBeUndefined();
    // Devices are late by it all the same: that is not the generator's doing.
    expect(network.hasShaped).toBe(true);
  });

  it('changes by its part', () => {
    const network = networkOf({}, { settings: ['bandwidth'], firstAddress: '10.128.4.0' });
    expect(network.hasShaped).toBe(false);
    network.prepareChange({ bandwidth: '1mbit', duplicate: 0.5 }, 1)();
    expect(network.conditions).toEqual({ duplicate: 0.5 });
    expect(network.result()).toBeDefined();
    network.prepareChange('none', 2)();
    expect(network.isShaping).toBe(false);
  });

  it.each([
    ['without addresses', { settings: all }],
    ['on another machine', { firstAddress: '10.128.4.0' }],
    ['on AWS', undefined],
  ])('is all the slice’s %s', (_, kernel) => {
    const network = networkOf({ delay: '20ms' }, kernel);
    expect(network.conditions).toEqual({ delay: { kind: 'constant', ms: 20 } });
    expect(network.addressOf(0)).toBeUndefined();
  });
});
