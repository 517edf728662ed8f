/** A process that puts a load on a broker through Stampede's slice runner, with one of three clients. */

import { runSlice } from '../../../src/device/slice-runner.ts';
import { LatencyHistogram } from '../../../src/measure/latency-histogram.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { makeSystemClock } from '../../../src/shared/clock.ts';
import { sampleAt, serveMeasurement } from '../measured-process.ts';
import { makeTransportOf } from './clients.ts';
import { type Load, type LoadReport, messagesOf, type RunnerLoad } from './load.ts';

/** Far more than any of them needs: what is measured is the load that comes after. */
const connectsPerSecond = 1_000;
const settleMs = 500;

serveMeasurement(runLoad);

async function runLoad(load: RunnerLoad): Promise<LoadReport> {
  const transport = await makeTransportOf(load.client, load.target, load);
  const plan = planOf(load);
  const { startAt, publishAt, publishEndAt } = plan.timeline;
  const measureAt = publishAt + load.warmUpSeconds * 1_000;
  const samples = Promise.all([startAt - 20, publishAt - 20, measureAt, publishEndAt].map(sampleAt));
  const result = await runSlice({
    plan,
    slice: 0,
    transport,
    clock: makeSystemClock(),
    random: Math.random,
    onCheckpoint: async () => {},
    onSnapshot: () => {},
    stop: new AbortController().signal,
    checkpointEveryMs: 3_600_000,
  });
  const { perSecond, messages } = result;
  const countOf = (counts: readonly number[]): number =>
    counts
      .slice(measureAt / 1_000 - perSecond.startSecond, publishEndAt / 1_000 - perSecond.startSecond)
      .reduce((sum, count) => sum + count, 0);
  const { p50, p99, p999, max } = LatencyHistogram.decode(result.latencies.send_lag).summary();
  const [idle, connected, begin, end] = await samples;
  return {
    sent: countOf(perSecond.sent),
    acked: countOf(perSecond.acked),
    cpuSeconds: end!.cpuSeconds - begin!.cpuSeconds,
    kernelSeconds: end!.kernelSeconds - begin!.kernelSeconds,
    wallSeconds: (end!.atMs - begin!.atMs) / 1_000,
    rssBytes: { idle: idle!.rssBytes, connected: connected!.rssBytes, loaded: end!.rssBytes },
    sendLagMs: { p50, p99, p999, max },
    missed: messages.dropped + (load.qos === 1 ? messages.sent - messages.acked : 0),
  };
}

/** Whole epoch seconds, because that is how the runner counts. */
function planOf(load: Load): Plan {
  const seconds = load.warmUpSeconds + load.seconds;
  const profile = parseLoadProfile({
    name: 'bench',
    devices: load.devices,
    connect: { client: 'dense', ratePerSecond: connectsPerSecond, timeout: '30s' },
    publish: {
      qos: load.qos,
      sizeBytes: load.sizeBytes,
      payload: { temperature: '{{gaussian(21, 2)}}', state: "{{choice('on','off')}}" },
    },
    // Up from nothing, as a load test should: cold code that gets the whole rate at once is late for half a second.
    stages: [
      { duration: `${load.warmUpSeconds}s`, target: load.ratePerSecond },
      { duration: `${load.seconds}s`, target: load.ratePerSecond },
    ],
  });
  const createdAt = Date.now();
  const startAt = createdAt + 200;
  const connectMs = (load.devices / connectsPerSecond) * 1_000 + settleMs;
  const publishAt = Math.ceil((startAt + connectMs) / 1_000) * 1_000;
  const publishEndAt = publishAt + seconds * 1_000;
  return {
    version: 1,
    runId: 'bench',
    topicRoot: 'stampede', // as in the topics of the other generators
    profile,
    timeline: {
      createdAt,
      startAt,
      publishAt,
      publishEndAt,
      drainEndAt: publishEndAt + profile.drainMs,
      deadlineAt: publishEndAt + 60_000,
    },
    load: { messages: messagesOf(load), peakPerSecond: load.ratePerSecond },
    slices: { count: 1, devicesPerSlice: load.devices },
  };
}
