/**
 * Summarizes a run in a directory, in a process of its own: `node --max-old-space-size=460 summarize-folded-run.ts DIRECTORY RUN`. Writes what it
 * took, and what came of it, to its standard output as JSON.
 */
import { openRunArchive } from '../../../src/aws/run-archive.ts';
import { makeRunObjects } from '../../../src/cli/runs/run-directory.ts';
import { noBacklog } from '../../../src/worker/collect-run.ts';
import { summarizeRun } from '../../../src/worker/summarize-run.ts';

/** Reads as a bucket does: many at once. */
const parallelReads = 64;

const [directory = '', runId = ''] = process.argv.slice(2);
const store = openRunArchive({ ...makeRunObjects(directory), parallelReads });
const report = await summarizeRun(await store.getPlan(runId), {
  store,
  metrics: { names: [], sums: async () => ({}) },
  control: { clear: async () => undefined },
  liveView: { conclude: async () => ({ resentPoints: 0, refusedPoints: 0, leftPoints: 0 }) as never },
  backlog: noBacklog,
  waitAtMostMs: 0,
  cloudWatchDelayMs: 0,
});
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
const { messages, slices, verdict } = report;
console.log(
  JSON.stringify({
    peakRssMb: maxRSS / 1_024,
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    reportBytes: JSON.stringify(report).length,
    messages,
    slices,
    verdict,
  }),
);
