import { expect, it } from '@jest/globals';
import { SliceNetwork } from '../../../../src/device/network/shaping/slice-network.ts';
import { LatencyHistogram } from '../../../../src/measure/latency-histogram.ts';
import type { SliceResult } from '../../../../src/measure/slice-result.ts';
import { changeNetwork } from '../../../../src/profile/network-conditions.ts';
import { simulate } from '../../../support/device/make-run.ts';
import type { VirtualClock } from '../../../support/device/virtual-clock.ts';

const slow = (clock: VirtualClock) =>
  new SliceNetwork({
    clock,
    seed: 1,
    firstDevice: 0,
    planned: changeNetwork({}, { delay: '200ms' }),
    isOut: () => false,
  });

function lagsOf({ latencies, connectedSendLag }: SliceResult) {
  const p99 = (encoded = latencies.send_lag) => LatencyHistogram.decode(encoded).percentileAt(99);
  return { all: p99(), generator: p99(connectedSendLag) };
}

it('does not make the generator late where devices wait for acknowledgements that it delays', async () => {
  // A message each 250 ms of a device, which is answered after 400 ms and has one in flight at most.
  const busy = {
    devices: 1,
    ratePerSecond: 4,
    publish: { maxUnacknowledged: 1 },
    behaviour: { publish: () => 400 },
  };
  const shaped = lagsOf((await simulate({ ...busy, network: slow })).result);
  expect(shaped.all).toBeGreaterThan(200);
  expect(shaped.generator).toBeLessThan(1);
  // Without it nothing says that the generator read the answers in time.
  const plain = lagsOf((await simulate(busy)).result);
  expect(plain.generator).toBe(plain.all);
});

it('does not make the generator late where it ends connections', async () => {
  const cut = {
    devices: 1,
    ratePerSecond: 20,
    script: (clock: VirtualClock, transport: { cut(device: number): void }) =>
      void clock.setTimer(5_000, () => transport.cut(0)),
  };
  const shaped = lagsOf((await simulate({ ...cut, network: slow })).result);
  expect(shaped.all).toBeGreaterThan(200);
  expect(shaped.generator).toBeLessThan(1);
});
