import { expect, it } from '@jest/globals';
import { type LiveTotalsStore, makeLiveTotals } from '../../../src/embedded/influxdb/live-totals.ts';
import { arrivalPoints } from '../../../src/live/live-arrivals.ts';
import type { LivePoint } from '../../../src/live/live-points.ts';
import { makeSlicePoints } from '../../../src/live/live-slice.ts';
import { measureArrivals } from '../../../src/measure/arrivals.ts';
import { publishCounters } from '../../../src/measure/message-counters.ts';
import { groupOfSlice } from '../../../src/plan/groups.ts';
import { ofEach, sumBy } from '../../../src/shared/counts.ts';
import { simulate } from '../../support/device/make-run.ts';
import { planOf } from '../../support/measure/run-fixture.ts';

function take(totals: LiveTotalsStore, { measurement, tags, fields, timestampNs }: LivePoint): void {
  totals.take({
    measurement,
    tags: new Map(Object.entries(tags)),
    fields: new Map(Object.entries(fields as Readonly<Record<string, string | number>>)),
    timestamp: BigInt(timestampNs),
  });
}

it('adds up what slices and batches report of each kind of message, each point once', async () => {
  const messages = { telemetry: { weight: 4, qos: 0 }, alarm: {}, beat: { everySeconds: 5 } };
  const plan = planOf({
    stages: undefined,
    duration: '10s',
    groups: {
      meters: { devices: 20, ratePerSecond: 10, messages },
      others: { devices: 10, ratePerSecond: 5 },
    },
  });
  const totals = makeLiveTotals();
  const ofKinds: LivePoint<'stampede_kind'>[] = [];
  for (let slice = 0; slice < plan.slices.count; slice++) {
    const { snapshots, transport, result } = await simulate({
      plan,
      slice,
      // Every fourth publish that asks for an answer gets none.
      behaviour: { publish: (_, n) => (n % 4 === 0 ? undefined : 2) },
    });
    const points = snapshots.flatMap(makeSlicePoints(groupOfSlice(plan, slice)));
    const Records = transport.published.map(({ message, atMs }, i) => ({
      messageId: `${slice}-${i}`,
      body: JSON.stringify({ ...JSON.parse(message).stampede, rule: atMs + 5 }),
      attributes: { SentTimestamp: String(Math.floor(atMs + 9)) },
    }));
    for (const window of measureArrivals({ Records }, plan.timeline.publishEndAt).windows)
      points.push(...arrivalPoints(plan, window));
    // A retried write brings each point twice.
    for (const point of [...points, ...points]) take(totals, point);
    ofKinds.push(...points.filter((point) => point.measurement === 'stampede_kind'));
    const named = ofKinds.filter(({ tags }) => tags.group === 'meters' && tags.kind === 'alarm');
    const { counts } = result.streams[2] ?? {};
    if (slice === 0)
      expect(
        ofEach(publishCounters, (name) => sumBy(named, ({ fields }) => Number(fields[name] ?? 0))),
      ).toEqual(counts?.messages);
  }
  const { kinds, groups } = totals.view(plan.runId, { since: 0, secondsPerStep: 1 }, 0);
  const none = { dropped: 0, throttled: 0, failed: 0 };
  expect(kinds).toEqual([
    {
      group: 'meters',
      kind: 'telemetry',
      ...none,
      intended: 80,
      sent: 80,
      acked: 0,
      unacknowledged: 0,
      arrivals: 80,
    },
    // Two slices of 10 alarms and of 20 beats, of which 3 and 5 have no answer.
    {
      group: 'meters',
      kind: 'alarm',
      ...none,
      intended: 20,
      sent: 20,
      acked: 14,
      unacknowledged: 6,
      arrivals: 20,
    },
    {
      group: 'meters',
      kind: 'beat',
      ...none,
      intended: 40,
      sent: 40,
      acked: 30,
      unacknowledged: 10,
      arrivals: 40,
    },
  ]);
  for (const name of publishCounters)
    expect(sumBy(kinds, (kind) => kind[name])).toBe(groups.find(({ group }) => group === 'meters')?.[name]);
});
