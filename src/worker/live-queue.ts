import type { InfluxWriter } from '../aws/influx-writer.ts';
import type { CancelTimer, Clock } from '../shared/clock.ts';

/** Lines on their way to InfluxDB, sent beside the load, in batches. */
export interface LiveQueue {
  add(lines: readonly string[]): void;
  /** Sends what is left; what cannot be sent in time is written to the run store. Never rejects. */
  close(): Promise<void>;
}

export interface LiveQueueOptions {
  readonly writer: InfluxWriter;
  readonly clock: Clock;
  readonly flushEveryMs: number;
  /** Milliseconds after each multiple of the interval, by the clock, at which this queue sends. */
  readonly phaseMs: number;
  /** Keeps lines for later. Never rejects. @param isWhole InfluxDB has taken nothing of this queue's so far */
  readonly writeOverflow: (lines: readonly string[], isWhole: boolean) => Promise<void>;
  /** Called with the number of lines that InfluxDB refused permanently. */
  readonly onRefused: (lines: number) => void;
}

/** In one request: a megabyte or two, a tenth of it packed. InfluxDB 3 takes ten. */
export const linesPerPost = 2_000;
/** More than a slice writes in fifteen minutes. Beyond it, lines overflow to save memory, at the cost of their order. */
const maxHeldLines = 20_000;
/** How long an InfluxDB that does not answer may hold up the end of an invocation; a slice keeps two seconds for its end. */
const closeTimeoutMs = 1_000;

export function openLiveQueue({
  writer,
  clock,
  flushEveryMs,
  phaseMs,
  writeOverflow,
  onRefused,
}: LiveQueueOptions): LiveQueue {
  let held: string[] = [];
  let inFlight: readonly string[] = [];
  let draining: Promise<void> | undefined;
  let closed = false;
  let hasSent = false;
  const overflows: Promise<void>[] = [];

  const drain = async (): Promise<void> => {
    while (held.length > 0) {
      inFlight = held.slice(0, linesPerPost);
      held = held.slice(linesPerPost);
      const outcome = await writer.post(inFlight);
      // `close` has written it: it may be there twice, and is then there once.
      if (closed) return;
      if (outcome !== 'unavailable') hasSent = true;
      if (outcome === 'refused') onRefused(inFlight.length);
      if (outcome === 'unavailable') held = [...inFlight, ...held];
      inFlight = [];
      if (outcome === 'unavailable') return;
    }
  };
  const startDraining = (): Promise<void> => {
    draining ??= drain().finally(() => {
      draining = undefined;
    });
    return draining;
  };

  const untilFlushMs = (): number => flushEveryMs - ((clock.now() + flushEveryMs - phaseMs) % flushEveryMs);
  let cancelTick: CancelTimer;
  const tick = (): void => {
    cancelTick = clock.setTimer(untilFlushMs(), tick);
    if (held.length > maxHeldLines) {
      overflows.push(writeOverflow(held, !hasSent));
      held = [];
    }
    if (!writer.isUnavailable) void startDraining();
  };
  cancelTick = clock.setTimer(untilFlushMs(), tick);

  return {
    add(lines) {
      held.push(...lines);
    },
    async close() {
      cancelTick();
      const late = Promise.withResolvers<void>();
      const cancel = clock.setTimer(closeTimeoutMs, late.resolve);
      // What was held back since the last tick joins a batch on its way.
      const sent = async (): Promise<void> => {
        await draining;
        if (!writer.isUnavailable) await startDraining();
      };
      await Promise.race([sent(), late.promise]);
      cancel();
      closed = true;
      const left = [...inFlight, ...held];
      if (left.length > 0) overflows.push(writeOverflow(left, !hasSent));
      await Promise.all(overflows);
    },
  };
}
