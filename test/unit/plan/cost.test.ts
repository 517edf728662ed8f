import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { meteredSteps, priceUsage } from '../../../src/plan/cost.ts';
import type { MessageUsage, Usage } from '../../../src/plan/usage.ts';
import { randomCases } from '../../support/effort.ts';

const nothing: Usage = {
  iot: {
    messages: [],
    connects: 0,
    subscribes: 0,
    deviceAcks: 0,
    controlMessages: 0,
    connectionMinutes: 0,
  },
  sqs: { sends: 0, receives: 0, deletes: 0 },
  kinesis: { shardHours: 0, putUnits: 0, onDemandHours: 0, onDemandGbIn: 0, onDemandGbOut: 0 },
  lambda: {},
  stateTransitions: 0,
  s3Puts: 0,
};

function withMessages({
  deviceAcks = 0,
  ...messages
}: Partial<MessageUsage> & { deviceAcks?: number }): Usage {
  const none = { meteredBytes: 100, publishesIn: 0, publishesOut: 0, rulesTriggered: 0, ruleActions: 0 };
  return { ...nothing, iot: { ...nothing.iot, deviceAcks, messages: [{ ...none, ...messages }] } };
}

describe('priceUsage', () => {
  it('has no line, and costs nothing, where nothing was used', () => {
    expect(priceUsage(nothing)).toEqual({ lines: [], totalUsd: 0, pricedAt: '2026-09', region: 'us-east-1' });
  });

  it.each([
    [1e6, 1],
    [1e9, 1_000],
    // 4 B at $0.80/M after the first.
    [5e9, 4_200],
    [6e9, 4_900],
  ])('prices %d messages by tiers', (publishesIn, usd) => {
    expect(priceUsage(withMessages({ publishesIn })).totalUsd).toBeCloseTo(usd, 6);
  });

  it('goes on where the line before it left off: every kind of message is on one ladder', () => {
    const { lines } = priceUsage(
      withMessages({ publishesIn: 999_999_000, publishesOut: 2_000, deviceAcks: 2_000 }),
    );
    expect(lines).toMatchObject([
      { line: 'iot-publish-in', usd: expect.closeTo(999.999, 6) },
      {
        line: 'iot-publish-out',
        quantity: 2_000,
        usdPerUnit: expect.closeTo(0.9e-6, 9),
        usd: expect.closeTo(0.0018, 6),
      },
      { line: 'iot-device-puback', usd: expect.closeTo(0.0016, 6) },
    ]);
  });

  it.each([
    [0, 1],
    [1, 1],
    [5_120, 1],
    [5_121, 2],
    [131_072, 26],
  ])('meters a message of %d bytes as %d', (bytes, steps) => {
    expect(meteredSteps(bytes)).toBe(steps);
  });

  it('adds up: its lines to its total, and no message costs more than the one before', () => {
    const count = fc.integer({ min: 0, max: 10_000_000_000 });
    fc.assert(
      fc.property(count, count, count, fc.integer({ min: 1, max: 131_072 }), (a, b, c, meteredBytes) => {
        const iot = { meteredBytes, publishesIn: a, publishesOut: b, rulesTriggered: a, ruleActions: c };
        const { lines, totalUsd } = priceUsage(withMessages(iot));
        const sum = lines.reduce((total, { usd }) => total + usd, 0);
        expect(Math.abs(sum - totalUsd)).toBeLessThanOrEqual(totalUsd * 1e-9);
        for (const { quantity, usdPerUnit, usd } of lines) {
          expect(Math.abs(quantity * usdPerUnit - usd)).toBeLessThanOrEqual(usd * 1e-9);
        }
        const more = priceUsage(withMessages({ ...iot, publishesIn: a + 1e6 })).totalUsd;
        expect(more).toBeGreaterThan(totalUsd);
        expect(more - totalUsd).toBeLessThanOrEqual(meteredSteps(meteredBytes) * 1.000001);
      }),
      randomCases(),
    );
  });

  it('prices every function that ran by its own memory', () => {
    const { lines } = priceUsage({
      ...nothing,
      lambda: {
        plan: { invocations: 1, seconds: 2, memoryMb: 512 },
        'publish-http': { invocations: 3, seconds: 100, memoryMb: 2_048 },
      },
    });
    expect(lines).toMatchObject([
      { line: 'lambda-plan', quantity: 1, unit: 'GB-s' },
      { line: 'lambda-publish-http', quantity: 200 },
      { line: 'lambda-requests', quantity: 4 },
    ]);
  });
});
