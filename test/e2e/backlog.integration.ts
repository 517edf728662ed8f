import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FaultReport } from '../../src/embedded/iot-core/fault-report.ts';
import type { QueueReport } from '../../src/embedded/iot-core/http/admin-api.ts';
import { fetchAdmin } from '../../src/embedded/iot-core/http/admin-client.ts';
import { processesOfFunction } from '../support/run/function-processes.ts';
import { falseClaims } from '../support/run/recorded-truth.ts';
import { type EndedRehearsal, type Rehearsal, startRehearsal } from '../support/run/rehearsal.ts';

// What the report says of messages that measure-latency has not finished with, against what the queue itself counted.

const messages = 1_200;
const load = {
  devices: 40,
  connect: { client: 'dense', ratePerSecond: 400 },
  ratePerSecond: 200,
  duration: '6s',
  slices: { devicesPerSlice: 20 },
  drain: '1s',
  thresholds: { lost_messages: ['count==0'] },
};

const describeWithProcesses = existsSync('/proc/self/environ') ? describe : describe.skip;

interface Ended extends EndedRehearsal {
  readonly queue: QueueReport;
  readonly faults: FaultReport;
}

const rehearsals: Rehearsal[] = [];

async function runWith(
  options: Parameters<typeof startRehearsal>[0],
  whilePublishing: (rehearsal: Rehearsal) => Promise<void>,
): Promise<Ended> {
  const rehearsal = await startRehearsal(options);
  rehearsals.push(rehearsal);
  const ask = async <T>(what: string) => (await (await fetchAdmin(rehearsal.aws, `/${what}`)).json()) as T;
  const ended = await rehearsal.run(load, () => whilePublishing(rehearsal));
  return { ...ended, queue: await ask<QueueReport>('queue'), faults: await ask<FaultReport>('faults') };
}

/** Stops every process of measure-latency there is, and every one that comes. */
async function signalFor(forMs: number, runsDirectory: string, signal: NodeJS.Signals): Promise<number[]> {
  const seen = new Set<number>();
  const until = performance.now() + forMs;
  while (performance.now() < until) {
    for (const pid of processesOfFunction(runsDirectory, 'measure-latency')) {
      if (signal === 'SIGSTOP' && seen.has(pid)) continue;
      seen.add(pid);
      try {
        process.kill(pid, signal);
      } catch {
        // It ended in this very moment.
      }
    }
    await sleep(50);
  }
  return [...seen];
}

let held: Ended;
let stopped: Ended;
let killed: Ended;
beforeAll(async () => {
  if (!existsSync('/proc/self/environ')) return;
  [held, stopped, killed] = await Promise.all([
    runWith({ faults: { queueHoldMs: 20_000, dropDeliveries: 0.05 } }, async () => {}),
    runWith({}, async ({ runsDirectory }) => {
      await sleep(3_000);
      const pids = await signalFor(14_000, runsDirectory, 'SIGSTOP');
      for (const pid of pids) {
        try {
          process.kill(pid, 'SIGCONT');
        } catch {
          // Its time was over while it stood still.
        }
      }
    }),
    // Three receives are over before the function is left alone again.
    runWith({ queue: { visibilityTimeoutMs: 1_000 } }, async ({ runsDirectory }) => {
      await sleep(1_500);
      await signalFor(8_000, runsDirectory, 'SIGKILL');
    }),
  ]);
});
afterAll(() => Promise.all(rehearsals.map((each) => each.close())));

describeWithProcesses('a quiet queue that is left alone for 20 s, behind a rule that drops some', () => {
  it('loses what the rule dropped, to the message, and nothing that waited', () => {
    const { report, queue, faults } = held;
    expect(faults.droppedDeliveries).toBeGreaterThan(0);
    expect(report.messages).toMatchObject({
      sent: messages,
      received: queue.sent,
      lost: faults.droppedDeliveries,
      notRead: 0,
      deadLettered: 0,
      unaccounted: 0,
    });
    expect(falseClaims(held, { intended: messages, faults: ['queueHoldMs', 'dropDeliveries'] })).toEqual([]);
  });
});

describeWithProcesses('measure-latency that stands still for 14 s at the end of a run', () => {
  it('loses nothing: the report waits for the queue', () => {
    const { report, queue } = stopped;
    expect(queue).toMatchObject({ sent: messages, visible: 0, inFlight: 0, delayed: 0, deadLettered: 0 });
    expect(queue.eventSourceMapping.failedInvocations).toBeGreaterThan(0);
    expect(report.messages).toMatchObject({
      sent: messages,
      received: messages,
      lost: 0,
      notRead: 0,
      deadLettered: 0,
    });
    expect(falseClaims(stopped, { intended: messages, hasSubscriberFailed: true })).toEqual([]);
    expect(report.reasons.join(' ')).not.toContain('lost');
  });
});

describeWithProcesses('measure-latency that is killed again and again for 8 s', () => {
  it('loses nothing: what the queue gave up is dead-lettered, to the message', () => {
    const { report, queue } = killed;
    expect(queue.deadLettered).toBeGreaterThan(0);
    expect(report.messages).toMatchObject({
      sent: messages,
      lost: 0,
      notRead: 0,
      unaccounted: 0,
    });
    // A window may have been stored before its process was killed: such messages were received after all.
    const { received, deadLettered } = report.messages;
    expect(received + deadLettered).toBe(messages);
    expect(deadLettered).toBeLessThanOrEqual(queue.deadLettered);
    expect(received).toBeGreaterThanOrEqual(messages - queue.deadLettered);
    expect(report.causes.deadLettered).toEqual({
      'dead-letter queue: measure-latency failed with them': deadLettered,
    });
    expect(report.reasons).toContain(
      `${deadLettered.toLocaleString('en-US')} messages dead-lettered, and not lost: dead-letter queue: measure-latency failed with them ${deadLettered.toLocaleString('en-US')}.`,
    );
    expect(report.verdict).toBe('inconclusive');
    expect(falseClaims(killed, { intended: messages, hasSubscriberFailed: true })).toEqual([]);
  });
});
