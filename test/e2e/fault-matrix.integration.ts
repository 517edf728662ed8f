import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeWorkplace } from '../support/cli/run-cli.ts';
import { falseSentences, sentencesOfPage } from '../support/report/sentences.ts';
import { processesOfFunction } from '../support/run/function-processes.ts';
import { playRecorded, type RecordedRun } from '../support/run/recorded-run.ts';

// Every fault of the service, a quota and the signals to our own processes, each against a recorder in IoT Core's process:
// the report agrees with it to the message, and no sentence of the report is false.

const load = {
  devices: 50,
  connect: { client: 'dense', ratePerSecond: 400 },
  ratePerSecond: 60,
  duration: '5s',
  publish: { ackTimeout: '2s' },
  slices: { devicesPerSlice: 25, toleratedFailureShare: 0.5 },
  drain: '2s',
};

interface Row {
  readonly name: string;
  readonly profile?: object;
  readonly args?: readonly string[];
  readonly faults?: object;
  readonly during?: (runs: string) => Promise<void>;
  readonly slicesKilled?: number;
  /** Of the slices that were. */
  readonly diedOf?: string;
  /** PUBACKs that came after the ack timeout, or to connections that had ended, are not acknowledgements to a device. */
  readonly areAcksLate?: boolean;
}

const faults = (faults: object) => ({ faults, args: ['--faults', JSON.stringify(faults)] });

/** Sends signals to the processes of a function, as many as there are or the last one only. */
const signal =
  (name: string, signals: readonly NodeJS.Signals[], only?: 'last') =>
  async (runs: string): Promise<void> => {
    await sleep(1_500);
    const pids = processesOfFunction(runs, name).slice(only === 'last' ? -1 : 0);
    expect(pids.length).toBeGreaterThan(0);
    for (const each of signals) {
      for (const pid of pids) process.kill(pid, each);
      await sleep(1_000);
    }
  };

const rows: readonly Row[] = [
  { name: 'no-fault' },
  { name: 'drop-deliveries', ...faults({ dropDeliveries: 0.1 }) },
  { name: 'duplicate-deliveries', ...faults({ duplicateDeliveries: 0.1 }) },
  { name: 'late-deliveries', ...faults({ deliveryDelay: 300 }) },
  { name: 'quiet-queue-held', ...faults({ queueHoldMs: 3000 }) },
  { name: 'drop-acks', ...faults({ dropAcks: 0.1 }) },
  { name: 'late-acks', ...faults({ ackDelay: 300 }) },
  { name: 'disconnects', ...faults({ disconnectPerMinute: 1 }), areAcksLate: true },
  { name: 'refused-connects', ...faults({ refuseConnects: 0.3 }) },
  { name: 'echoes', profile: { echo: { fraction: 1 } } },
  { name: 'connects-quota', args: ['--quota', 'connects=5', '--force'] },
  { name: 'connections-quota', args: ['--quota', 'connections=30', '--force'] },
  { name: 'publishes-per-connection-quota', args: ['--quota', 'publishesPerConnection=1', '--force'] },
  { name: 'rule-evaluations-quota', args: ['--quota', 'ruleEvaluations=40', '--force'] },
  { name: 'publish-quota', args: ['--quota', 'publishIn=40', '--force'] },
  {
    name: 'slice-stopped-for-1-s',
    during: signal('publish-mqtt', ['SIGSTOP', 'SIGCONT'], 'last'),
    areAcksLate: true,
  },
  { name: 'slice-killed', during: signal('publish-mqtt', ['SIGKILL'], 'last'), slicesKilled: 1 },
  {
    name: 'slice-stopped-for-good',
    during: signal('publish-mqtt', ['SIGSTOP'], 'last'),
    slicesKilled: 1,
    diedOf: 'States.Timeout: it had not ended by the deadline of the plan',
  },
  {
    name: 'subscriber-stopped-for-good',
    during: signal('measure-latency', ['SIGSTOP']),
  },
  { name: 'subscriber-stopped-for-1-s', during: signal('measure-latency', ['SIGSTOP', 'SIGCONT']) },
  { name: 'subscriber-killed', during: signal('measure-latency', ['SIGKILL']) },
];

const workplace = makeWorkplace();
const played = new Map<string, RecordedRun>();
// They mostly wait, so they wait together; three at a time, for the sake of small machines.
beforeAll(async () => {
  const rest = rows.values();
  const worker = async (): Promise<void> => {
    for (const { name, profile = {}, args = [], during } of rest)
      played.set(
        name,
        await playRecorded(workplace, { name, profile: { ...load, ...profile }, args }, during),
      );
  };
  await Promise.all([worker(), worker(), worker()]);
}, 360_000);
afterAll(() => {
  const table = [...played].map(([name, { recorded, report }]) => {
    const { sent, acked, received, duplicates, lost, notRead = 0, sendUnknown } = report.messages;
    const ofRecorder = `${recorded.sent}/${recorded.acked}/${recorded.queued}/${recorded.duplicates}`;
    const ofReport = `${sent}/${acked}/${received}/${duplicates}, lost ${lost}, not read ${notRead}, unknown ${sendUnknown}`;
    return `${name} | ${ofRecorder} | ${ofReport} | ${report.verdict}: ${report.reasons[0] ?? '–'}`;
  });
  process.stdout.write(
    `row | recorder: sent/acked/in the queue/duplicates | report: sent/acked/received/duplicates | verdict\n${table.join('\n')}\n`,
  );
  workplace.remove();
});

describe.each(rows)('$name', ({ name, slicesKilled = 0, diedOf, areAcksLate = false, faults = {} }) => {
  it('agrees with the recorder to the message', () => {
    const { recorded, report } = played.get(name)!;
    const { messages } = report;
    expect(report.imbalances).toEqual([]);
    expect(report.slices.died).toBe(slicesKilled);
    if (diedOf !== undefined) expect(report.causes.sliceDied).toEqual({ [diedOf]: slicesKilled });
    expect(messages.sent).toBeLessThanOrEqual(recorded.sent);
    expect(messages.sent + messages.sendUnknown).toBeGreaterThanOrEqual(recorded.sent);
    if (slicesKilled === 0) expect(messages.sent).toBe(recorded.sent);
    expect(messages.received).toBe(recorded.queued);
    expect(messages.duplicates).toBe(recorded.duplicates);
    expect(messages.lost).toBe(messages.sent - recorded.queued);
    if (slicesKilled > 0 || areAcksLate) expect(messages.acked).toBeLessThanOrEqual(recorded.acked);
    else expect(messages.acked).toBe(recorded.acked);
  });

  it('has no false sentence', () => {
    const { recorded, report, html } = played.get(name)!;
    const { messages, devices, throttling } = report;
    const truth = {
      intended: 300,
      sent: recorded.sent,
      taken: recorded.taken,
      acked: slicesKilled > 0 || areAcksLate ? messages.acked : recorded.acked,
      throttled: recorded.sent - recorded.taken,
      received: recorded.queued,
      duplicates: recorded.duplicates,
      arrivedUnacked: Math.max(0, recorded.queued - messages.acked),
      takenUnacked: recorded.taken - messages.acked,
      devicesConnected: devices.connected,
      slicesKilled,
      isMachineReal: true,
    };
    expect(throttling.publishes).toBe(truth.throttled);
    const sentences = sentencesOfPage(html);
    expect(falseSentences(sentences, truth, report)).toEqual([]);
    const [setting] = Object.keys(faults);
    const injected = sentences.filter((each) => each.startsWith('Faults injected: '));
    expect(injected).toEqual(setting === undefined ? [] : [expect.stringContaining(`: ${setting} `)]);
  });
});
