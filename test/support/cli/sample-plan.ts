import type { Plan } from '../../../src/plan/plan.ts';
import type { LoadProfile } from '../../../src/profile/load-profile.ts';

/** 2026-01-01T00:00:00Z */
const createdAt = 1_767_225_600_000;

const profile: LoadProfile = {
  name: 'sample',
  devices: 12_000,
  seed: 1,
  connect: {
    protocol: 'mqtt',
    client: 'dense',
    ratePerSecond: 400,
    keepAliveMs: 300_000,
    cleanStart: true,
    timeoutMs: 10_000,
  },
  publish: {
    topic: 'stampede/{runId}/{deviceId}/telemetry',
    qos: 1,
    payload: {},
    sizeBytes: 512,
    ackTimeoutMs: 5_000,
    maxUnacknowledged: 100,
  },
  startRatePerSecond: 0,
  stages: [
    { durationMs: 10_000, targetPerSecond: 20_000 },
    { durationMs: 60_000, targetPerSecond: 20_000 },
  ],
  echo: { fraction: 0 },
  slices: { toleratedFailureShare: 0 },
  drainMs: 10_000,
  limits: { enforce: true, quotaShare: 1 },
  allowedHosts: [],
  thresholds: {},
};

/** 12,000 devices, up to 20,000 messages a second: connect 30 s, publish 70 s, drain 10 s. */
export const samplePlan: Plan = {
  version: 1,
  runId: 'sample-20260101T000000Z-0000',
  profile,
  timeline: {
    createdAt,
    startAt: createdAt + 5_000,
    publishAt: createdAt + 35_000,
    publishEndAt: createdAt + 105_000,
    drainEndAt: createdAt + 115_000,
    deadlineAt: createdAt + 175_000,
  },
  load: { messages: 1_300_000, peakPerSecond: 20_000 },
  slices: { count: 24, devicesPerSlice: 500 },
};
