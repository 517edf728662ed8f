import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CorruptMeasurementError } from '../../../src/measure/corrupt-measurement.ts';
import { OfflineTimes, OfflineTimesRecord } from '../../../src/measure/offline-times.ts';

const originMs = 1_788_257_410_000;
const devices = 3;
const spanMs = 200;

/** Stretches of one device as they are noted: each begins after the last one began, and may overlap it. */
const stretches = fc.array(fc.tuple(fc.nat(40), fc.nat(40)), { maxLength: 6 }).map((each) => {
  let from = 0;
  let until = 0;
  return each.map(([gap, length]) => {
    from += gap;
    until = Math.max(until, from + length);
    return [from, until] as const;
  });
});

describe('times in which devices were offline', () => {
  it('are what a list of milliseconds says', () => {
    fc.assert(
      fc.property(
        fc.array(stretches, { minLength: devices, maxLength: devices }),
        fc.nat(devices - 1),
        fc.nat(spanMs),
        fc.integer({ min: 1, max: 60 }),
        (all, device, from, length) => {
          const record = new OfflineTimesRecord(devices, originMs);
          const isOffline = all.map(() => new Array<boolean>(2 * spanMs + 100).fill(false));
          for (const [i, own] of all.entries())
            for (const [begin, end] of own) {
              record.add(i, originMs + begin, originMs + end);
              isOffline[i]!.fill(true, begin, end);
            }
          const times = new OfflineTimes(record.encode(), devices, originMs);
          const asked = isOffline[device]!.slice(from, from + length);
          const share = asked.every(Boolean) ? 'all' : asked.some(Boolean) ? 'part' : 'none';
          expect(times.shareOf(device, originMs + from, originMs + from + length)).toBe(share);
          const lastEnd = Math.max(...isOffline.map((each) => each.lastIndexOf(true) + 1));
          expect(times.areOverBy(originMs + lastEnd)).toBe(true);
          if (lastEnd > 0) expect(times.areOverBy(originMs + lastEnd - 1)).toBe(false);
          if (share !== 'all') return;
          const end = isOffline[device]!.indexOf(false, from);
          expect(times.endOf(device, originMs + from)).toBe(originMs + end);
        },
      ),
    );
  });

  it('are refused where they are not alternating lengths of so many devices', () => {
    const read = (encoded: readonly number[]) => () => new OfflineTimes(encoded, 1, originMs);
    expect(read([0, 5, 3, 2])).not.toThrow();
    for (const encoded of [[1], [5, 0], [5, -1], [0.5, 2], [5, 2, 0, 3], [2 ** 32, 1]])
      expect(read(encoded)).toThrow(CorruptMeasurementError);
  });
});
