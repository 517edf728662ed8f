import { describe, expect, it } from '@jest/globals';
import type { GroupLedger } from '../../../src/measure/group-totals.ts';
import { LatencyHistogram } from '../../../src/measure/latency-histogram.ts';
import type { RunLedger } from '../../../src/measure/run-ledger.ts';
import { summarizeGenerator } from '../../../src/report/generator-summary.ts';
import { runOf } from '../../support/report/report-fixture.ts';

const { ledger } = runOf();

interface Case {
  readonly lagMs?: number;
  readonly droppedBy?: RunLedger['droppedBy'];
  readonly connectFailedBy?: RunLedger['connectFailedBy'];
  readonly failedBy?: RunLedger['failedBy'];
  readonly connectsThrottled?: number;
  readonly sent?: number;
  /** Of the first 950 of 1,000 messages, where the others waited for devices that slept. */
  readonly connectedLagMs?: number;
  /** Why, of each group. */
  readonly lateAs?: readonly GroupLedger['lateAs'][];
}

const sumOf = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((a, b) => a + b, 0);

/** The same run with another generator, and messages that left as late as this, or not at all. */
function healthOf(
  generator: Partial<RunLedger['generator']>,
  { lagMs = 0.4, droppedBy = {}, connectFailedBy = {}, failedBy = {}, ...rest }: Case = {},
) {
  const send_lag = new LatencyHistogram();
  const { sent = 1_000 } = rest;
  for (let i = 0; i < sent; i++) send_lag.record(lagMs);
  const connectedSendLag = new LatencyHistogram();
  if (rest.connectedLagMs === undefined) connectedSendLag.merge(send_lag);
  else for (let i = 0; i < 950; i++) connectedSendLag.record(rest.connectedLagMs);
  const [group] = ledger.groups;
  const failures = { ...group!.failures, failedBy, connectFailedBy, disconnectedBy: {} };
  const groups = (rest.lateAs ?? [undefined]).map((lateAs) => ({
    ...group!,
    droppedBy,
    failures,
    ...(lateAs && { lateAs }),
  }));
  const dropped = sumOf(droppedBy);
  return summarizeGenerator(
    {
      ...ledger,
      droppedBy,
      connectFailedBy,
      failedBy,
      disconnectedBy: {},
      generator: { ...ledger.generator, peakCpuShare: 0.41, ...generator },
      messages: { ...ledger.messages, sent, dropped, intended: sent + dropped, failed: sumOf(failedBy) },
      latencies: { ...ledger.latencies, send_lag },
      connectedSendLag,
      groups,
    },
    rest.connectsThrottled,
  ).health;
}

const emfile = 'EMFILE (this process may open no more files)';
const ease = 'at most 41 % of a vCPU in a slice, event loop delay p99 1.2 ms';

describe('what the counts say of the generator', () => {
  it.each<
    [name: string, generator: Partial<RunLedger['generator']>, run: Case, state: string, sentence: string]
  >([
    ['on time', {}, {}, 'kept-up', `The generator kept up: send lag p99 0.4 ms, nothing dropped, ${ease}.`],
    [
      'on time, and stopped',
      {},
      { droppedBy: { stopped: 3 } },
      'kept-up',
      `The generator kept up: send lag p99 0.4 ms, nothing dropped but 3 by the stop, ${ease}.`,
    ],
    [
      'on time, and busy',
      { peakCpuShare: 0.98 },
      {},
      'strained',
      'The generator was on time, with little to spare (a slice took 98 % of a vCPU): send lag p99 0.4 ms, nothing dropped.',
    ],
    [
      'late and busy, which proves nothing of the service',
      { eventLoopDelayP99Ms: 34 },
      { lagMs: 40, droppedBy: { backlog: 7 } },
      'bottleneck',
      'The generator was the bottleneck (event loop delay p99 34 ms): 1 % of the messages left 40 ms late or more and 7 messages were never sent: acknowledgements of earlier ones were outstanding.',
    ],
    [
      'busy, and on time but for devices that slept',
      { eventLoopDelayP99Ms: 34 },
      { lagMs: 4_000, connectedLagMs: 2, lateAs: ['asleep', undefined] },
      'waited',
      'The generator was strained (event loop delay p99 34 ms), and yet not the cause: 1 % of the messages left 4 s late or more, for devices that slept when they were due.',
    ],
    [
      'busy, and on time but for devices of several groups that were not connected',
      { eventLoopDelayP99Ms: 34 },
      { lagMs: 18, connectedLagMs: 2, lateAs: ['new', 'each-message', 'asleep', 'asleep'] },
      'waited',
      'The generator was strained (event loop delay p99 34 ms), and yet not the cause: 1 % of the messages left 18 ms late or more, for devices that had just taken the place of others, or connect for each message, or slept when they were due.',
    ],
    [
      'busy, and on time but for devices that were disconnected',
      { eventLoopDelayP99Ms: 34 },
      { lagMs: 4_000, connectedLagMs: 2 },
      'waited',
      'The generator was strained (event loop delay p99 34 ms), and yet not the cause: 1 % of the messages left 4 s late or more, for devices that had been disconnected.',
    ],
    [
      'busy and late, also for devices that did not sleep',
      { eventLoopDelayP99Ms: 34 },
      { lagMs: 4_000, connectedLagMs: 40 },
      'bottleneck',
      'The generator was the bottleneck (event loop delay p99 34 ms): 1 % of the messages that were due while their devices were connected left 40 ms late or more.',
    ],
    [
      'late and busy, and the endpoint refused connects besides, which is not its doing',
      { eventLoopDelayP99Ms: 34 },
      { lagMs: 40, droppedBy: { 'not-connected': 7 }, connectFailedBy: { ServerUnavailable: 12 } },
      'bottleneck',
      'The generator was the bottleneck (event loop delay p99 34 ms): 1 % of the messages left 40 ms late or more. Beside that, 7 messages were never sent: no connection (connects failed at the endpoint or in the network: ServerUnavailable 12).',
    ],
    [
      'late without being busy',
      {},
      { lagMs: 800 },
      'waited',
      `The generator had time to spare (${ease}), and yet 1 % of the messages left 800 ms late or more.`,
    ],
    [
      'a slice started late, and its devices were not connected in time',
      { startLagMs: 72_000 },
      { droppedBy: { 'not-connected': 250 } },
      'bottleneck',
      'The generator was the bottleneck (a slice was ready 72 s late): 250 messages were never sent: no connection (no connect had failed).',
    ],
    [
      'everything was dropped by a late start',
      { startLagMs: 72_000 },
      { droppedBy: { 'not-connected': 1_000 }, sent: 0 },
      'bottleneck',
      'The generator was the bottleneck (a slice was ready 72 s late): 1,000 messages were never sent: no connection (no connect had failed).',
    ],
    [
      'a slice started so late that the stop came first',
      { startLagMs: 72_000 },
      { droppedBy: { stopped: 1_000 }, sent: 0 },
      'idle',
      'The generator sent nothing: the run ended before any message was sent (a slice was ready 72 s late).',
    ],
    ['no message was due', {}, { sent: 0 }, 'idle', 'The generator sent nothing: no message was due.'],
    [
      'everything was dropped, for the endpoint refused the connects',
      {},
      { droppedBy: { 'not-connected': 1_000 }, connectFailedBy: { ECONNREFUSED: 500 }, sent: 0 },
      'waited',
      `The generator had time to spare (${ease}), and yet 1,000 messages were never sent: no connection (connects failed at the endpoint or in the network: ECONNREFUSED 500).`,
    ],
    [
      'the endpoint refused connects of a generator that was busy as well',
      { peakCpuShare: 0.95 },
      { droppedBy: { 'not-connected': 9 }, connectFailedBy: { NotAuthorized: 20 } },
      'waited',
      'The generator was strained (a slice took 95 % of a vCPU), and yet not the cause: 9 messages were never sent: no connection (connects failed at the endpoint or in the network: NotAuthorized 20).',
    ],
    [
      'a quota refused connects',
      {},
      { droppedBy: { 'not-connected': 9 }, connectFailedBy: { QuotaExceeded: 20 } },
      'waited',
      `The generator had time to spare (${ease}), and yet 9 messages were never sent: no connection (a quota refused connects: QuotaExceeded 20).`,
    ],
    [
      'a quota refused connects, and only CloudWatch says so',
      {},
      {
        droppedBy: { 'not-connected': 9 },
        connectFailedBy: { ServerUnavailable: 20 },
        connectsThrottled: 20,
      },
      'waited',
      `The generator had time to spare (${ease}), and yet 9 messages were never sent: no connection (connects failed at the endpoint or in the network: ServerUnavailable 20; CloudWatch counts 20 connects refused for a quota).`,
    ],
    [
      'this machine was out of descriptors',
      {},
      { droppedBy: { 'not-connected': 9 }, connectFailedBy: { [emfile]: 20 } },
      'bottleneck',
      `The generator was the bottleneck (this machine refused connections or requests: ${emfile} 20): 9 messages were never sent: no connection (this machine failed connects: ${emfile} 20). Raise the limit of open files (ulimit -n), or plan fewer devices in a slice (slices.devicesPerSlice).`,
    ],
    [
      'this machine was out of descriptors, and an attempt had no answer yet when its slice ended',
      {},
      {
        droppedBy: { 'not-connected': 9 },
        connectFailedBy: { [emfile]: 20, 'no answer before the slice ended': 1 },
      },
      'bottleneck',
      `The generator was the bottleneck (this machine refused connections or requests: ${emfile} 20): 9 messages were never sent: no connection (this machine failed connects: ${emfile} 20; no answer before the slice ended 1). Raise the limit of open files (ulimit -n), or plan fewer devices in a slice (slices.devicesPerSlice).`,
    ],
    [
      'no attempt had an answer when the slices ended',
      {},
      { droppedBy: { 'not-connected': 9 }, connectFailedBy: { 'no answer before the slice ended': 5 } },
      'waited',
      `The generator had time to spare (${ease}), and yet 9 messages were never sent: no connection (no answer before the slice ended 5).`,
    ],
    [
      'requests could not be signed',
      {},
      { droppedBy: { 'not-connected': 4 }, connectFailedBy: { CredentialsProviderError: 4 } },
      'bottleneck',
      'The generator was the bottleneck (this machine refused connections or requests: CredentialsProviderError 4): 4 messages were never sent: no connection (this machine failed connects: CredentialsProviderError 4).',
    ],
    [
      'a connect found no local port, and a retry did',
      {},
      { connectFailedBy: { EADDRNOTAVAIL: 2 } },
      'strained',
      'The generator was on time, with little to spare (this machine refused connections or requests: EADDRNOTAVAIL 2): send lag p99 0.4 ms, nothing dropped.',
    ],
    [
      'slices failed, for no device connected',
      {},
      { droppedBy: { 'slice-failed': 500 }, connectFailedBy: { ECONNREFUSED: 50 } },
      'waited',
      `The generator had time to spare (${ease}), and yet 500 messages were never sent: the slice failed (connects failed at the endpoint or in the network: ECONNREFUSED 50).`,
    ],
  ])('%s', (_, generator, run, state, sentence) => {
    const health = healthOf(generator, run);
    expect(health.sentence).toBe(sentence);
    expect(health.state).toBe(state);
  });

  it('is the generator’s where a slice died', () => {
    const { ledger: died } = runOf({ died: [1] });
    expect(summarizeGenerator(died).health).toMatchObject({ state: 'bottleneck', signs: ['1 slice died'] });
  });
});
