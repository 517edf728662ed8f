import { describe, expect, it } from '@jest/globals';
import { measureArrivals } from '../../../src/measure/arrivals.ts';
import { checkLedger } from '../../../src/measure/check-ledger.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import { groupsOf } from '../../../src/plan/groups.ts';
import { sliceOf } from '../../../src/plan/slices.ts';
import { buildReport } from '../../../src/report/build-report.ts';
import { summarizeGenerator } from '../../../src/report/generator-summary.ts';
import { histogramOf, planOf, resultOf } from '../../support/measure/run-fixture.ts';

it('accounts for each group by itself, and for the run as their sum', () => {
  const load = { devices: 10, stages: [{ duration: '10s', target: 10 }] };
  const plan = planOf({
    groups: { meters: load, trackers: { ...load, devices: 20 } },
    thresholds: {
      'lost_messages{group:meters}': ['count==0'],
      'lost_messages{group:trackers}': ['count==0'],
      'duplicate_messages{group:meters}': ['count==1'],
      'end_to_end_latency{group:trackers}': ['p(99)<100'],
      'transit{group:meters}': ['min>150'],
    },
  });
  const { publishAt } = plan.timeline;
  const ledger = makeLedger(plan);
  for (const { number, firstSlice, slices } of groupsOf(plan)) {
    for (let slice = firstSlice; slice < firstSlice + slices.count; slice++) {
      ledger.addSlice(resultOf(plan, slice));
      const numbers = Array.from({ length: sliceOf(plan, slice).messages }, (_, n) => n);
      // The first message of a slice of meters comes twice, that of one of trackers does not come.
      const seen = number === 1 ? (slice === firstSlice ? [0, ...numbers] : numbers) : numbers.slice(1);
      const Records = seen.map((n, i) => ({
        messageId: `${slice}-${i}`,
        body: JSON.stringify({
          run: plan.runId,
          slice,
          deviceGroup: number,
          n,
          device: 0,
          at: publishAt,
          sent: publishAt,
          rule: publishAt + 1,
        }),
        attributes: { SentTimestamp: String(publishAt + (number === 1 ? 200 : 50)) },
      }));
      for (const window of measureArrivals({ Records }, publishAt).windows) ledger.addWindow(window);
    }
  }
  const lostOfTrackers = groupsOf(plan)[1]!.slices.count;
  const run = ledger.close();
  const report = buildReport({
    plan,
    ledger: run,
    cloudwatch: { sums: {}, requested: [] },
    now: publishAt + 20_000,
  });
  expect(report.imbalances).toEqual([]);
  expect(report.messages).toMatchObject({ lost: lostOfTrackers, duplicates: 1 });
  expect(report.groups).toMatchObject([
    { group: 'meters', messages: { sent: 50, received: 50, arrivals: 51, duplicates: 1, lost: 0 } },
    {
      group: 'trackers',
      messages: { sent: 50, received: 50 - lostOfTrackers, duplicates: 0, lost: lostOfTrackers },
    },
  ]);
  expect(report.groups?.map(({ devices }) => devices.connected)).toEqual([10, 20]);
  const judged = report.thresholds.filter(({ metric }) => metric.includes('{'));
  expect(judged.map(({ passed }) => passed)).toEqual([true, false, true, true, true]);
  expect(judged[1]).toMatchObject({ metric: 'lost_messages{group:trackers}', actual: lostOfTrackers });
});

it('holds the answers of a group against what it sent, beside one that gets none', () => {
  const load = { devices: 10, stages: [{ duration: '10s', target: 10 }] };
  const plan = planOf({ groups: { answered: load, silent: { ...load, publish: { qos: 0 } } } });
  const ledger = makeLedger(plan);
  const [answered, silent] = groupsOf(plan);
  ledger.addSlice(resultOf(plan, answered!.firstSlice));
  const result = resultOf(plan, silent!.firstSlice);
  ledger.addSlice({ ...result, messages: { ...result.messages, acked: 0 } });
  const run = ledger.close();
  expect(checkLedger(run)).toEqual([]);
  const groups = run.groups.map((each) => ({ ...each, messages: { ...each.messages, acked: 1 } }));
  expect(checkLedger({ ...run, groups })).toEqual([
    {
      equation: 'sent = acked + throttled + failed + unacknowledged + not known (answered)',
      left: 50,
      right: 1,
    },
  ]);
});

describe('messages that were never sent for want of a connection', () => {
  const load = { devices: 10, stages: [{ duration: '10s', target: 10 }] };
  const plan = planOf({ groups: { meters: load, trackers: { ...load, devices: 20 } } });

  /** Each slice leaves out its last message. @param ownOf more of its result, by the number of its group */
  function judge(ownOf: (group: number) => Partial<SliceResult>, connectsThrottled = 0) {
    const ledger = makeLedger(plan);
    for (const { number, firstSlice, slices } of groupsOf(plan)) {
      for (let slice = firstSlice; slice < firstSlice + slices.count; slice++) {
        const { messages } = sliceOf(plan, slice);
        const sent = Array.from({ length: messages - 1 }, (_, n) => n);
        const result = resultOf(plan, slice, sent);
        ledger.addSlice({ ...result, droppedBy: { 'not-connected': 1 }, ...ownOf(number) });
      }
    }
    return summarizeGenerator(ledger.close(), connectsThrottled).health.sentence;
  }
  const busy = resultOf(plan, 0).generator;
  const strained = { generator: { ...busy, eventLoopDelayP99Ms: 34 } };
  const refused = { connectFailedBy: { ServerUnavailable: 3 } };
  const direction = {
    bytes: 0,
    packets: 0,
    lost: 0,
    stalled: 0,
    duplicated: 0,
    corrupted: 0,
    delay: histogramOf([]),
  };
  const network = { up: direction, down: direction, resets: 2, corruptedConnections: 0, unreached: 0 };

  it('are not explained by what happened to another group', () => {
    for (const [own, cause] of [
      [refused, 'connects failed at the endpoint or in the network: ServerUnavailable 6'],
      [{ network }, 'the injected network reset 4 connections'],
    ] as const)
      expect(judge((group) => ({ ...strained, ...(group === 2 ? own : {}) }))).toBe(
        'The generator was the bottleneck (event loop delay p99 34 ms): 1 message of meters was never sent: no connection ' +
          `(no connect had failed). Beside that, 2 messages of trackers were never sent: no connection (${cause}).`,
      );
  });

  it('are described together where they have the same origin', () => {
    expect(judge(() => ({ ...strained, ...refused }))).toBe(
      'The generator was strained (event loop delay p99 34 ms), and yet not the cause: 3 messages of meters and trackers were never ' +
        'sent: no connection (connects failed at the endpoint or in the network: ServerUnavailable 9).',
    );
  });

  it('are a quota’s where connects of their group failed, or none of any group was seen to fail', () => {
    expect(judge((group) => ({ ...strained, ...(group === 2 ? refused : {}) }), 6)).toContain(
      '1 message of meters was never sent: no connection (no connect had failed). Beside that, 2 messages of trackers were',
    );
    expect(judge(() => strained, 6)).toContain(
      '3 messages of meters and trackers were never sent: no connection (CloudWatch counts 6 connects refused for a quota)',
    );
  });
});
