import { describe, expect, it } from '@jest/globals';
import { ConnectionReset } from '../../../../src/device/network/shaping/connection-reset.ts';
import { makeSliceNetwork } from '../../../../src/device/network/shaping/make-slice-network.ts';
import { damagePacket } from '../../../../src/device/network/shaping/packet-damage.ts';
import { SliceNetwork } from '../../../../src/device/network/shaping/slice-network.ts';
import { changeNetwork } from '../../../../src/profile/network-conditions.ts';
import type { NetworkObject } from '../../../../src/profile/network-presets.ts';
import { VirtualClock } from '../../../support/device/virtual-clock.ts';

const packets = 1_000_000;
/** A PUBLISH of QoS 1. */
const publish = Buffer.from([0x32, 0x02, 0x00, 0x00]);

function makeNetwork(form: NetworkObject, clock = new VirtualClock(0)): SliceNetwork {
  const planned = changeNetwork({}, form);
  return new SliceNetwork({ clock, seed: 3, firstDevice: 0, planned, isOut: () => false });
}

/** Gives packets of one device to what damages them. @returns counts of the way up */
function damage(form: NetworkObject) {
  const network = makeNetwork(form);
  const passing = { network, draws: network.drawsOf(0).up, direction: 'up', isSecure: false } as const;
  for (let i = 0; i < packets; i++) damagePacket(publish, passing);
  return network.counters.up;
}

it.each([0.05, 0.3])('duplicates the share %d of PUBLISH packets, within 1 %%', (share) => {
  const { duplicated, corrupted } = damage({ duplicate: share });
  expect(Math.abs(duplicated / packets / share - 1)).toBeLessThanOrEqual(0.01);
  expect(corrupted).toBe(0);
});

it.each([0.05, 0.3])('corrupts the share %d of packets, within 1 %%', (share) => {
  const { duplicated, corrupted } = damage({ corrupt: share });
  expect(Math.abs(corrupted / packets / share - 1)).toBeLessThanOrEqual(0.01);
  expect(duplicated).toBe(0);
});

describe('a reset', () => {
  it.each([0.5, 20])('at %d a minute leaves lives of an exponential distribution', async (reset) => {
    const clock = new VirtualClock(0);
    const network = makeNetwork({ reset }, clock);
    const lives: number[] = [];
    const devices = 100_000;
    const done = Promise.withResolvers<void>();
    for (let device = 0; device < devices; device++) {
      const connection = new ConnectionReset(network, () => {
        lives.push(clock.now());
        if (lives.length === devices) done.resolve();
      });
      connection.schedule(0, () => network.drawsOf(device));
    }
    await clock.runUntil(done.promise);
    const meanMs = 60_000 / reset;
    const sum = lives.reduce((total, life) => total + life);
    expect(Math.abs(sum / devices / meanMs - 1)).toBeLessThanOrEqual(0.01);
    lives.sort((a, b) => a - b);
    for (const q of [0.1, 0.5, 0.9]) {
      const expectedMs = -meanMs * Math.log(1 - q);
      expect(Math.abs(lives[Math.floor(q * devices)]! / expectedMs - 1)).toBeLessThanOrEqual(0.01);
    }
  });
});

it('has an outage of exactly the share of the devices, each of a smaller one in a larger one', () => {
  const devices = 1_000;
  const slice = (firstDevice: number) =>
    ({ group: { firstDevice: 0, profile: { devices, seed: 7 } }, firstDevice }) as Parameters<
      typeof makeSliceNetwork
    >[0];
  const outOf = (outage: number): number[] =>
    [0, 500].flatMap((first) => {
      const network = makeSliceNetwork(slice(first), new VirtualClock(0));
      network.prepareChange({ outage }, 0)();
      return Array.from({ length: 500 }, (_, i) => i)
        .filter((device) => network.isOut(device))
        .map((device) => first + device);
    });
  const [some, more] = [outOf(0.1), outOf(0.25)];
  expect([some.length, more.length, outOf(0).length, outOf(1).length]).toEqual([100, 250, 0, 1_000]);
  expect(more).toEqual(expect.arrayContaining(some));
});
