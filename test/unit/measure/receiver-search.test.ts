import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { IntervalSet } from '../../../src/measure/interval-set.ts';
import { forEachReceiver, receiversOf } from '../../../src/measure/receiver-search.ts';
import { commandStreamsOf, downlinksOf } from '../../../src/plan/downlinks.ts';
import { planOf } from '../../support/measure/run-fixture.ts';

it.each(['each', 'broadcast'] as const)('finds the devices of deliveries in their order (%s)', (address) => {
  const plan = planOf({
    devices: undefined,
    stages: undefined,
    slices: { devicesPerSlice: 3 },
    duration: '10s',
    groups: {
      locks: { devices: 7, idle: true },
      lamps: { devices: 4, idle: true },
      operator: {
        from: 'backend',
        devices: 6,
        command: address === 'broadcast' ? { address } : {},
        ratePerSecond: 10,
      },
    },
  });
  const [downlink] = downlinksOf(plan);
  const receivers = receiversOf(downlink!);
  fc.assert(
    fc.property(
      fc.constantFrom(...commandStreamsOf(downlink!)),
      fc.uniqueArray(fc.nat(100), { maxLength: 60 }),
      (stream, ranks) => {
        const set = new IntervalSet();
        for (const rank of ranks) set.add(rank);
        const found: object[] = [];
        let visits = 0;
        forEachReceiver(stream, set, ({ rank, place, slice, device, count }) => {
          visits++;
          for (let k = 0; k < count; k++)
            found.push({ rank: rank + k, place: place + k, slice, device: device + k });
        });
        const wanted = ranks
          .toSorted((a, b) => a - b)
          .map((rank) => {
            const place = downlink!.isBroadcast ? rank % 11 : (stream.firstPlace + rank) % 11;
            const [slice, { first }] = receivers.findLast((each) => each[1].first <= place)!;
            return { rank, place, slice, device: place - first };
          });
        expect(found).toEqual(wanted);
        expect(visits).toBeLessThanOrEqual(ranks.length);
      },
    ),
  );
});
