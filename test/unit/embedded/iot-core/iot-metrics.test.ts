import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Counter, Metrics } from '../../../../src/embedded/iot-core/iot-metrics.ts';
import { randomCases } from '../../../support/effort.ts';

describe('Counter', () => {
  it('sums by second and by minute what was added, whatever was read in between', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ gapMs: fc.nat(30_000), events: fc.integer({ min: 1, max: 9 }), read: fc.boolean() }),
        ),
        (steps) => {
          const counter = new Counter('PublishIn.Success', { Protocol: 'MQTT' });
          const seconds = new Map<number, number>();
          const minutes = new Map<number, number>();
          let now = 1_700_000_000_000;
          let total = 0;
          for (const { gapMs, events, read } of steps) {
            now += gapMs;
            counter.add(now, events);
            total += events;
            if (read) counter.sums(1);
            const second = Math.floor(now / 1000);
            seconds.set(second, (seconds.get(second) ?? 0) + events);
            const minute = Math.floor(now / 60_000) * 60;
            minutes.set(minute, (minutes.get(minute) ?? 0) + events);
          }
          expect(counter.total).toBe(total);
          expect(counter.sums(1)).toEqual([...seconds]);
          expect(counter.sums(60)).toEqual([...minutes]);
          expect(counter.peakPerSecond).toBe(Math.max(0, ...seconds.values()));
        },
      ),
      randomCases(),
    );
  });

  it('keeps three hours of seconds, and every minute', () => {
    const counter = new Counter('PublishIn.Success', {});
    for (let second = 0; second < 12_000; second++) counter.add(second * 1_000);
    expect(counter.sums(1).length).toBeLessThanOrEqual(10_801);
    expect(counter.sums(60)).toHaveLength(200);
    expect(counter.total).toBe(12_000);
  });
});

describe('Metrics', () => {
  it('shows a series only once it has an event', () => {
    const metrics = new Metrics();
    expect([...metrics.series()]).toEqual([]);
    metrics.mqtt.publishInThrottle.add(1_000);
    expect([...metrics.series()].map(({ name, dimensions }) => [name, dimensions])).toEqual([
      ['PublishIn.Throttle', { Protocol: 'MQTT' }],
    ]);
  });
});
