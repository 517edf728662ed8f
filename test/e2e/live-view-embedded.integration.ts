import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { comparedSums } from '../support/influx/influx-under-test.ts';
import { type MemoryInflux, startMemoryInflux } from '../support/influx/memory-influx.ts';
import { type Rehearsal, startRehearsal } from '../support/run/rehearsal.ts';
import { untilPublished } from '../support/run/until-published.ts';

// Whole runs whose InfluxDB has troubles of its own: the report is the same, and the live view comes to it.

const load = {
  devices: 40,
  connect: { client: 'dense', ratePerSecond: 400 },
  ratePerSecond: 400,
  duration: '5s',
  slices: { devicesPerSlice: 20 },
  drain: '1s',
};

let influx: MemoryInflux;
let rehearsal: Rehearsal;
beforeEach(async () => {
  influx = await startMemoryInflux();
  rehearsal = await startRehearsal({ influx: influx.server });
});
afterEach(async () => {
  await rehearsal.close();
  await influx.close();
});

const overflows = async (runId: string): Promise<string[]> =>
  readdir(path.join(rehearsal.runsDirectory, runId, 'influx-overflow')).catch(() => []);

describe('a run whose InfluxDB', () => {
  it('loses answers, dies and comes back: nothing is missing, nothing is there twice', async () => {
    const { report } = await rehearsal.run(load, async () => {
      influx.loseNextAnswer();
      await sleep(1_200);
      influx.loseNextAnswer();
      await sleep(300);
      await influx.kill();
      await sleep(2_000);
      await influx.start();
    });
    // The machine of a test may be the bottleneck.
    expect(['passed', 'inconclusive']).toContain(report.verdict);
    const { expected, found } = await comparedSums(influx, report);
    expect(found).toEqual(expected);
    expect(await overflows(report.runId)).toEqual([]);
  });

  it('dies for good: the run is none the worse, and what InfluxDB lacks waits in the run store', async () => {
    const { report, execution } = await rehearsal.run(load, async () => {
      await untilPublished(rehearsal.aws, 400);
      await influx.kill();
    });
    expect(execution.status).toBe('SUCCEEDED');
    expect(report.messages).toMatchObject({ intended: 2_000, sent: 2_000, dropped: 0, lost: 0 });

    const left = await overflows(report.runId);
    expect(left.length).toBeGreaterThan(0);
    await influx.start();
    // As docs/metrics.md says to do by hand: each file is a body of InfluxDB's write API.
    for (const name of left) {
      const body = await readFile(path.join(rehearsal.runsDirectory, report.runId, 'influx-overflow', name));
      const url = `${influx.server.url}/api/v2/write?org=o&bucket=b&precision=ns`;
      expect((await fetch(url, { method: 'POST', body })).status).toBe(204);
    }
    const { expected, found } = await comparedSums(influx, report);
    expect(found).toEqual(expected);
  });
});
