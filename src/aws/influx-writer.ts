import { HttpError, InfluxDB, setLogger } from '@influxdata/influxdb-client';
import type { InfluxSettings } from './influx-token.ts';
import { makeTokenReader } from './influx-token.ts';

/** `refused`: InfluxDB rejects the lines, and would again. `unavailable`: no answer, or an error that a later attempt may not have. */
export type PostOutcome = 'taken' | 'refused' | 'unavailable';

/** Posts lines to InfluxDB; the caller waits for one request before the next. */
export interface InfluxWriter {
  /** True after a failure until the next attempt is due: a caller that cannot wait skips its post. */
  readonly isUnavailable: boolean;
  /** Why the last post was not taken; for the log. */
  readonly lastError: string | undefined;
  /** HTTP status of that answer; undefined where there was none. */
  readonly lastStatus: number | undefined;
  /** Never rejects. What was taken although the answer was lost may be posted again: it replaces itself. */
  post(lines: readonly string[]): Promise<PostOutcome>;
}

/** Longest silence on the socket. */
const requestTimeoutMs = 2_000;
const gzipFromBytes = 1_000;
/** Pause after a failure; it doubles with each further one. */
const firstPauseMs = 1_000;
const longestPauseMs = 15_000;

/** Statuses for lines that a server cannot parse or store; a retry would fail, too. */
const refusals: ReadonlySet<number> = new Set([400, 413, 422]);
/** A kept connection that the other side, or a freeze of the execution environment, has ended: the next one is new. */
const staleConnection: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE']);

/**
 * InfluxDB's v2 write API, by its own client; InfluxDB 3 and Timestream for InfluxDB take the same.
 * @param now milliseconds of any steady clock
 */
export function makeInfluxWriter(
  { url, org, bucket, token }: InfluxSettings,
  now: () => number = () => performance.now(),
): InfluxWriter {
  // The library would log every failure with its stack; here failures are counted and reported once.
  setLogger({ error: () => undefined, warn: () => undefined });
  const readToken = makeTokenReader(token);
  let client: { readonly token: string; readonly influx: InfluxDB } | undefined;
  let failures = 0;
  let unavailableUntil = Number.NEGATIVE_INFINITY;
  let lastError: string | undefined;
  let lastStatus: number | undefined;

  const send = async (lines: readonly string[]): Promise<void> => {
    const current = await readToken();
    if (client?.token !== current) {
      client = { token: current, influx: new InfluxDB({ url, token: current, timeout: requestTimeoutMs }) };
    }
    const writeApi = client.influx.getWriteApi(org, bucket, 'ns', {
      batchSize: lines.length + 1,
      flushInterval: 0,
      maxRetries: 0,
      gzipThreshold: gzipFromBytes,
    });
    for (const line of lines) writeApi.writeRecord(line);
    await writeApi.flush();
  };

  const sendTwiceIfStale = async (lines: readonly string[]): Promise<void> => {
    try {
      await send(lines);
    } catch (error) {
      if (!staleConnection.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
      await send(lines);
    }
  };

  return {
    get isUnavailable() {
      return now() < unavailableUntil;
    },
    get lastError() {
      return lastError;
    },
    get lastStatus() {
      return lastStatus;
    },
    async post(lines) {
      try {
        await sendTwiceIfStale(lines);
        failures = 0;
        return 'taken';
      } catch (error) {
        lastError = wordsOf(error);
        lastStatus = error instanceof HttpError ? error.statusCode : undefined;
        if (lastStatus !== undefined && refusals.has(lastStatus)) return 'refused';
        unavailableUntil = now() + Math.min(longestPauseMs, firstPauseMs * 2 ** failures++);
        return 'unavailable';
      }
    },
  };
}

function wordsOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  // Node's error of several addresses tried has a code and no message.
  return message || code || String(error);
}
