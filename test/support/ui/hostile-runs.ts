import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { renderReportHtml } from '../../../src/report/html.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { readStoredReport } from '../../../src/report/stored/read-report.ts';
import { readStored, type StoredKind } from '../../../src/report/stored/read-stored.ts';
import { resultOf } from '../measure/run-fixture.ts';
import { reportOf, runOf } from '../report/report-fixture.ts';
import { everyHostileString, hostileStrings, replaceStrings } from './hostile-strings.ts';

/** By what is in them. */
export const ids = {
  everything: 'hostile-20260901T101010Z-aaa1',
  rotated: 'hostile-20260901T101010Z-aaa2',
  shifted: 'hostile-20260901T101010Z-aaa3',
  long: 'hostile-20260901T101010Z-aaa4',
  tooLong: 'hostile-20260901T101010Z-aaa5',
  remade: 'hostile-20260901T101010Z-aaa6',
  /** Its report.html is not Stampede's. */
  forged: 'hostile-20260901T101010Z-aaa7',
} as const;

/** Below the 262,144 characters that a string of a stored file may have, and above. */
const fillTo = (length: number): string =>
  everyHostileString.repeat(Math.ceil(length / everyHostileString.length)).slice(0, length);
export const shown = fillTo(200_000);
export const refused = fillTo(1_000_000);

const textsAt: Readonly<Partial<Record<keyof typeof ids, (n: number, where: string) => string>>> = {
  everything: () => everyHostileString,
  rotated: (n) => hostileStrings[n % hostileStrings.length]!,
  shifted: (n) => hostileStrings[(n + 7) % hostileStrings.length]!,
  long: (n, where) =>
    /^(name|reasons)/.test(where) ? shown : hostileStrings[(n + 3) % hostileStrings.length]!,
};

export const accepts = (kind: StoredKind | 'report') => (value: unknown) => {
  const text = JSON.stringify(value);
  return (kind === 'report' ? readStoredReport(text, 'file') : readStored(kind, text, 'file')).then(
    () => true,
    () => false,
  );
};

export const profile = {
  name: 'hostile',
  devices: 40,
  ratePerSecond: 80,
  duration: '4s',
  publish: { topic: 'a/{{deviceId}}', payload: { text: 'x', list: ['x', { deep: 'x' }] } },
  thresholds: { lost_messages: ['count==0'] },
};

type Put = (runId: string, name: string, text: string) => Promise<void>;

function makePut(runs: string): Put {
  return async (runId, name, text) => {
    const file = path.join(runs, runId, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  };
}

/** @returns by run: at how many places a string was replaced */
export async function writeHostileRuns(runs: string): Promise<Record<string, number>> {
  const put = makePut(runs);
  const places: Record<string, number> = {};
  const run = runOf({ lostPerThousand: 3, throttledPerThousand: 4, duplicatedPerThousand: 1, died: [2] });
  const original = reportOf(run);
  for (const [name, textAt] of Object.entries(textsAt)) {
    const runId = ids[name as keyof typeof ids];
    const from = { ...original, runId };
    // Of all that is in the file but what names the run: the page refuses a report of another one.
    const { value, replaced } = await replaceStrings(from, textAt, async (report) =>
      (report as Report).runId === runId ? accepts('report')(report) : false,
    );
    places[runId] = replaced.length;
    await put(runId, 'report.json', JSON.stringify(value));
    await put(runId, 'report.html', renderReportHtml(value));
  }
  const forged = { ...original, runId: ids.forged, name: everyHostileString };
  await put(ids.forged, 'report.json', JSON.stringify(forged));
  await put(ids.forged, 'report.html', `<!doctype html><title>x</title>${hostileStrings.join('\n')}`);
  await put(ids.tooLong, 'report.json', JSON.stringify({ ...original, runId: ids.tooLong, name: refused }));
  places[ids.remade] = await writeRemadeRun(put, run);
  await mkdir(path.join(runs, `"><img src=x onerror=__hostile('directory')>`), { recursive: true });
  return places;
}

/** Its report is made by `stampede report` of its other files. */
async function writeRemadeRun(put: Put, { plan }: ReturnType<typeof runOf>): Promise<number> {
  const runId = ids.remade;
  const hostilePlan = await replaceStrings({ ...plan, runId }, textsAt.rotated!, async (value) =>
    (value as { runId: string }).runId === runId ? accepts('plan')(value) : false,
  );
  await put(runId, 'plan.json', JSON.stringify(hostilePlan.value));
  let count = hostilePlan.replaced.length;
  for (let slice = 0; slice < plan.slices.count; slice++) {
    const original = resultOf(plan, slice);
    const encoded = JSON.stringify([original.latencies, original.latencyPerSecond]);
    const result = await replaceStrings(
      { ...original, runId, disconnectedBy: { 'keep-alive timeout': 3 } },
      textsAt.rotated!,
      async (value) => {
        const { runId: own, latencies, latencyPerSecond } = value as SliceResult;
        // Encoded histograms are not text: a report of other ones is refused.
        const isDecodable = JSON.stringify([latencies, latencyPerSecond]) === encoded;
        return own === runId && isDecodable && (await accepts('sliceResult')(value));
      },
    );
    count += result.replaced.length;
    await put(runId, `slices/${slice}/0.json`, JSON.stringify(result.value));
  }
  const death = { slice: 1, leg: 0, at: plan.timeline.publishAt, failure: { Error: 'x', Cause: 'x' } };
  const hostileDeath = await replaceStrings(death, () => everyHostileString, accepts('sliceDeath'));
  await put(runId, 'deaths/1/0.json', JSON.stringify(hostileDeath.value));
  return count + hostileDeath.replaced.length;
}

/** @returns at how many places of the profile that can be run a string was replaced */
export async function writeHostileProfiles(directory: string): Promise<number> {
  const everywhere = await replaceStrings(
    profile,
    (n) => hostileStrings[n % hostileStrings.length]!,
    async () => true,
  );
  const accepted = await replaceStrings(
    profile,
    (n) => hostileStrings[n % hostileStrings.length]!,
    async (value) => {
      try {
        parseLoadProfile(value);
        return true;
      } catch {
        return false;
      }
    },
  );
  await mkdir(directory);
  const save = (name: string, value: unknown) =>
    writeFile(path.join(directory, `${name}.json`), JSON.stringify(value));
  await save('accepted', accepted.value);
  await save('everywhere', everywhere.value);
  await save(`"><img src=x onerror=__hostile('profile')>`, profile);
  return accepted.replaced.length;
}
