import { describeDevices } from '../../../src/device/slice-devices.ts';
import { measureArrivals } from '../../../src/measure/arrivals.ts';
import { LatencySeconds } from '../../../src/measure/latency-seconds.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import type { RunLedger } from '../../../src/measure/run-ledger.ts';
import type { SliceDeath } from '../../../src/measure/slice-death.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import { type Backlog, emptyBacklog } from '../../../src/measure/unread-backlog.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { makeSliceSchedule } from '../../../src/plan/schedule.ts';
import { sliceOf } from '../../../src/plan/slices.ts';
import { buildReport } from '../../../src/report/build-report.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { histogramOf, planOf, resultOf } from '../measure/run-fixture.ts';

/** What goes wrong in a run; nothing unless said. */
export interface Troubles {
  /** Of a thousand messages, by their number in the slice. */
  readonly lostPerThousand?: number;
  readonly throttledPerThousand?: number;
  /** Each of them arrives twice. */
  readonly duplicatedPerThousand?: number;
  /** Slices that leave a checkpoint of their first half. */
  readonly died?: readonly number[];
  /** Of the generator: it was busy, and every message left this much later. */
  readonly busyMs?: number;
  /** Clocks apart: arrivals are stamped this much earlier. */
  readonly clockOffsetMs?: number;
  /** Where what is lost is instead. */
  readonly backlog?: Partial<Backlog>;
}

export const requested = ['PublishIn.Success', 'PublishIn.Throttle', 'PublishOut.Success', 'Connect.Success'];

/** Ledgers by what was played and what went wrong, whatever thresholds it is held against. */
const played = new Map<string, ReturnType<typeof makeLedger>>();

/** The same run at every call: 400 devices in 4 slices, 3 s up to 600/s, 7 s there, 2 s down. */
export function runOf(
  { backlog, ...troubles }: Troubles = {},
  profile: Readonly<Record<string, unknown>> = {},
) {
  const plan = planOf({
    name: 'smoke',
    devices: 400,
    slices: { devicesPerSlice: 100 },
    stages: [
      { duration: '3s', target: 600 },
      { duration: '7s', target: 600 },
      { duration: '2s', target: 0 },
    ],
    drain: '3s',
    thresholds: {
      end_to_end_latency: ['p(95)<1000', 'p(99.9)<2000'],
      lost_messages: ['count==0'],
      throttled_messages: ['rate<0.001'],
      'cloudwatch.PublishIn.Throttle': ['count==0'],
    },
    ...profile,
  });
  const key = JSON.stringify([troubles, plan], (name, value) => (name === 'thresholds' ? undefined : value));
  const ledger = played.get(key) ?? makeLedger(plan);
  if (!played.has(key))
    for (let slice = 0; slice < plan.slices.count; slice++) playSlice(plan, slice, troubles, ledger);
  played.set(key, ledger);
  return { plan, ledger: ledger.close({ ...emptyBacklog, ...backlog }) };
}

export function reportOf(
  { plan, ledger }: { plan: Plan; ledger: RunLedger },
  sums: Readonly<Record<string, number>> = {
    'PublishIn.Success': ledger.messages.acked,
    'Connect.Success': 404,
  },
): Report {
  return buildReport({
    plan,
    ledger,
    cloudwatch: { sums, requested },
    now: plan.timeline.drainEndAt + 1_500,
  });
}

function playSlice(
  plan: Plan,
  slice: number,
  troubles: Troubles,
  ledger: ReturnType<typeof makeLedger>,
): void {
  const { publishAt } = plan.timeline;
  const { devices, messages } = sliceOf(plan, slice);
  const schedule = makeSliceSchedule(sliceOf(plan, slice));
  const died = troubles.died?.includes(slice) === true;
  const last = died ? Math.floor(messages / 2) : messages;
  const inThousand = (n: number, count = 0, from = 0) =>
    (n * 7 + slice) % 1000 >= from && (n * 7 + slice) % 1000 < from + count;
  const numbers = Array.from({ length: last }, (_, n) => n);
  const throttled = numbers.filter((n) => inThousand(n, troubles.throttledPerThousand));
  const lag = (n: number) => (troubles.busyMs ?? 0) + 0.05 + ((n * 13) % 100) / 250;
  const roundTrip = (n: number) => 6 + ((n * 31) % 97) / 10;

  const startSecond = Math.floor(publishAt / 1000) - 2;
  const seconds = 17;
  const intended: number[] = new Array(seconds).fill(0);
  for (const n of numbers) intended[Math.floor((publishAt + schedule.offsetMs(n)) / 1000) - startSecond]!++;

  const echoes = describeDevices(sliceOf(plan, slice));
  const echoed = numbers.filter((n) => echoes.echoes(n % devices));
  const echoedBySecond: number[] = new Array(seconds).fill(0);
  for (const n of echoed)
    echoedBySecond[Math.floor((publishAt + schedule.offsetMs(n)) / 1000) - startSecond]!++;

  const pubacks = new LatencySeconds();
  for (const n of numbers) pubacks.record(publishAt + schedule.offsetMs(n) + roundTrip(n), roundTrip(n));

  const echoTimes = echoed.map((n) => ({ n, us: Math.round(roundTrip(n) * 2_500) }));
  const [quickestEcho] = echoTimes.toSorted((a, b) => a.us - b.us);

  const base = resultOf(plan, slice, numbers);
  const result: SliceResult = {
    ...base,
    outcome: died ? 'running' : 'completed',
    at: died ? publishAt + schedule.offsetMs(last - 1) : base.at,
    lastSentAt: publishAt + schedule.offsetMs(last - 1) + lag(last - 1),
    messages: {
      ...base.messages,
      intended: last,
      dropped: 0,
      acked: last - throttled.length,
      throttled: throttled.length,
      echoed: echoed.length,
    },
    streams: [{ intended: last, sent: base.streams[0]!.sent }],
    ...(echoed.length > 0 && {
      observed: { echo: { arrivals: echoed.length, seen: [[0, echoed.length]] } },
    }),
    droppedBy: {},
    generator: {
      ...base.generator,
      eventLoopDelayP99Ms: troubles.busyMs ?? base.generator.eventLoopDelayP99Ms,
    },
    disconnectedBy: died ? { 'keep-alive timeout': 3 } : {},
    perSecond: {
      startSecond,
      intended,
      sent: intended,
      acked: intended,
      ...(echoed.length > 0 ? { echoed: echoedBySecond } : {}),
      connected: intended.map((_, i) => (i === 0 ? devices / 2 : devices)),
    },
    connects: { startSecond, offered: [devices / 2, devices / 2], granted: [devices / 2, devices / 2] },
    latencies: {
      connect: histogramOf(Array.from({ length: devices }, (_, i) => 4 + ((i * 17) % 60) / 5)),
      puback_round_trip: histogramOf(numbers.map(roundTrip)),
      echo_latency: histogramOf(echoed.map((n) => lag(n) + roundTrip(n) * 2.5)),
      send_lag: histogramOf(numbers.map(lag)),
    },
    ...(quickestEcho === undefined ? {} : { quickestEcho }),
    latencyPerSecond: { puback_round_trip: pubacks.encode() },
  };
  ledger.addSlice(result);
  if (died) ledger.addDeath(deathOf(slice, result.at + 500));

  const arrived = numbers.filter(
    (n) => !inThousand(n, troubles.throttledPerThousand) && !inThousand(n, troubles.lostPerThousand, 500),
  );
  const twice = arrived.filter((n) => inThousand(n, troubles.duplicatedPerThousand, 900));
  const Records = [...arrived, ...twice].map((n, i) => {
    const at = Math.round((publishAt + schedule.offsetMs(n)) * 1000) / 1000;
    const sent = Math.round((at + lag(n)) * 1000) / 1000;
    const arrivedAt = Math.floor(sent + 9 + roundTrip(n) * 2 - (troubles.clockOffsetMs ?? 0));
    return {
      messageId: `${slice}-${i}`,
      body: JSON.stringify({ run: plan.runId, slice, n, device: n % devices, at, sent, rule: arrivedAt - 8 }),
      attributes: { SentTimestamp: String(arrivedAt) },
    };
  });
  for (const window of measureArrivals({ Records }, publishAt).windows) ledger.addWindow(window);
}

/** As Lambda reports a function that threw. */
function deathOf(slice: number, at: number): SliceDeath {
  const cause = { errorType: 'TypeError', errorMessage: 'x is not a function', trace: [] };
  return { slice, leg: 0, at, failure: { Error: 'TypeError', Cause: JSON.stringify(cause) } };
}
