import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { makeBucket, makeRunStore } from '../../../src/aws/bucket.ts';
import { openRunArchive, type RunArchive, type RunRecord } from '../../../src/aws/run-archive.ts';
import { openRunDirectory } from '../../../src/cli/runs/run-directory.ts';
import { type Gateway, startGateway } from '../../../src/embedded/gateway/gateway.ts';
import { makeRunFiles } from '../../../src/embedded/s3/run-files.ts';
import { makeS3 } from '../../../src/embedded/s3/s3.ts';
import { summarizeRun } from '../../../src/worker/summarize-run.ts';
import { testKey } from '../../support/embedded/test-key.ts';
import { planOf, resultOf, windowOf } from '../../support/measure/run-fixture.ts';
import { reportOf, runOf } from '../../support/report/report-fixture.ts';

const plan = planOf();
const { runId } = plan;
const other = 'other-20260901T101010Z-cd34';

let directory: string;
let gateway: Gateway;
let client: S3Client;
let store: RunArchive;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'stampede-store-'));
  gateway = await startGateway({
    accessKeys: [testKey],
    signed: { s3: makeS3('bucket', makeRunFiles(directory)) },
    unsigned: [],
  });
  client = clientOf(gateway.url);
  store = openRunArchive(makeBucket('bucket', client));
});
afterAll(async () => {
  client.destroy();
  await gateway.close();
  await rm(directory, { recursive: true });
});
beforeEach(() => rm(path.join(directory, runId), { recursive: true, force: true }));

function clientOf(endpoint: string): S3Client {
  return new S3Client({ endpoint, region: 'us-east-1', credentials: testKey, maxAttempts: 1 });
}

async function write(name: string, content: unknown): Promise<void> {
  const file = path.join(directory, runId, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
}

async function all(values: AsyncIterable<unknown>): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const value of values) found.push(value);
  return found;
}

type Read = (record: RunRecord) => Promise<unknown>;
const reads = {
  plan: (record) => record.getPlan(runId),
  report: (record) => record.getReport(runId),
  slices: (record) => all(record.sliceResults(runId)),
  deaths: (record) => all(record.sliceDeaths(runId)),
  arrivals: (record) => all(record.arrivalWindows(runId, new Set())),
  actions: (record) => all(record.actions(runId)),
  faults: (record) => record.getFaults(runId),
} satisfies Record<string, Read>;

const result = resultOf(plan, 1);
const window = { ...windowOf(plan, [[0, 1]]), window: 'batch-1' };
const report = { ...reportOf(runOf()), runId };
const death = { slice: 1, leg: 0, failure: { Error: 'TypeError' } };

const action = { version: 1, runId, k: 0, at: 1, action: { kind: 'rate', factor: 2, ramps: [{ to: null }] } };

const records: readonly (readonly [name: string, open: () => RunArchive, where: () => string])[] = [
  ['the run store of the functions and of --stage', () => store, () => 's3://bucket/runs'],
  ['a run directory', () => openRunDirectory(directory), () => directory],
];

describe.each(records)('%s', (_, open, where) => {
  it('reads files that are where they belong', async () => {
    await write('plan.json', plan);
    await write('report.json', report);
    for (const slice of [0, 1, 2]) await write(`slices/${slice}/0.json`, { ...result, slice });
    await write('deaths/1/0.json', death);
    await write('arrivals/rule/batch-1.json', window);
    for (const k of [0, 1, 10]) await write(`actions/${k}.json`, { ...action, k });
    const record = open();
    expect(await reads.plan(record)).toMatchObject({ runId });
    expect(await reads.report(record)).toMatchObject({ runId });
    expect(await reads.slices(record)).toMatchObject([{ slice: 0 }, { slice: 1 }, { slice: 2 }]);
    expect(await all(record.storedSlices(runId))).toEqual(
      [0, 1, 2].map((slice) => ({ slice, leg: 0, at: expect.any(Number) })),
    );
    expect(await reads.deaths(record)).toMatchObject([death]);
    // Numbered without a gap: one behind a gap is none.
    expect(await reads.actions(record)).toEqual([action, { ...action, k: 1 }]);
    expect(await reads.arrivals(record)).toMatchObject([{ window: 'batch-1' }]);
  });

  it.each([
    ['plan', 'plan.json', { ...plan, runId: other }, `is of another run, "${other}"`],
    ['report', 'report.json', { ...report, runId: other }, `is of another run, "${other}"`],
    ['slices', 'slices/1/0.json', { ...result, runId: other }, `is of another run, "${other}"`],
    ['slices', 'slices/0/0.json', result, `holds what belongs at "runs/${runId}/slices/1/0.json"`],
    ['slices', 'slices/01/0.json', result, `holds what belongs at "runs/${runId}/slices/1/0.json"`],
    ['deaths', 'deaths/0/0.json', death, `holds what belongs at "runs/${runId}/deaths/1/0.json"`],
    ['arrivals', 'arrivals/rule/batch-1.json', { ...window, runId: other }, `is of another run, "${other}"`],
    [
      'arrivals',
      'arrivals/rule/copy.json',
      window,
      `holds what belongs at "runs/${runId}/arrivals/rule/batch-1.json"`,
    ],
    [
      'actions',
      'actions/0.json',
      { ...action, k: 1 },
      `holds what belongs at "runs/${runId}/actions/1.json"`,
    ],
  ] as const)(
    'refuses %s from %s that belongs elsewhere, with its name',
    async (kind, name, content, what) => {
      await write(name, content);
      await expect(reads[kind](open())).rejects.toMatchObject({
        code: 'OtherRun',
        exitCode: 2,
        message: `${where()}/${runId}/${name} ${what}`,
      });
    },
  );

  it.each([
    ['plan', 'plan.json', { ...plan, load: { messages: '<img src=x>' } }],
    ['report', 'report.json', { ...report, name: [{ markup: '<img src=x>' }] }],
    ['slices', 'slices/1/0.json', { ...result, streams: 'all' }],
    ['deaths', 'deaths/1/0.json', { ...death, failure: { Error: 5 } }],
    ['arrivals', 'arrivals/rule/batch-1.json', { ...window, seen: { 0: [0, 'x'] } }],
    ['actions', 'actions/0.json', { ...action, action: { factor: 2 } }],
    ['faults', 'faults.json', { choices: {}, events: [{}] }],
    ['slices', 'slices/1/0.json', '['.repeat(100_000)],
  ] as const)('refuses %s from a hostile %s, with its name', async (kind, name, content) => {
    await write(name, content);
    await expect(reads[kind](open())).rejects.toMatchObject({
      code: 'UnreadableFile',
      exitCode: 2,
      message: expect.stringContaining(`${where()}/${runId}/${name} cannot be read: `),
    });
  });
});

it('summarizes nothing into the report of another run', async () => {
  await write('plan.json', { ...plan, runId: other });
  const summarize = async () => summarizeRun(await store.getPlan(runId), undefined as never);
  await expect(summarize()).rejects.toMatchObject({ code: 'OtherRun' });
  expect(await store.getReport(other)).toBeUndefined();
});

describe('an object above 64 MB', () => {
  const bytes = 64 * 1_024 * 1_024 + 1;
  let server: Server;
  let large: S3Client;
  let connectionsClosed: Promise<unknown>;
  beforeAll(async () => {
    const closed = Promise.withResolvers<void>();
    connectionsClosed = closed.promise;
    // Its body never comes: a client that reads it first waits without end.
    server = createServer((_request, response) => {
      response.writeHead(200, { 'content-length': bytes, 'content-type': 'application/json' });
      response.write('{');
      response.on('close', closed.resolve);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    large = clientOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  afterAll(() => {
    large.destroy();
    server.closeAllConnections();
    server.close();
  });

  it('is refused by its length, before it is read, and its connection is closed', async () => {
    const key = `runs/${runId}/plan.json`;
    await expect(makeRunStore('bucket', large).getPlan(runId)).rejects.toMatchObject({
      code: 'UnreadableFile',
      message: `s3://bucket/${key} cannot be read: it has ${bytes} bytes, and at most ${bytes - 1} are read`,
    });
    await connectionsClosed;
  });
});
