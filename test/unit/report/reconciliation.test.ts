import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { MessageLedger, RunLedger } from '../../../src/measure/run-ledger.ts';
import { describeReconciliation, reconcile } from '../../../src/report/reconciliation.ts';
import { randomCases } from '../../support/effort.ts';
import { runOf } from '../../support/report/report-fixture.ts';

const stop = { command: 'stop', reason: 'stopped by the user', at: 0 } as const;

/** A run takes half a second to play, and is not changed by its reconciliation. */
const knownRuns = new Map<string, ReturnType<typeof runOf>>();

function knownRun(profile: object): ReturnType<typeof runOf> {
  const key = JSON.stringify(profile);
  const run = knownRuns.get(key) ?? runOf({}, { ...profile });
  knownRuns.set(key, run);
  return run;
}

/** One line, of a run with these messages, and CloudWatch with these sums. */
function lineOf(
  metric: string,
  sums: Readonly<Record<string, number>>,
  messages: Partial<MessageLedger> = {},
  { profile = {}, ...ledger }: Partial<RunLedger> & { profile?: object } = {},
) {
  const run = knownRun(profile);
  const lines = reconcile(
    run.plan,
    { ...run.ledger, ...ledger, messages: { ...run.ledger.messages, ...messages } },
    { sums, requested: Object.keys(sums) },
  );
  const line = lines.find((each) => each.metric === metric);
  if (line === undefined) throw new Error(`no line for ${metric}`);
  return { ...line, said: describeReconciliation(line) };
}

describe('reconciliation', () => {
  it('writes what the run’s counts explain as an equation', () => {
    expect(lineOf('Connect.Success', { 'Connect.Success': 404 })).toMatchObject({
      difference: 4,
      unexplained: 0,
      said: 'CloudWatch Connect.Success 404 = 400 connects + 4 control channels, one a slice',
    });
    expect(lineOf('PublishIn.Success', { 'PublishIn.Success': 5_700 })).toMatchObject({
      difference: 0,
      said: 'CloudWatch PublishIn.Success 5,700 = 5,700 acked',
    });
    expect(lineOf('Connect.Success', {}).said).toBe('CloudWatch has no Connect.Success yet');
  });

  it('leaves what they do not explain unexplained, on either side', () => {
    expect(lineOf('Connect.Success', { 'Connect.Success': 1_404 })).toMatchObject({
      unexplained: 1_000,
      said: 'CloudWatch Connect.Success 1,404 = 400 connects + 4 control channels, one a slice + 1,000 unexplained',
    });
    expect(lineOf('Connect.Success', { 'Connect.Success': 380 })).toMatchObject({
      unexplained: -24,
      said: 'CloudWatch Connect.Success 380 = 400 connects + 4 control channels, one a slice − 24 unexplained',
    });
  });

  it('is an equation whatever the counts, and takes of no pool more than it has', () => {
    const count = fc.nat(3_000);
    const columns = fc.record({
      acked: count,
      unacknowledged: count,
      failed: count,
      received: count,
      throttled: count,
      lost: count,
      sendUnknown: count,
      ackUnknown: count,
    });
    const property = fc.property(
      columns,
      count,
      count,
      fc.constantFrom('mqtt', 'https'),
      (messages, taken, out, protocol) => {
        const sums = { 'PublishIn.Success': taken, 'PublishIn.Throttle': out, 'Connect.Success': out };
        const profile = { connect: { protocol } };
        for (const metric of protocol === 'mqtt'
          ? Object.keys(sums)
          : ['PublishIn.Success', 'PublishIn.Throttle']) {
          const line = lineOf(metric, sums, messages, { profile });
          const explained = line.explanations.reduce((sum, each) => sum + each.count, 0);
          expect(line.ledger + explained + line.unexplained!).toBe(line.cloudwatch);
          expect(line.said).not.toMatch(/≠|NaN|undefined/);
          if (protocol === 'https') expect(line.said).not.toContain('PUBACK');
        }
      },
    );
    fc.assert(property, randomCases(300));
  });

  it('says of throttled QoS 1 publishes no more than that they may be unacknowledged ones', () => {
    const sums = { 'PublishIn.Success': 5_600, 'PublishIn.Throttle': 100 };
    const messages = { acked: 5_600, unacknowledged: 120, received: 5_600 };
    expect(lineOf('PublishIn.Throttle', sums, messages)).toMatchObject({
      unexplained: 0,
      said: 'CloudWatch PublishIn.Throttle 100 = 0 throttled + 100 that may be among 120 unacknowledged publishes',
    });
  });

  it('says how many at least arrived unacknowledged, and guesses at nothing beyond', () => {
    const line = lineOf(
      'PublishIn.Success',
      { 'PublishIn.Success': 5_698 },
      { acked: 5_600, unacknowledged: 100, received: 5_690 },
    );
    expect(line.said).toBe(
      'CloudWatch PublishIn.Success 5,698 = 5,600 acked + 90 that arrived and were not acknowledged in time + 8 that may be among the other 10 publishes without an acknowledgement',
    );
    // Losses and missing acknowledgements that have nothing to do with each other: no count says how they overlap.
    const apart = { acked: 5_658, unacknowledged: 42, received: 5_640 };
    expect(lineOf('PublishIn.Success', { 'PublishIn.Success': 5_700 }, apart).said).toBe(
      'CloudWatch PublishIn.Success 5,700 = 5,658 acked + 42 that may be among 42 publishes without an acknowledgement',
    );
  });

  it('does not take what slices that died left unknown for late acknowledgements', () => {
    const messages = { acked: 5_000, ackUnknown: 601, sendUnknown: 99, received: 5_601 };
    expect(lineOf('PublishIn.Success', { 'PublishIn.Success': 5_650 }, messages).said).toBe(
      'CloudWatch PublishIn.Success 5,650 = 5,000 acked + 650 that may be publishes which slices that died had sent and not recorded',
    );
    const { devices, slices } = runOf().ledger;
    const dead = {
      devices: { ...devices, connected: 300, unknown: 100 },
      slices: { ...slices, completed: 3, died: 1 },
      generator: { ...runOf().ledger.generator, slices: 3 },
    };
    expect(lineOf('Connect.Success', { 'Connect.Success': 404 }, {}, dead)).toMatchObject({ unexplained: 0 });
  });

  it('holds PublishOut.Throttle against the echoes that are due for what was sent', () => {
    const profile = { echo: { fraction: 0.1 } };
    const { observers } = runOf({}, profile).ledger;
    const echo = observers.echo!;
    const { due } = echo;
    expect(echo).toMatchObject({ arrivals: due, received: due, duplicates: 0, lost: 0 });
    const at = (received: number, of = due) => ({
      ...observers,
      echo: { ...echo, due: of, arrivals: received, received, lost: of - received },
    });
    const missing = { profile, observers: at(due - 50) };
    const sums = { 'PublishOut.Success': due - 50, 'PublishOut.Throttle': 50 };
    expect(lineOf('PublishOut.Throttle', sums, {}, missing)).toMatchObject({
      column: 'missed echoes',
      ledger: 50,
      difference: 0,
    });
    const fewer = { 'PublishOut.Throttle': 30 };
    expect(lineOf('PublishOut.Throttle', fewer, { acked: 5_690 }, missing).said).toBe(
      'CloudWatch PublishOut.Throttle 30 = 50 missed echoes − 10 that may be of publishes which the service did not take − 10 unexplained',
    );
    // What was never sent comes back from nowhere.
    const stopped = { profile, observers: at(2, 2), stoppedOn: stop };
    expect(() => lineOf('PublishOut.Throttle', fewer, {}, stopped)).toThrow('no line');
  });

  describe('of a run with echoes, commands and replies', () => {
    const profile = { echo: { fraction: 0.1 } };
    const { observers, groups } = runOf({}, profile).ledger;
    const observed = (due: number, received: number) => ({
      ...observers.echo!,
      due,
      arrivals: received,
      received,
      lost: due - received,
    });
    // Of 252 deliveries 140 did not come, and of 112 replies 69.
    const of = {
      profile,
      observers: { ...observers, echo: observed(20, 19), downlink: observed(252, 112) },
      downlink: [
        {
          group: 'operator',
          offline: 0,
          kept: 0,
          expired: 0,
          unknown: 0,
          unknownBecause: { 'receiver-ended': 0, 'backend-ended': 0, 'near-offline': 0 },
          replies: { due: 252, replied: 43, timedOut: 209, offline: 0, unknown: 0, late: 0, sent: 112 },
        },
      ],
    };

    it('adds up what the service sent to clients', () => {
      expect(lineOf('PublishOut.Success', { 'PublishOut.Success': 174 }, {}, of).said).toBe(
        'CloudWatch PublishOut.Success 174 = 19 echoes + 112 commands delivered + 43 replies received',
      );
    });

    it('holds PublishOut.Throttle against all that is missing', () => {
      const sums = { 'PublishOut.Success': 174, 'PublishOut.Throttle': 210 };
      expect(lineOf('PublishOut.Throttle', sums, {}, of).said).toBe(
        'CloudWatch PublishOut.Throttle 210 = 1 missed echo + 140 missing deliveries of commands + 69 missing replies',
      );
      expect(lineOf('PublishOut.Throttle', { ...sums, 'PublishOut.Throttle': 317 }, {}, of)).toMatchObject({
        unexplained: 107,
      });
      // Deliveries to devices that were not subscribed in time may be among the refused ones.
      const late = { ...of, downlink: [{ ...of.downlink[0]!, offline: 107 }] };
      const observedLate = { ...of.observers, downlink: { ...observed(359, 112), lost: 247 } };
      expect(
        lineOf(
          'PublishOut.Throttle',
          { ...sums, 'PublishOut.Throttle': 317 },
          {},
          { ...late, observers: observedLate },
        ).said,
      ).toContain('+ 107 that may be among 107 commands that were due while their device was not subscribed');
    });

    it('holds PublishIn.Throttle against commands too', () => {
      const backend = {
        ...groups[0]!,
        sendsCommands: true as const,
        acknowledged: true,
        messages: {
          ...groups[0]!.messages,
          sent: 50,
          acked: 20,
          throttled: 10,
          failed: 0,
          unacknowledged: 20,
        },
      };
      const withBackend = { ...of, downlink: [], groups: [...groups, backend] };
      expect(lineOf('PublishIn.Throttle', { 'PublishIn.Throttle': 25 }, {}, withBackend).said).toBe(
        'CloudWatch PublishIn.Throttle 25 = 0 throttled + 10 commands of backends + 15 that may be among 20 commands without an acknowledgement',
      );
    });
  });

  it('counts the stop message', () => {
    const { slices } = runOf().ledger;
    const stopped = { stoppedOn: stop, slices: { ...slices, completed: 0, stopped: 4 } };
    const profile = { echo: { fraction: 0.1 } };
    const sums = { 'PublishOut.Success': 64 };
    const { observers } = runOf({}, profile).ledger;
    const echo = { ...observers.echo!, due: 60, arrivals: 60, received: 60 };
    const of = { profile, observers: { ...observers, echo }, ...stopped };
    expect(lineOf('PublishOut.Success', sums, {}, of).said).toBe(
      'CloudWatch PublishOut.Success 64 = 60 echoes + 4 of the stop message, one a slice',
    );
    const https = { profile: { connect: { protocol: 'https' } }, ...stopped };
    expect(lineOf('PublishIn.Success', { 'PublishIn.Success': 5_701 }, {}, https).said).toBe(
      'CloudWatch PublishIn.Success 5,701 = 5,700 acked + 1 stop message, published over HTTPS',
    );
  });

  it('counts announcements of actions', () => {
    const action = { at: 0, action: { kind: 'disconnect', share: 0.5 } };
    const profile = { echo: { fraction: 0.1 } };
    const { observers } = runOf({}, profile).ledger;
    const echo = { ...observers.echo!, due: 60, arrivals: 60, received: 60 };
    const of = { profile, observers: { ...observers, echo }, actions: [action, action] };
    expect(lineOf('PublishOut.Success', { 'PublishOut.Success': 64 }, {}, of).said).toBe(
      'CloudWatch PublishOut.Success 64 = 60 echoes + 4 of announcements of actions, to control channels',
    );
    const https = { profile: { connect: { protocol: 'https' } }, actions: [action] };
    expect(lineOf('PublishIn.Success', { 'PublishIn.Success': 5_701 }, {}, https).said).toBe(
      'CloudWatch PublishIn.Success 5,701 = 5,700 acked + 1 of announcements of actions, published over HTTPS',
    );
  });

  it('counts a throttled publish at QoS 0 as lost', () => {
    const sums = { 'PublishIn.Success': 5_400, 'PublishIn.Throttle': 300 };
    const messages = { received: 5_400, lost: 300, acked: 0 };
    const qos0 = { profile: { publish: { qos: 0 } } };
    expect(lineOf('PublishIn.Success', sums, messages, qos0).said).toBe(
      'CloudWatch PublishIn.Success 5,400 = 5,700 sent − 300 that CloudWatch counts as throttled (PublishIn.Throttle)',
    );
    expect(lineOf('PublishIn.Throttle', sums, messages, qos0)).toMatchObject({ unexplained: 0 });
  });
});
