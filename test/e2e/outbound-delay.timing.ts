import { beforeAll, describe, expect, it } from '@jest/globals';
import type { FaultReport } from '../../src/embedded/iot-core/fault-report.ts';
import { fetchAdmin } from '../../src/embedded/iot-core/http/admin-client.ts';
import type { Report } from '../../src/report/report-model.ts';
import { firstCalm } from '../support/run/calm-run.ts';
import { startRehearsal } from '../support/run/rehearsal.ts';

// Commands and replies that IoT Core holds back: what the report measures is what IoT Core says that it did.

const delayMs = 200;
const replyDelayMs = 30;
const commands = 100;

interface Outcome {
  readonly report: Report;
  readonly did: FaultReport;
}

async function rehearse(): Promise<Outcome> {
  const rehearsal = await startRehearsal({ faults: { outboundDelay: delayMs } });
  try {
    const { report } = await rehearsal.run({
      duration: '4s',
      drain: '2s',
      groups: {
        meters: { devices: 20, idle: true, reply: { delay: `${replyDelayMs}ms..${replyDelayMs}ms` } },
        operator: {
          from: 'backend',
          devices: 1,
          command: { replyTimeout: '5s' },
          ratePerSecond: commands / 4,
        },
      },
    });
    return { report, did: (await (await fetchAdmin(rehearsal.aws, '/faults')).json()) as FaultReport };
  } finally {
    await rehearsal.close();
  }
}

/** Mean figures, and what they should be by how long IoT Core held a message: a command once, a command and its reply twice. */
function meansOf({ report: { latencyMs }, did }: Outcome) {
  const heldMs = did.delayedOutboundMs / did.delayedOutbound;
  const meanOf = (name: keyof Report['latencyMs']): number => latencyMs[name]?.mean ?? 0;
  return {
    // From when the backend sent: it alone sends messages that have a lag.
    downlink: { measuredMs: meanOf('downlink_latency') - meanOf('send_lag'), expectedMs: heldMs },
    roundTrip: { measuredMs: meanOf('command_round_trip'), expectedMs: 2 * heldMs + replyDelayMs },
  };
}

/** Within max(1 ms, 1 %). */
const isNear = ({ measuredMs, expectedMs }: { measuredMs: number; expectedMs: number }): boolean =>
  Math.abs(measuredMs - expectedMs) <= Math.max(1, expectedMs / 100);

/** A device that is not subscribed yet receives nothing, and the lag of that command is not in `downlink_latency`. */
function isDisturbed(outcome: Outcome): boolean {
  const { downlink, roundTrip } = meansOf(outcome);
  return outcome.report.downlink?.offline !== 0 || !isNear(downlink) || !isNear(roundTrip);
}

let outcome: Outcome;
beforeAll(async () => {
  outcome = await firstCalm(4, rehearse, isDisturbed);
}, 300_000);

describe('messages to clients that are held back', () => {
  it('are delivered, each once, as IoT Core counted them', () => {
    const { report, did } = outcome;
    expect(report.imbalances).toEqual([]);
    const { due, delivered, offline, unknown, lost, replies } = report.downlink!;
    expect({ due, unknown, lost, replied: replies?.replied }).toEqual({
      due: commands,
      unknown: 0,
      lost: 0,
      replied: delivered,
    });
    expect(delivered + offline).toBe(commands);
    // Each command and its reply.
    expect(did.delayedOutbound).toBe(2 * delivered);
    expect(did.delayedOutboundMs).toBeGreaterThanOrEqual(2 * delivered * delayMs);
  });

  it('make downlink_latency as long as IoT Core held them', () => {
    const { downlink } = meansOf(outcome);
    expect({ ...downlink, isNear: isNear(downlink) }).toMatchObject({ isNear: true });
    // Of the backend and of no one else.
    expect(outcome.report.latencyMs.send_lag?.count).toBe(commands);
  });

  it('make command_round_trip as long as both ways and the reply’s own delay', () => {
    const { roundTrip } = meansOf(outcome);
    expect({ ...roundTrip, isNear: isNear(roundTrip) }).toMatchObject({ isNear: true });
  });
});
