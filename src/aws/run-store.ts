import { Readable } from 'node:stream';
import {
  type _Object,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { ArrivalWindow } from '../measure/arrival-window.ts';
import type { SliceDeath } from '../measure/slice-death.ts';
import type { SliceResult } from '../measure/slice-result.ts';
import type { InjectedFaults } from '../plan/conditions.ts';
import type { Plan } from '../plan/plan.ts';
import { formatReportJson } from '../report/report-json.ts';
import type { Report } from '../report/report-model.ts';
import { checkSize, readStored, type StoredFiles, type StoredKind } from '../report/stored/read-stored.ts';
import { StampedeError } from '../shared/errors.ts';
import { checkOwn, type NewLiveOverflow, runKeys } from './run-keys.ts';

/** GETs on the way at once when a whole run is read back. */
const parallelReads = 64;

/** The record of a run: `runs/{runId}/…` in one bucket. InfluxDB is the live view; this is what the report is made of. */
export interface RunStore {
  putPlan(plan: Plan): Promise<void>;
  /** @throws RunNotFoundError, and as all that reads a file: UnreadableFileError, OtherRunError */
  getPlan(runId: string): Promise<Plan>;
  putSliceResult(result: SliceResult): Promise<void>;
  /** Every slice result there is, in no order, each read as it is asked for: 10,000 never stand in memory at once. */
  sliceResults(runId: string): AsyncIterable<SliceResult>;
  /** What slices died of: the state machine puts it there. */
  sliceDeaths(runId: string): AsyncIterable<SliceDeath>;
  putArrivalWindow(window: ArrivalWindow): Promise<void>;
  /** Arrival windows whose key is not in `known`; adds the keys it yields to it. */
  arrivalWindows(runId: string, known: Set<string>): AsyncIterable<ArrivalWindow>;
  putReport(report: Report, html: string): Promise<void>;
  /** Undefined: the run has no report (yet). */
  getReport(runId: string): Promise<Report | undefined>;
  getReportHtml(runId: string): Promise<string | undefined>;
  /** How the service was made to differ from AWS: embedded AWS puts it there. */
  getFaults(runId: string): Promise<InjectedFaults | undefined>;
  /** Points that InfluxDB could not take; the same name replaces them. */
  putLiveOverflow(runId: string, overflow: NewLiveOverflow): Promise<void>;
  liveOverflows(runId: string): AsyncIterable<LiveOverflow>;
  deleteLiveOverflow(overflow: LiveOverflow): Promise<void>;
}

/** The same, kept until InfluxDB takes them. All but the lines is in its key, and known without reading it. */
export interface LiveOverflow extends Omit<NewLiveOverflow, 'lines'> {
  readonly key: string;
  readonly lineCount: number;
  read(): Promise<readonly string[]>;
}

export class RunNotFoundError extends StampedeError {
  constructor(runId: string, bucket: string) {
    super('RunNotFound', `there is no run ${runId} in the run store ${bucket}`, {
      hint: 'check the run id, the stage and the Region; runs expire with the bucket’s lifecycle',
      exitCode: 2,
    });
  }
}

const overflowKey = /([^/]+)\.(\d+)-lines(?:\.(\d{3}))?(\.whole)?\.lp$/;

export function makeRunStore(bucket: string, client: S3Client = new S3Client({})): RunStore {
  const put = async (key: string, body: string, contentType = 'application/json'): Promise<void> => {
    await client.send(
      new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: contentType }),
    );
  };

  const fileOf = (key: string): string => `s3://${bucket}/${key}`;

  const getText = async (key: string): Promise<string | undefined> => {
    try {
      const { Body, ContentLength = 0 } = await client.send(
        new GetObjectCommand({ Bucket: bucket, Key: key }),
      );
      try {
        checkSize(ContentLength, fileOf(key));
      } catch (error) {
        // Its connection serves the next request only once it is read, or closed.
        if (Body instanceof Readable) Body.destroy();
        throw error;
      }
      return await Body?.transformToString();
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  };

  const get = async <Kind extends StoredKind>(
    kind: Kind,
    runId: string,
    key: string,
  ): Promise<StoredFiles[Kind] | undefined> => {
    const text = await getText(key);
    if (text === undefined) return undefined;
    const file = fileOf(key);
    const value = await readStored(kind, text, file);
    checkOwn(kind, value, { runId, key, file });
    return value;
  };

  async function* list(prefix: string): AsyncGenerator<string> {
    for await (const { Key } of listObjects(prefix)) if (Key !== undefined) yield Key;
  }

  async function* listObjects(prefix: string): AsyncGenerator<_Object> {
    let token: string | undefined;
    do {
      const page = await client.send(
        new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }),
      );
      yield* page.Contents ?? [];
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  /** Reads many objects with a bounded number of GETs on the way, in the order of the keys. */
  async function* readAll<Kind extends StoredKind>(
    kind: Kind,
    runId: string,
    keys: AsyncIterable<string>,
  ): AsyncGenerator<StoredFiles[Kind]> {
    const onTheWay: Promise<StoredFiles[Kind] | undefined>[] = [];
    for await (const key of keys) {
      const read = get(kind, runId, key);
      // A failed read is thrown where it is awaited below, not as an unhandled rejection before.
      read.catch(() => undefined);
      onTheWay.push(read);
      if (onTheWay.length >= parallelReads) {
        const value = await onTheWay.shift();
        if (value !== undefined) yield value;
      }
    }
    for (const read of onTheWay) {
      const value = await read;
      if (value !== undefined) yield value;
    }
  }

  return {
    putPlan: (plan) => put(runKeys.plan(plan.runId), JSON.stringify(plan)),
    async getPlan(runId) {
      const plan = await get('plan', runId, runKeys.plan(runId));
      if (plan === undefined) throw new RunNotFoundError(runId, bucket);
      return plan;
    },
    putSliceResult: (result) => put(runKeys.slice(result.runId, result.slice), JSON.stringify(result)),
    sliceResults: (runId) => readAll('sliceResult', runId, list(runKeys.slices(runId))),
    async *sliceDeaths(runId) {
      for await (const { Key, LastModified } of listObjects(runKeys.deaths(runId))) {
        const death = Key === undefined ? undefined : await get('sliceDeath', runId, Key);
        if (death !== undefined) yield LastModified === undefined ? death : { ...death, at: +LastModified };
      }
    },
    getFaults: (runId) => get('injectedFaults', runId, runKeys.faults(runId)),
    putArrivalWindow: (window) =>
      put(runKeys.arrivalWindow(window.runId, window.window), JSON.stringify(window)),
    async *arrivalWindows(runId, known) {
      const fresh = async function* (): AsyncGenerator<string> {
        for await (const key of list(runKeys.arrivals(runId))) {
          if (known.has(key)) continue;
          known.add(key);
          yield key;
        }
      };
      yield* readAll('arrivalWindow', runId, fresh());
    },
    async putReport(report, html) {
      await put(runKeys.reportHtml(report.runId), html, 'text/html; charset=utf-8');
      await put(runKeys.report(report.runId), formatReportJson(report));
    },
    getReport: (runId) => get('report', runId, runKeys.report(runId)),
    getReportHtml: (runId) => getText(runKeys.reportHtml(runId)),
    putLiveOverflow: (runId, overflow) =>
      put(runKeys.liveOverflow(runId, overflow), overflow.lines.join('\n'), 'text/plain; charset=utf-8'),
    async *liveOverflows(runId) {
      for await (const key of list(runKeys.liveOverflows(runId))) {
        const [, name = '', lines = 0, status, whole] = overflowKey.exec(key) ?? [];
        yield {
          key,
          name,
          lineCount: Number(lines),
          status: status === undefined ? undefined : Number(status),
          isWhole: whole !== undefined,
          read: async () => ((await getText(key)) ?? '').split('\n').filter((line) => line !== ''),
        };
      }
    },
    async deleteLiveOverflow({ key }) {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    },
  };
}
