import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { makeRunStore } from '../../../src/aws/bucket.ts';
import type { RunStore } from '../../../src/aws/run-store.ts';
import { type Gateway, startGateway } from '../../../src/embedded/gateway/gateway.ts';
import { makeRunFiles } from '../../../src/embedded/s3/run-files.ts';
import { makeS3 } from '../../../src/embedded/s3/s3.ts';
import { notesOf } from '../../../src/report/notes.ts';
import { makeSystemClock } from '../../../src/shared/clock.ts';
import { makeLiveView } from '../../../src/worker/live-view.ts';
import { simulate } from '../../support/device/make-run.ts';
import { testKey } from '../../support/embedded/test-key.ts';
import { reportOf, runOf } from '../../support/report/report-fixture.ts';
import { until } from '../../support/until.ts';

// The run store and InfluxDB's client are the real ones; InfluxDB is a server with scripted answers.

let directory: string;
let edge: Gateway;
let client: S3Client;
let store: RunStore;
let influx: Server;
let status: number;
let posts: number;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'stampede-live-'));
  edge = await startGateway({
    accessKeys: [testKey],
    signed: { s3: makeS3('runs', makeRunFiles(directory)) },
    unsigned: [],
  });
  const credentials = testKey;
  client = new S3Client({ endpoint: edge.url, region: 'us-east-1', credentials });
  store = makeRunStore('runs', client);
  status = 204;
  posts = 0;
  influx = createServer((request, response) => {
    posts++;
    request.resume().on('end', () => response.writeHead(status).end());
  });
  await new Promise<void>((resolve) => influx.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  influx.closeAllConnections();
  influx.close();
  client.destroy();
  await edge.close();
  await rm(directory, { recursive: true });
});

function openLiveView() {
  const { port } = influx.address() as AddressInfo;
  const settings = { url: `http://127.0.0.1:${port}`, org: 'o', bucket: 'b', token: { value: 'wrong' } };
  // A process of its own for each slice and for summarize: none has the answers that the others received.
  return makeLiveView(settings, { store, clock: makeSystemClock(), random: () => 0 });
}

const untilPosted = (): Promise<void> => until(() => posts > 0, 'a request to InfluxDB');

describe('a live view that InfluxDB refuses', () => {
  it('is said to have been refused, by which answer, for the whole run', async () => {
    status = 401;
    const report = reportOf(runOf());
    const { plan, snapshots } = await simulate({ devices: 10, slices: 2, slice: 1, seconds: 2 });
    for (const slice of [0, 1]) {
      const view = openLiveView().openSlice(plan, slice);
      for (const snapshot of snapshots) view.add({ ...snapshot, slice });
      await view.close();
    }
    const liveView = await openLiveView().conclude(plan, report);
    expect(liveView).toMatchObject({
      resentPoints: 0,
      refusedPoints: 0,
      cause: { httpStatus: 401, isWholeRun: true },
    });
    expect(notesOf({ ...report, liveView })[0]).toMatch(
      /^InfluxDB refused the live view for the whole run: HTTP 401, the token is not valid\. Of the live view’s points [\d,]+ are in the run store/,
    );
    for (const name of await readdir(path.join(directory, plan.runId, 'influx-overflow'))) {
      expect(name).toMatch(/\.\d+-lines\.401\.whole\.lp$/);
    }
  });

  it('is said to have been refused for a part of the run, where InfluxDB took some of it', async () => {
    const report = reportOf(runOf());
    const { plan, snapshots } = await simulate({ devices: 10, slices: 1, seconds: 2 });
    const view = openLiveView().openSlice(plan, 0);
    await untilPosted();
    status = 503;
    for (const snapshot of snapshots) view.add(snapshot);
    await view.close();
    status = 204;
    const liveView = await openLiveView().conclude(plan, report);
    expect(liveView).toMatchObject({ leftPoints: 0, cause: { httpStatus: 503, isWholeRun: false } });
    expect(notesOf({ ...report, liveView })[0]).toMatch(
      /^Writes to InfluxDB were answered with HTTP 503 for a part of the run\./,
    );
  });

  it('is said to have been out of reach, where nothing answered', async () => {
    const report = reportOf(runOf());
    const { plan } = await simulate({ devices: 10, slices: 1, seconds: 2 });
    const view = openLiveView();
    influx.closeAllConnections();
    influx.close();
    await view.openSlice(plan, 0).close();
    const liveView = await view.conclude(plan, report);
    expect(liveView.cause).toEqual({ httpStatus: null, isWholeRun: true });
    expect(notesOf({ ...report, liveView })[0]).toMatch(/could not be reached, .* for the whole run\./);
  });

  it('reports nothing where InfluxDB took everything', async () => {
    const { plan } = await simulate({ devices: 10, slices: 1, seconds: 2 });
    const view = openLiveView();
    await view.openSlice(plan, 0).close();
    expect(await view.conclude(plan, reportOf(runOf()))).toEqual({
      resentPoints: 0,
      refusedPoints: 0,
      leftPoints: 0,
    });
  });
});
