import { InfluxDB, Point, type WriteApi } from '@influxdata/influxdb-client';
import { type ArrivalSnapshot, liveMeasurements, type SliceSnapshot } from '../measure/live-points.ts';
import type { InfluxSettings } from './environment.ts';

/** The live view. It may be away: a run without InfluxDB, or with InfluxDB down, loses nothing of its report. */
export interface LiveView {
  slice(snapshot: SliceSnapshot): void;
  arrivals(snapshot: ArrivalSnapshot): void;
  /** Sends what is buffered. Never rejects: what could not be written is counted in `failedPoints`. */
  flush(): Promise<void>;
  close(): Promise<void>;
  readonly failedPoints: number;
}

/** How long the live view may hold up the end of an invocation. */
const requestTimeoutMs = 3_000;

/** Points are buffered and sent in batches beside the load, never in the send path. */
export function makeLiveView(settings: InfluxSettings | undefined): LiveView {
  return settings === undefined ? noLiveView : makeInfluxView(settings);
}

const noLiveView: LiveView = {
  slice: () => undefined,
  arrivals: () => undefined,
  flush: async () => undefined,
  close: async () => undefined,
  failedPoints: 0,
};

function makeInfluxView({ url, org, bucket, token }: InfluxSettings): LiveView {
  let failedPoints = 0;
  const writeApi: WriteApi = new InfluxDB({ url, token, timeout: requestTimeoutMs }).getWriteApi(
    org,
    bucket,
    'ms',
    {
      batchSize: 500,
      flushInterval: 1_000,
      maxRetries: 2,
      maxRetryTime: 2 * requestTimeoutMs,
      gzipThreshold: 1_000,
      writeFailed(_error, lines, _attempt, expires) {
        if (Date.now() >= expires) failedPoints += lines.length;
      },
    },
  );
  const quietly = async (work: Promise<void>): Promise<void> => work.catch(() => undefined);

  return {
    slice(snapshot) {
      const point = new Point(liveMeasurements.slice)
        .tag('run', snapshot.runId)
        .tag('protocol', snapshot.protocol)
        .tag('slice', String(snapshot.slice))
        .stringField('phase', snapshot.phase)
        .floatField('send_lag_p99_ms', snapshot.sendLagP99Ms)
        .floatField('puback_round_trip_p99_ms', snapshot.pubackRoundTripP99Ms)
        .timestamp(Math.round(snapshot.at));
      for (const counts of [snapshot.devices, snapshot.messages]) {
        for (const [field, value] of Object.entries(counts)) point.intField(field, value);
      }
      writeApi.writePoint(point);
    },
    arrivals(snapshot) {
      writeApi.writePoint(
        new Point(liveMeasurements.arrivals)
          .tag('run', snapshot.runId)
          .tag('window', snapshot.window)
          .intField('arrivals', snapshot.arrivals)
          .stringField('end_to_end_latency', JSON.stringify(snapshot.endToEndLatency))
          .timestamp(Math.round(snapshot.at)),
      );
    },
    flush: () => quietly(writeApi.flush()),
    close: () => quietly(writeApi.close()),
    get failedPoints() {
      return failedPoints;
    },
  };
}
