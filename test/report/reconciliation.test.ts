import { describe, expect, it } from '@jest/globals';
import type { MessageLedger, RunLedger } from '../../src/measure/run-ledger.ts';
import { reconcile } from '../../src/report/reconciliation.ts';
import { describeDifference } from '../../src/report/report-figures.ts';
import { runOf } from './report-fixture.ts';

const stop = { command: 'stop', reason: 'stopped by the user', at: 0 } as const;

/** One line, of a run with these messages, and CloudWatch with these sums. */
function lineOf(
  metric: string,
  sums: Readonly<Record<string, number>>,
  messages: Partial<MessageLedger> = {},
  { profile = {}, ...ledger }: Partial<RunLedger> & { profile?: object } = {},
) {
  const run = runOf({}, { ...profile });
  const lines = reconcile(
    run.plan,
    { ...run.ledger, ...ledger, messages: { ...run.ledger.messages, ...messages } },
    { sums, asked: Object.keys(sums) },
  );
  const line = lines.find((each) => each.metric === metric);
  if (line === undefined) throw new Error(`no line for ${metric}`);
  return { ...line, said: describeDifference(line) };
}

describe('reconciliation', () => {
  it('knows throttled QoS 1 publishes as unacknowledged ones', () => {
    const sums = { 'PublishIn.Success': 5_600, 'PublishIn.Throttle': 100 };
    const messages = { acked: 5_600, unacknowledged: 100, received: 5_600 };
    expect(lineOf('PublishIn.Throttle', sums, messages)).toMatchObject({
      difference: 100,
      unexplained: 0,
      said: '100 are unacknowledged in the ledger: a throttled QoS 1 publish gets no PUBACK',
    });
    expect(lineOf('PublishIn.Success', sums, messages)).toMatchObject({ difference: 0, said: '' });
  });

  it('knows publishes that were taken, and whose PUBACK did not come in time', () => {
    const line = lineOf(
      'PublishIn.Success',
      { 'PublishIn.Success': 5_698 },
      { acked: 5_600, unacknowledged: 100, received: 5_690 },
    );
    expect(line).toMatchObject({ difference: 98, unexplained: 0 });
    expect(line.explanations).toEqual([
      { count: 90, why: 'arrived, though their acknowledgement came late or never' },
      { count: 8, why: 'may have been taken, though nobody saw them arrive or be acknowledged' },
    ]);
  });

  it('holds PublishOut.Throttle against the echoes that were planned and did not come', () => {
    const profile = { echo: { fraction: 0.1 } };
    const planned = runOf({}, profile).ledger.echoed;
    const missing = { profile, echoed: planned - 50 };
    const sums = { 'PublishOut.Success': planned - 50, 'PublishOut.Throttle': 50 };
    expect(lineOf('PublishOut.Throttle', sums, {}, missing)).toMatchObject({
      column: 'missed echoes',
      ledger: 50,
      difference: 0,
    });
    const fewer = { 'PublishOut.Throttle': 30 };
    expect(lineOf('PublishOut.Throttle', fewer, {}, missing)).toMatchObject({ unexplained: -20 });
    expect(lineOf('PublishOut.Throttle', fewer, { acked: 5_690 }, missing)).toMatchObject({
      unexplained: -10,
      said: '10 may be of publishes that were not taken: there was nothing to send back; 10 unexplained',
    });
  });

  it('knows the control channels, and the stop message on them', () => {
    expect(lineOf('Connect.Success', { 'Connect.Success': 404 })).toMatchObject({ unexplained: 0 });
    const profile = { echo: { fraction: 0.1 } };
    const sums = { 'PublishOut.Success': 64 };
    expect(lineOf('PublishOut.Success', sums, {}, { profile, echoed: 60, stoppedOn: stop })).toMatchObject({
      column: 'echoes',
      said: '4 are the stop message, one a slice',
    });
  });

  it('knows the stop message of a run over HTTPS', () => {
    const profile = { connect: { protocol: 'https' } };
    const line = lineOf(
      'PublishIn.Success',
      { 'PublishIn.Success': 5_701 },
      {},
      { profile, stoppedOn: stop },
    );
    expect(line.said).toBe('1 is the stop message, published over HTTPS');
  });

  it('knows that QoS 0 loses what is throttled', () => {
    const sums = { 'PublishIn.Success': 5_400, 'PublishIn.Throttle': 300 };
    const messages = { received: 5_400, lost: 300, acked: 0 };
    const qos0 = { profile: { publish: { qos: 0 } } };
    expect(lineOf('PublishIn.Success', sums, messages, qos0)).toMatchObject({
      difference: -300,
      unexplained: 0,
    });
    expect(lineOf('PublishIn.Throttle', sums, messages, qos0)).toMatchObject({ unexplained: 0 });
  });

  it('explains no more than there is, and leaves the rest unexplained', () => {
    expect(lineOf('Connect.Success', { 'Connect.Success': 402 })).toMatchObject({
      explanations: [{ count: 2 }],
      unexplained: 0,
    });
    expect(lineOf('Connect.Success', { 'Connect.Success': 1_404 })).toMatchObject({
      unexplained: 1_000,
      said: '4 are control channels, one a slice; 1,000 unexplained',
    });
    expect(lineOf('Connect.Success', { 'Connect.Success': 380 })).toMatchObject({
      explanations: [],
      unexplained: -20,
    });
  });
});
