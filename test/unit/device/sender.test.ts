import { beforeEach, describe, expect, it } from '@jest/globals';
import type { OutgoingStream, SenderListener } from '../../../src/device/outgoing-stream.ts';
import { PayloadWriter } from '../../../src/device/payload.ts';
import { Sender } from '../../../src/device/sender.ts';
import { SliceCounters } from '../../../src/device/slice-counters.ts';
import type { OutgoingMessage, Transport } from '../../../src/device/transport.ts';
import { VirtualClock } from '../../support/device/virtual-clock.ts';

const startedAt = 1_700_000_000_000;
const devices = 3;

/** Two kinds of message: readings at QoS 1, and a state that is retained and not answered. */
const streams: readonly OutgoingStream[] = [
  { ...kindOf(0), qos: 1, retain: false, isAliased: false, isAnswered: true },
  { ...kindOf(1), qos: 0, retain: true, isAliased: false, isAnswered: false },
];

function kindOf(stream: number): Pick<OutgoingStream, 'writer' | 'topicOf' | 'hasFirst' | 'renew'> {
  const writer = new PayloadWriter({
    payload: {},
    sizeBytes: 0,
    runId: 'run',
    slice: 0,
    stream,
    indexOf: (device: number) => device,
    devices,
    seed: 1,
    offsetMsOf: () => 0,
  });
  return { writer, topicOf: ({ device }) => `kind${stream}/d${device}`, hasFirst: false, renew() {} };
}

type Event = readonly [name: string, ...rest: unknown[]];

let clock: VirtualClock;
let counters: SliceCounters;
let sender: Sender;
let makeSender: (resumesSessions: boolean, traffic?: Transport['traffic']) => void;
let events: Event[];
let sent: (Omit<OutgoingMessage, 'payload'> & { device: number; payload: string })[];
let isFull: boolean;

/** Time passes, and what is in flight for too long is given up. */
async function pass(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  clock.setTimer(ms, resolve);
  await clock.runUntil(promise);
  sender.expire(clock.now());
}

function send(device: number, stream: number, n: number): boolean {
  return sender.send({ device, stream, n, k: n, atMs: clock.now() });
}

function counts() {
  return counters.messages([{ waiting: { 'not-connected': 0, backlog: 0 }, inFlight: sender.inFlight }]);
}

beforeEach(() => {
  clock = new VirtualClock(startedAt);
  counters = new SliceCounters(devices, startedAt, {
    streams: 2,
    echoRanksOf: undefined,
    hasUsers: false,
    haveNames: true,
    recordsLateSends: false,
    recordsHolds: false,
    acknowledgement: 'puback_round_trip',
  });
  events = [];
  sent = [];
  isFull = false;
  const transport: Transport = {
    connect() {},
    send(device, message) {
      if (!isFull) sent.push({ ...message, device, payload: message.payload.toString() });
      return !isFull;
    },
    subscribe() {},
    disconnect() {},
    flush() {},
    close: async () => {},
  };
  const listener: SenderListener = {
    ready: (device) => events.push(['ready', device]),
    disconnected: (device) => events.push(['disconnected', device]),
    answered: ({ device, stream, n }, answer) => events.push(['answered', { device, stream, n }, answer]),
  };
  makeSender = (resumesSessions, traffic) => {
    sender = new Sender({
      clock,
      transport: { ...transport, ...(traffic && { traffic }) },
      counters,
      devices,
      streams,
      ackTimeoutMs: 1_000,
      maxUnacknowledged: 2,
      resumesSessions,
    });
    sender.serve(listener);
  };
  makeSender(false);
});

describe('the sender', () => {
  it('sends each kind of message on its own topic, and only what is answered is in flight', () => {
    sender.connected(1, 10, false);
    expect([send(1, 0, 0), send(1, 1, 0), send(1, 1, 1)]).toEqual([true, true, true]);
    expect(sent.map(({ device, topic, qos, retain }) => ({ device, topic, qos, retain }))).toEqual([
      { device: 1, topic: 'kind0/d1', qos: 1, retain: false },
      { device: 1, topic: 'kind1/d1', qos: 0, retain: true },
      { device: 1, topic: 'kind1/d1', qos: 0, retain: true },
    ]);
    expect(sent.map(({ token }) => token)).toEqual([0, -2, -2]);
    expect(JSON.parse(sent[2]!.payload).stampede).toMatchObject({ stream: 1, n: 1, device: 1 });
    expect(sender.inFlight).toBe(1);
    expect([sender.isAnswered(0), sender.isAnswered(1)]).toEqual([true, false]);
    // At QoS 0 a client may still say that it could not write the message.
    sender.refused(sent[2]!.token, 'failed', 'SocketClosed');
    expect(counts()).toMatchObject({ failed: 1, unacknowledged: 1 });
    expect(counters.kinds()!.map(({ failed }) => failed)).toEqual([0, 1]);
  });

  it('reports each answer with the message that it is for', () => {
    sender.connected(0, 10, false);
    sender.connected(2, 10, false);
    for (const [device, n] of [
      [0, 5],
      [2, 9],
      [0, 6],
    ] as const)
      send(device, 0, n);
    const [a, b, c] = sent.map(({ token }) => token);
    events.length = 0;
    sender.acknowledged(c!);
    sender.refused(b!, 'throttled', 'QuotaExceeded');
    sender.acknowledged(a!);
    // Twice, and one that was never given.
    sender.acknowledged(a!);
    sender.acknowledged(99);
    expect(events).toEqual([
      ['answered', { device: 0, stream: 0, n: 6 }, 'acknowledged'],
      ['answered', { device: 2, stream: 0, n: 9 }, 'refused'],
      ['answered', { device: 0, stream: 0, n: 5 }, 'acknowledged'],
    ]);
    expect(counts()).toMatchObject({ acked: 2, throttled: 1, unacknowledged: 0 });
  });

  it('holds a device to its limit, to its connection, and to what the transport takes', () => {
    expect([sender.isConnected(0), sender.canSend(0)]).toEqual([false, false]);
    sender.connected(0, 10, false);
    expect(events).toEqual([['ready', 0]]);
    send(0, 0, 0);
    expect(sender.canSend(0)).toBe(true);
    send(0, 0, 1);
    expect([sender.isConnected(0), sender.canSend(0)]).toEqual([true, false]);
    sender.acknowledged(sent[0]!.token);
    expect(sender.canSend(0)).toBe(true);
    isFull = true;
    expect(send(0, 0, 2)).toBe(false);
    expect(sender.canSend(0)).toBe(false);
    isFull = false;
    sender.writable(0);
    expect(events.at(-1)).toEqual(['ready', 0]);
    expect(sender.canSend(0)).toBe(true);
    expect(counts()).toMatchObject({ sent: 2, unacknowledged: 1 });
  });

  it('gives up what is not answered in time, and takes no answer after that', async () => {
    sender.connected(0, 10, false);
    send(0, 0, 0);
    await pass(600);
    send(0, 0, 1);
    events.length = 0;
    await pass(600);
    expect(events).toEqual([['answered', { device: 0, stream: 0, n: 0 }, 'unacknowledged']]);
    sender.acknowledged(sent[0]!.token);
    expect(events.length).toBe(1);
    expect(counts()).toMatchObject({ acked: 0, unacknowledged: 2 });
    sender.acknowledged(sent[1]!.token);
    expect(counts()).toMatchObject({ acked: 1, unacknowledged: 1 });
  });

  it('gives up what was in flight in a connection that is closed, and nothing of other devices', () => {
    sender.connected(0, 10, false);
    sender.connected(1, 10, false);
    for (const [device, n] of [
      [0, 0],
      [1, 1],
      [0, 2],
    ] as const)
      send(device, 0, n);
    events.length = 0;
    sender.disconnected(0);
    expect(events).toEqual([
      ['answered', { device: 0, stream: 0, n: 2 }, 'unacknowledged'],
      ['answered', { device: 0, stream: 0, n: 0 }, 'unacknowledged'],
      ['disconnected', 0],
    ]);
    expect([sender.isConnected(0), sender.canSend(1)]).toEqual([false, true]);
    expect(sender.inFlight).toBe(1);
  });

  it('keeps what is in flight while a session may be resumed, and gives it up in a new session', async () => {
    makeSender(true);
    sender.connected(0, 10, false);
    send(0, 0, 0);
    send(0, 0, 1);
    sender.accepted(sent[0]!.token);
    sender.disconnected(0);
    expect([sender.inFlight, sender.canSend(0)]).toEqual([2, false]);
    sender.connected(0, 10, true);
    // Both still count towards what the device may have in flight.
    expect([sender.inFlight, sender.canSend(0)]).toEqual([2, false]);
    sender.acknowledged(sent[0]!.token);
    expect(counts()).toMatchObject({ acked: 1, unacknowledged: 1 });
    sender.disconnected(0);
    events.length = 0;
    sender.connected(0, 10, false);
    expect(events).toEqual([
      ['answered', { device: 0, stream: 0, n: 1 }, 'unacknowledged'],
      ['ready', 0],
    ]);
    expect([sender.inFlight, sender.canSend(0)]).toEqual([0, true]);
  });

  it('counts apart what was accepted and not completed', async () => {
    const incomplete = () => counters.result(clock.now(), []).incomplete;
    sender.connected(0, 10, false);
    send(0, 0, 0);
    send(0, 0, 1);
    sender.accepted(sent[0]!.token);
    sender.accepted(sent[0]!.token);
    await pass(1_001);
    expect(counts()).toMatchObject({ acked: 0, unacknowledged: 2 });
    expect(incomplete()).toBe(1);
    // Late: it was given up already.
    sender.accepted(sent[1]!.token);
    send(0, 0, 2);
    sender.accepted(sent[2]!.token);
    sender.acknowledged(sent[2]!.token);
    expect(counts()).toMatchObject({ acked: 1, unacknowledged: 2 });
    expect(incomplete()).toBe(1);
  });

  describe('of requests, which open connections as they need them', () => {
    const undecided = () => sender.undecided([{ 'not-connected': 0, backlog: 0 }]);
    const totals = () => counters.messages(undecided());
    const lags = () => counters.result(clock.now(), undecided()).latencies.send_lag.count;

    beforeEach(() => {
      makeSender(false, () => ({ connections: 0, bytesOut: 0, bytesIn: 0 }));
      sender.connected(0, 10, false);
      for (const n of [0, 1]) {
        counters.intended(clock.now(), 0, n);
        send(0, 0, n);
      }
      events.length = 0;
    });

    it('counts as sent what has left, and until then as waiting for its connection', () => {
      expect(undecided()).toEqual([{ waiting: { 'not-connected': 2, backlog: 0 }, inFlight: 0 }]);
      expect([sender.isConnected(0), sender.isIdle, lags()]).toEqual([false, false, 0]);
      sender.left(0, sent[0]!.token);
      expect(undecided()).toEqual([{ waiting: { 'not-connected': 1, backlog: 0 }, inFlight: 1 }]);
      expect([sender.isConnected(0), lags()]).toEqual([true, 1]);
      sender.acknowledged(sent[0]!.token);
      sender.notSent(0, sent[1]!.token);
      expect(totals()).toMatchObject({ intended: 2, sent: 1, acked: 1, dropped: 1, unacknowledged: 0 });
      expect(events).toEqual([
        ['answered', { device: 0, stream: 0, n: 0 }, 'acknowledged'],
        ['answered', { device: 0, stream: 0, n: 1 }, 'unacknowledged'],
      ]);
      expect([sender.isIdle, lags()]).toEqual([true, 1]);
    });

    it('decides what was given up before it left by what its connection comes to', async () => {
      await pass(1_001);
      expect(events.map(([, message, answer]) => [(message as { n: number }).n, answer])).toEqual([
        [0, 'unacknowledged'],
        [1, 'unacknowledged'],
      ]);
      expect([sender.canSend(0), sender.isIdle]).toEqual([true, false]);
      expect(undecided()).toEqual([{ waiting: { 'not-connected': 2, backlog: 0 }, inFlight: 0 }]);
      sender.left(0, sent[0]!.token);
      sender.notSent(0, sent[1]!.token);
      expect(totals()).toMatchObject({ sent: 1, unacknowledged: 1, dropped: 1 });
      expect([sender.isIdle, lags(), events.length]).toEqual([true, 1, 2]);
    });

    it('drops by the stop what still waits when the transport is closed', () => {
      sender.left(0, sent[0]!.token);
      sender.end();
      expect(counters.result(clock.now(), undecided()).droppedBy).toEqual({ stopped: 1 });
      expect(totals()).toMatchObject({ intended: 2, sent: 1, unacknowledged: 1, dropped: 1 });
    });
  });
});
