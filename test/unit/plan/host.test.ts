import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { forecastHost, type HostFacts } from '../../../src/plan/host.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { randomCases } from '../../support/effort.ts';

const gb = 1e9;
const roomy: HostFacts = { descriptors: 1_048_576, memoryBytes: 64 * gb, cores: 16 };

function planOf(input: object): Plan {
  const profile = parseLoadProfile({ ratePerSecond: 100, duration: '10s', ...input });
  return makePlan({
    runId: 'run',
    profile,
    now: 0,
    coldStart: { leadMs: 2_000, environmentsPerSecond: 100 },
  });
}

const fleet = planOf({ devices: 1_300, slices: { devicesPerSlice: 325 } });
const refusalsOn = (plan: Plan, host: Partial<HostFacts>): string[] =>
  forecastHost(plan, { ...roomy, ...host }).refusals.map(({ message, hint }) => `${message} → ${hint}`);

describe('the machine of a rehearsal', () => {
  it('that has room for it is said nothing of', () => {
    expect(forecastHost(fleet, roomy)).toMatchObject({ refusals: [], notes: [] });
  });

  // 1,300 devices under `ulimit -Hn 1024`: 993 connected, 102 messages were called lost.
  it('refuses more devices than IoT Core may have connections', () => {
    const [refusal, ...others] = refusalsOn(fleet, { descriptors: 1_024 });
    expect(refusal).toMatch(
      /^open files of the embedded IoT Core: about 1,352 needed, and a process may have 1,024 on this machine → raise the limit \(ulimit -Hn, .*\) to 1,352 or more, or rehearse with 972 devices$/,
    );
    expect(others).toEqual([]);
    expect(refusalsOn(planOf({ devices: 972 }), { descriptors: 1_024 })).toEqual([]);
  });

  it('refuses at `ulimit -n 256` slices and IoT Core', () => {
    const paths = forecastHost(fleet, { ...roomy, descriptors: 256 }).refusals.map(({ path }) => path);
    expect(paths).toEqual(['devices', 'slices.devicesPerSlice']);
  });

  // 6.7 GB on two cores, and 1,588 messages dropped.
  it('refuses 5,000 devices in 50 processes on two cores with 6 GB', () => {
    const many = planOf({ devices: 5_000, slices: { devicesPerSlice: 100 } });
    const refusals = refusalsOn(many, { memoryBytes: 6 * gb, cores: 2 });
    expect(refusals).toHaveLength(2);
    expect(refusals[0]).toMatch(
      /^memory of this machine: about 7\.\d GB needed \(50 slices, a process each\), and 6 GB are free/,
    );
    expect(refusals[1]).toMatch(/^5\d processes share 2 cores of this machine/);
    expect(forecastHost(many, { ...roomy, cores: 4 })).toMatchObject({
      refusals: [],
      notes: [expect.stringContaining('processes share 4 cores'), expect.any(String)],
    });
  });

  it('counts sockets of requests over HTTPS', () => {
    const http = planOf({ devices: 10, ratePerSecond: 50, connect: { protocol: 'https' } });
    const { needs } = forecastHost(http, roomy);
    expect(needs.every(({ peak }) => Number.isFinite(peak) && peak > 0)).toBe(true);
    expect(needs[0]!.peak).toBeLessThan(2_000);
  });

  it('never refuses with more of anything what it allowed with less', () => {
    const facts = fc.record({
      descriptors: fc.integer({ min: 1, max: 20_000 }),
      memoryBytes: fc.integer({ min: 1, max: 32 * gb }),
      cores: fc.integer({ min: 1, max: 64 }),
    });
    const more = fc.record({
      descriptors: fc.nat(20_000),
      memoryBytes: fc.nat(32 * gb),
      cores: fc.nat(64),
    });
    const load = fc.record({
      devices: fc.integer({ min: 1, max: 20_000 }),
      perSlice: fc.integer({ min: 1, max: 900 }),
    });
    fc.assert(
      fc.property(load, facts, more, ({ devices, perSlice }, host, extra) => {
        fc.pre(devices / perSlice <= 10_000);
        const plan = planOf({
          devices,
          connect: { ratePerSecond: 1e5 },
          limits: { enforce: false },
          slices: { devicesPerSlice: perSlice },
        });
        const better = {
          descriptors: host.descriptors + extra.descriptors,
          memoryBytes: host.memoryBytes + extra.memoryBytes,
          cores: host.cores + extra.cores,
        };
        const before = forecastHost(plan, host);
        const after = forecastHost(plan, better);
        expect(after.refusals.length).toBeLessThanOrEqual(before.refusals.length);
        expect(after.needs.map(({ peak }) => peak)).toEqual(before.needs.map(({ peak }) => peak));
        expect(
          before.refusals.every(
            ({ hint, message }) => hint !== undefined && !/NaN|Infinity/.test(message + hint),
          ),
        ).toBe(true);
      }),
      randomCases(),
    );
  });
});
