import { describe, expect, it } from '@jest/globals';
import { ConnectionLog } from '../../../src/device/connection-log.ts';
import { countedStreamsOf } from '../../../src/device/counted-streams.ts';
import { PresenceReader } from '../../../src/device/presence-reader.ts';
import { SliceCounters } from '../../../src/device/slice-counters.ts';
import type { Transport } from '../../../src/device/transport.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { sliceOf } from '../../../src/plan/slices.ts';
import { parseProfile } from '../../../src/targets/parse-profile.ts';
import { VirtualClock } from '../../support/device/virtual-clock.ts';

const filters = ['$aws/events/presence/connected/+', '$aws/events/presence/disconnected/+'];

/** The one device of a group that observes ten others: devices 1 to 10 of the run. */
function makeReader() {
  const clock = new VirtualClock();
  const groups = {
    watch: { devices: 1, idle: true, observe: 'presence' },
    meters: { devices: 10, everySeconds: 1 },
  };
  const profile = parseProfile({ duration: '10s', drain: '5s', groups });
  const plan = makePlan({ runId: 'r', now: clock.now(), profile });
  const asked: string[] = [];
  const transport = { subscribe: (_device: number, filter: string) => asked.push(filter) };
  const reader = new PresenceReader({
    plan,
    slice: sliceOf(plan, 0),
    transport: transport as unknown as Transport,
    clock,
    random: () => 0.5,
    counters: new SliceCounters(sliceOf(plan, 0).devices, clock.now(), countedStreamsOf(sliceOf(plan, 0))),
  });
  const receive = (kind: string, device: number | string, body: object | string) => {
    const clientId = typeof device === 'number' ? `stampede-r-d${device}` : device;
    const payload = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    const topic = `$aws/events/presence/${kind}/${clientId}`;
    reader.received(0, { topic, payload, qos: 1, dup: false, retain: false });
  };
  const connected = (device: number, versionNumber: number) =>
    receive('connected', device, { versionNumber });
  const disconnected = (device: number, versionNumber: number, disconnectReason = 'CONNECTION_LOST') =>
    receive('disconnected', device, { versionNumber, disconnectReason });
  return { clock, plan, reader, asked, receive, connected, disconnected };
}

describe('an observer of presence', () => {
  it('counts each connect and each disconnect once, by client id and version number', () => {
    const { reader, receive, connected, disconnected } = makeReader();
    for (const device of [1, 2, 3]) connected(device, device);
    connected(2, 2);
    disconnected(2, 2);
    connected(2, 7);
    disconnected(3, 3, 'CLIENT_INITIATED_DISCONNECT');
    receive('connected', 'another-client', { versionNumber: 9 });
    receive('connected', 4, 'no JSON');
    for (const own of ['stampede-r-control-3', 'stampede-r-d0'])
      receive('connected', own, { versionNumber: 0 });
    expect(reader.result().presence).toMatchObject({
      connects: [
        [1, 3],
        [2, 1],
      ],
      disconnects: [[2, 2]],
      duplicates: 1,
      outOfOrder: 0,
      ofRun: 2,
      unrelated: 2,
      open: 2,
      disconnectedBy: { CLIENT_INITIATED_DISCONNECT: 1, CONNECTION_LOST: 1 },
    });
  });

  it('takes events in any order, and says how many came out of it', () => {
    const { reader, connected, disconnected } = makeReader();
    disconnected(1, 5);
    connected(1, 5);
    connected(2, 8);
    connected(2, 6);
    disconnected(2, 6);
    disconnected(2, 8);
    expect(reader.result().presence).toMatchObject({
      connects: [
        [1, 2],
        [2, 1],
      ],
      disconnects: [
        [1, 2],
        [2, 1],
      ],
      outOfOrder: 3,
    });
  });

  it('says when it was subscribed, and how often it was not', () => {
    const { clock, reader, asked } = makeReader();
    reader.connected(0);
    expect(asked).toEqual(filters);
    reader.subscribed(0, filters[0]!);
    reader.disconnected(0);
    reader.connected(0);
    for (const filter of filters) reader.subscribed(0, filter);
    expect(reader.result().presence).toMatchObject({ subscribedAt: clock.now(), gaps: 0 });
    reader.disconnected(0);
    expect(reader.result().presence).toMatchObject({ gaps: 1 });
  });

  it('goes on until every connection that it saw has ended, or the drain is over', () => {
    const { clock, plan, reader, connected, disconnected } = makeReader();
    const { publishEndAt, drainEndAt } = plan.timeline;
    connected(1, 1);
    clock.stall(publishEndAt - clock.now());
    expect(reader.isComplete(publishEndAt)).toBe(false);
    expect(reader.isComplete(drainEndAt + 1_000)).toBe(true);
    disconnected(1, 1);
    expect(reader.isComplete(publishEndAt + 999)).toBe(false);
    expect(reader.isComplete(publishEndAt + 1_000)).toBe(true);
  });
});

it('devices’ own connects are logged, and what the slice’s end closes is a disconnect', () => {
  const log = new ConnectionLog({ firstDevice: 10, devices: 3 });
  for (const device of [0, 1, 2]) log.connected(device);
  log.disconnected(1);
  log.connected(1);
  log.disconnected(2);
  expect(log.result().connections).toEqual({
    connects: [
      [10, 3],
      [11, 1],
    ],
    disconnects: [[11, 2]],
  });
  log.stop();
  const ended = [
    [10, 3],
    [11, 1],
  ];
  expect(log.result().connections.disconnects).toEqual(ended);
  // The service ends a connection after the slice has stopped, and before it is closed: that is its one end.
  log.disconnected(1);
  expect(log.result().connections.disconnects).toEqual(ended);
});
