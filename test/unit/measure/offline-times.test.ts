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
          const shares = isOffline.map((own) => {
            const asked = own.slice(from, from + length);
            return asked.every(Boolean) ? 'all' : asked.some(Boolean) ? 'part' : 'none';
          });
          const share = shares[device]!;
          const search = times.search();
          // Backwards, forwards, and the same once more.
          for (const each of [2, 1, 0, 1, 1, 2, device])
            expect(search.shareOf(each, originMs + from, originMs + from + length)).toBe(shares[each]);
          const visited: [number, string][] = [];
          const asked = [originMs + from, originMs + from + length] as const;
          search.forEachOffline({ first: 0, count: device + 1 }, asked, (...each) => visited.push(each));
          const offline = [...shares.entries()].filter(([i, each]) => i <= device && each !== 'none');
          expect(visited).toEqual(offline);
          const lastEnd = Math.max(...isOffline.map((each) => each.lastIndexOf(true) + 1));
          expect(times.areOverBy(originMs + lastEnd)).toBe(true);
          if (lastEnd > 0) expect(times.areOverBy(originMs + lastEnd - 1)).toBe(false);
          if (share !== 'all') return;
          const end = isOffline[device]!.indexOf(false, from);
          expect(search.endOf(device, originMs + from)).toBe(originMs + end);
        },
      ),
    );
  });

  describe('of a large fleet', () => {
    const instants = [originMs + 100, originMs + 150] as const;

    /** @returns boundaries read to visit the devices that were offline, and how many these are */
    function steps(count: number, everyNth: number): { readonly read: number; readonly offline: number } {
      let read = 0;
      class CountedTimes extends OfflineTimes {
        override boundaryAt(i: number): number {
          read++;
          return super.boundaryAt(i);
        }
      }
      const record = new OfflineTimesRecord(count, originMs);
      for (let device = 0; device < count; device += everyNth)
        record.add(device, originMs + 50, originMs + 200);
      let offline = 0;
      const search = new CountedTimes(record.encode(), count, originMs).search();
      search.forEachOffline({ first: 0, count }, instants, () => {
        offline++;
      });
      return { read, offline };
    }

    it('take as many steps for each device, however many are offline', () => {
      const [small, large] = [steps(1_000, 1), steps(100_000, 1)];
      expect([small.offline, large.offline]).toEqual([1_000, 100_000]);
      expect(large.read / large.offline).toBeLessThanOrEqual(small.read / small.offline + 0.1);
      expect(large.read).toBeLessThan(8 * large.offline);
    });

    it('take no step for those that were online', () => {
      const { read, offline } = steps(1_000_000, 100_000);
      expect(offline).toBe(10);
      expect(read).toBeLessThan(150);
    });
  });

  it('are refused where they are not alternating lengths of so many devices', () => {
    const read = (encoded: readonly number[]) => () => new OfflineTimes(encoded, 1, originMs);
    expect(read([0, 5, 3, 2])).not.toThrow();
    for (const encoded of [[1], [5, 0], [5, -1], [0.5, 2], [5, 2, 0, 3], [2 ** 32, 1]])
      expect(read(encoded)).toThrow(CorruptMeasurementError);
  });
});
