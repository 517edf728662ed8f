import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from '@jest/globals';
import { groupsOf } from '../../src/plan/groups.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { sumOf } from '../../src/shared/counts.ts';
import { startRehearsal } from '../support/run/rehearsal.ts';

// A whole run of several kinds of message: what the report says of each is what IoT Core's process saw of it.

const topic = (kind: string) => `{topicRoot}/{runId}/{deviceId}/${kind}`;

it('counts each kind of message of each group as the service saw it', async () => {
  const rehearsal = await startRehearsal();
  try {
    const { report, recorded } = await rehearsal.run({
      devices: 60,
      duration: '4s',
      drain: '2s',
      // A busy machine is late, and drops nothing for it.
      publish: { ackTimeout: '30s' },
      echo: { fraction: 0.5 },
      groups: {
        meters: {
          share: 2 / 3,
          ratePerSecond: 25,
          slices: { devicesPerSlice: 20 },
          messages: {
            reading: { weight: 4, sizeBytes: 512 },
            alarm: { topic: topic('alarm'), sizeBytes: 9_000, qos: 0 },
            beat: { everySeconds: 4 },
          },
        },
        trackers: { share: 1 / 3, messages: { alarm: { ratePerSecond: 10 } } },
      },
      thresholds: {
        'lost_messages{kind:alarm}': ['count==0'],
        'received_messages{group:meters,kind:reading}': ['count==80'],
        'sent_messages{kind:alarm}': ['count==60'],
        'end_to_end_latency{group:trackers,kind:alarm}': ['count==40'],
      },
    });
    expect(report.imbalances).toEqual([]);
    const counted = (report.groups ?? []).map(({ group, kinds = [] }) => [
      group,
      kinds.map(({ kind, messages: { sent, acked, received, lost }, latencyMs }) => ({
        kind,
        sent,
        acked,
        received,
        lost,
        samples: latencyMs.transit.count,
      })),
    ]);
    const all = (kind: string, sent: number) => ({
      kind,
      sent,
      acked: sent,
      received: sent,
      lost: 0,
      samples: sent,
    });
    expect(Object.fromEntries(counted)).toEqual({
      meters: [all('reading', 80), { ...all('alarm', 20), acked: 0 }, all('beat', 40)],
      trackers: [all('alarm', 40)],
    });
    // The course of each group and each kind adds up to its counts.
    for (const part of (report.groups ?? []).flatMap((group) => [group, ...(group.kinds ?? [])])) {
      const { intended, sent, arrivals } = part.messages;
      const { overTime } = part;
      expect(
        [overTime?.intended, overTime?.sent, overTime?.arrivals].map((counts = []) => sumOf(counts)),
      ).toEqual([intended, sent, arrivals]);
      expect(overTime?.p99.filter((ms) => ms !== null).length).toBeGreaterThan(2);
    }
    const plan = JSON.parse(
      await readFile(path.join(rehearsal.runsDirectory, report.runId, 'plan.json'), 'utf8'),
    ) as Plan;
    expect(recorded.sentByStream).toEqual({
      ...{ '0.1': 40, '0.2': 10, '0.3': 20, '1.1': 40, '1.2': 10, '1.3': 20 },
      [`${groupsOf(plan)[1]!.firstSlice}.1`]: 40,
    });
    expect(report.observers.echo).toMatchObject({ due: 90, received: 90, lost: 0 });
    expect(
      report.thresholds.filter(({ metric }) => metric.includes('{')).map(({ passed }) => passed),
    ).toEqual([true, true, true, true]);
    // Of 9 kB, each alarm of the meters counts as two messages of 5 KB, and no other message does.
    const publishes = report.cost?.lines.find(({ name }) => name === 'IoT PUBLISH in');
    expect(publishes?.used?.quantity).toBe(180 + 20);
  } finally {
    await rehearsal.close();
  }
});
