import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { arrivalLatencyNames } from '../../src/measure/latency-names.ts';
import type { Report } from '../../src/report/report-model.ts';
import { renderTerminalSummary } from '../../src/report/terminal-summary.ts';
import { packageWith } from '../support/run/package-with.ts';
import { falseClaims } from '../support/run/recorded-truth.ts';
import { type Rehearsal, startRehearsal } from '../support/run/rehearsal.ts';

// Whole runs with clocks that are apart: a slice's, all slices', the service's. What the report says of them holds.

const slices = 2;
const load = {
  devices: 40,
  connect: { client: 'dense', ratePerSecond: 400 },
  ratePerSecond: 300,
  duration: '2s',
  slices: { devicesPerSlice: 20 },
  drain: '1s',
  echo: { fraction: 0.5 },
  thresholds: {},
};

/** What calibrating a clock may leave, and rounding to a microsecond. */
const toleranceMs = 0.1;

let root: string;
/** Of the slices, milliseconds: read by each when it begins. */
let offsetsFile: string;
const rehearsals: Rehearsal[] = [];

beforeAll(async () => {
  const functionFile = path.resolve(import.meta.dirname, '../../functions/publish-mqtt.ts');
  const asItIs = 'const clock = makeSystemClock();';
  const source = await readFile(functionFile, 'utf8');
  expect(source).toContain(asItIs);
  root = await packageWith('publish-mqtt', '');
  offsetsFile = path.join(root, 'offsets.json');
  const skewed = source.replace(
    asItIs,
    `const truth = makeSystemClock();
  const offsetMs = JSON.parse(readFileSync(${JSON.stringify(offsetsFile)}, 'utf8'))[request.slice];
  const clock = {
    get bracketMs() { return truth.bracketMs!; },
    settle: (untilMs: number) => truth.settle!(untilMs - offsetMs),
    now: () => truth.now() + offsetMs,
    setTimer: (delayMs: number, fn: () => void) => truth.setTimer(delayMs, fn),
  };`,
  );
  await writeFile(
    path.join(root, 'functions/publish-mqtt.ts'),
    `import { readFileSync } from 'node:fs';\n${skewed}`,
  );
});

afterAll(async () => {
  await Promise.all(rehearsals.map((rehearsal) => rehearsal.close()));
  await rm(root, { recursive: true, force: true });
});

async function rehearsalOf(serviceOffsetMs: number): Promise<Rehearsal> {
  const rehearsal = await startRehearsal({
    packageRoot: root,
    faults: { clockOffsetMs: serviceOffsetMs },
  });
  rehearsals.push(rehearsal);
  return rehearsal;
}

interface Read {
  readonly report: Report;
  readonly terminal: string;
  readonly html: string;
}

async function play(
  rehearsal: Rehearsal,
  sliceOffsetsMs: readonly number[],
  { more = {}, serviceOffsetMs = 0 }: { more?: object; serviceOffsetMs?: number } = {},
): Promise<Read> {
  await writeFile(offsetsFile, JSON.stringify(sliceOffsetsMs));
  const isAccountShared = (await readdir(rehearsal.runsDirectory)).some((name) => name.startsWith('run-'));
  const ended = await rehearsal.run({ ...load, ...more });
  const { report } = ended;
  const html = await readFile(path.join(rehearsal.runsDirectory, report.runId, 'report.html'), 'utf8');
  const clocksAheadMs = sliceOffsetsMs.map((offsetMs) => serviceOffsetMs - offsetMs);
  const faults = serviceOffsetMs === 0 ? [] : ['clockOffsetMs'];
  expect(falseClaims(ended, { intended: 600, clocksAheadMs, faults, isAccountShared })).toEqual([]);
  expect(report.messages).toMatchObject({ sent: 600, received: 600, lost: 0 });
  return { report, html, terminal: renderTerminalSummary(report).replace(/\s+/g, ' ') };
}

/** @param thetas by how much the service's clock is ahead of each slice's */
function expectBoundsOf({ clockOffset }: Report, thetas: readonly number[]): void {
  expect(clockOffset.atMostMs!).toBeGreaterThan(Math.max(...thetas) - toleranceMs);
  expect(clockOffset.atLeastMs!).toBeLessThan(Math.min(...thetas) + toleranceMs);
  const { behind, ahead } = clockOffset;
  if (behind.slice !== null) {
    expect(thetas[behind.slice]!).toBeLessThan(toleranceMs - behind.byAtLeastMs!);
  }
  if (ahead.slice !== null) {
    expect(thetas[ahead.slice]!).toBeGreaterThan(ahead.byAtLeastMs! - toleranceMs);
  }
}

describe('clocks that are', () => {
  it('the same: nothing is negative, bounds hold, and there is no word about clocks', async () => {
    const { report, terminal, html } = await play(await rehearsalOf(0), [0, 0]);
    for (const name of arrivalLatencyNames) {
      expect(report.latencyMs[name].count).toBe(600);
      expect(report.latencyMs[name].negative).toBe(0);
      expect(report.latencyMs[name].min).toBeGreaterThanOrEqual(0);
    }
    expectBoundsOf(report, [0, 0]);
    expect(report.clockOffset).toMatchObject({ behind: { slices: 0 }, ahead: { slices: 0 } });
    expect(report.generator.clockBracketMs).not.toBeNull();
    expect(terminal).not.toMatch(/clock/i);
    expect(html).not.toMatch(/clocks? (is|are|may)/i);
    for (const page of [terminal, html]) {
      expect(page).toContain('end at a stamp in whole milliseconds: a sample is right to ±1 ms');
    }
  });

  it('apart from slice to slice: bounds hold in each, both are named, none speaks for the other', async () => {
    const { report, terminal, html } = await play(rehearsals[0]!, [50, -50]);
    expectBoundsOf(report, [-50, 50]);
    expect(report.clockOffset).toMatchObject({
      atMostSlice: 1,
      atLeastSlice: 0,
      behind: { slices: 1, slice: 0 },
      ahead: { slices: 1, slice: 1 },
    });
    for (const page of [terminal, html]) {
      expect(page).toMatch(/clocks are behind those of 1 slice, by at least [\d.]+ ms in slice 0/);
      expect(page).toMatch(/clocks are ahead of those of 1 slice, by at least [\d.]+ ms in slice 1/);
      expect(page).toMatch(
        /read at most [\d.]+ ms too high \(slice 1\); at most [\d.]+ ms too low \(slice 0\)/,
      );
    }
  });

  it('apart from slice to slice and do not echo: what is proven of one says nothing of the other', async () => {
    const { report, terminal } = await play(rehearsals[0]!, [50, 0], { more: { echo: { fraction: 0 } } });
    expect(report.clockOffset).toMatchObject({
      atLeastMs: null,
      slicesWithoutAtLeast: slices,
      ahead: { slices: 0 },
    });
    expect(report.clockOffset.behind).toMatchObject({ slices: 1, slice: 0 });
    expect(report.clockOffset.atMostMs!).toBeGreaterThan(0 - toleranceMs);
    expect(terminal).toContain('how much too low is not known without echoes of every slice');
  });

  it.each([50, -50])('apart for all slices, %d ms: bounds hold', async (offsetMs) => {
    const { report } = await play(rehearsals[0]!, [offsetMs, offsetMs]);
    expectBoundsOf(report, [-offsetMs, -offsetMs]);
    const { behind, ahead } = report.clockOffset;
    expect([behind.slices, ahead.slices]).toEqual(offsetMs > 0 ? [slices, 0] : [0, slices]);
  });

  it.each([50, -50])('the service’s, %d ms off: bounds hold', async (offsetMs) => {
    const { report } = await play(await rehearsalOf(offsetMs), [0, 0], { serviceOffsetMs: offsetMs });
    expectBoundsOf(report, [offsetMs, offsetMs]);
    const { behind, ahead } = report.clockOffset;
    expect([behind.slices, ahead.slices]).toEqual(offsetMs < 0 ? [slices, 0] : [0, slices]);
  });
});
