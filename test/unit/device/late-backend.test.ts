import { beforeAll, describe, expect, it } from '@jest/globals';
import { IntervalSet } from '../../../src/measure/interval-set.ts';
import { makeLedger } from '../../../src/measure/ledger.ts';
import type { RunLedger } from '../../../src/measure/run-ledger.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import { downlinksOf } from '../../../src/plan/downlinks.ts';
import { draftPlan } from '../../../src/plan/make-plan.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { type SimulatedRun, simulate } from '../../support/device/make-run.ts';
import type { SimulatedTransport } from '../../support/device/simulated-transport.ts';

// A backend and its devices in virtual time. The backend can send nothing from 4 to 8.3 s, and loses its connection at 12 s; devices lose
// theirs one after the other. A broker between them delivers what is sent while its receiver is subscribed, but for a few commands.

const devices = 10;
const commands = 200;
/** Lost while their devices were subscribed: command 55 was due at 5.5 s, and was sent at 8.3 s. */
const lost = [15, 55, 136, 150];
const transitMs = 10;

const backoff = { base: '1500ms', cap: '1500ms', jitter: 'none' };
const { plan } = draftPlan({
  runId: 'run',
  now: 1_700_000_000_000,
  profile: parseLoadProfile({
    duration: '20s',
    drain: '3s',
    publish: { ackTimeout: '10s' },
    connect: { backoff },
    groups: {
      meters: { devices, idle: true, reply: { delay: '200ms..900ms' } },
      operator: { from: 'backend', ratePerSecond: commands / 20, command: { replyTimeout: '3s' } },
    },
  }),
});
const { publishAt } = plan.timeline;
const backend = downlinksOf(plan)[0]!.sender.firstSlice;

/** When a client lost its connection, milliseconds after publishing began. */
const cutOfDevice = (device: number) => 3_000 + 730 * device;
const cutOfBackend = 12_000;

/** Whether a client is subscribed now. */
function isSubscribed(transport: SimulatedTransport, client: number, nowMs: number, cutMs: number): boolean {
  const granted = transport.subscriptions.filter(
    ({ device, atMs }) => device === client && atMs + 2 <= nowMs,
  );
  const last = granted.at(-1);
  const cutAt = publishAt + cutMs;
  return last !== undefined && !(nowMs >= cutAt && last.atMs < cutAt);
}

async function runBackend(replies: SimulatedRun['transport']['published'] = []) {
  let missed = 0;
  const run = await simulate({
    plan,
    slice: backend,
    behaviour: { isFull: (_, nowMs) => nowMs >= publishAt + 4_000 && nowMs < publishAt + 8_300 },
    script(clock, transport) {
      clock.setTimer(publishAt + cutOfBackend - clock.now(), () => transport.cut(0));
      for (const { atMs, topic, payload } of replies)
        clock.setTimer(atMs + transitMs - clock.now(), () => {
          const message = { topic, payload, qos: 0, dup: false, retain: false } as const;
          if (isSubscribed(transport, 0, clock.now(), cutOfBackend)) transport.deliver(0, message);
          else missed++;
        });
    },
  });
  return { ...run, missed };
}

async function runDevices(sent: SimulatedRun['transport']['published']) {
  let offline = 0;
  const run = await simulate({
    plan,
    script(clock, transport) {
      for (let device = 0; device < devices; device++)
        clock.setTimer(publishAt + cutOfDevice(device) - clock.now(), () => transport.cut(device));
      for (const { n, atMs, topic, payload } of sent) {
        const device = n % devices;
        clock.setTimer(atMs + transitMs - clock.now(), () => {
          if (!isSubscribed(transport, device, clock.now(), cutOfDevice(device))) offline++;
          else if (!lost.includes(n))
            transport.deliver(device, { topic, payload, qos: 1, dup: false, retain: false });
        });
      }
    },
  });
  return { ...run, offline };
}

let sender: Awaited<ReturnType<typeof runBackend>>;
let receivers: Awaited<ReturnType<typeof runDevices>>;
let ledger: RunLedger;
beforeAll(async () => {
  const { transport } = await runBackend();
  receivers = await runDevices(transport.published);
  sender = await runBackend(receivers.transport.published);
  ledger = ledgerOf(receivers.result, sender.result);
});

function ledgerOf(...results: readonly SliceResult[]): RunLedger {
  const made = makeLedger(plan);
  for (const result of results) made.addSlice(result);
  return made.close();
}

describe('a backend that sends late', () => {
  it('records when it sent what was more than a second late', () => {
    const { published } = sender.transport;
    expect(published).toHaveLength(commands);
    const lateSends = sender.result.streams[0]!.lateSends!;
    const recorded = new Map<number, number>();
    for (const { at, n } of lateSends) IntervalSet.decode(n).forEach((each) => void recorded.set(each, at));
    const late = published.filter(({ n, atMs }) => atMs - (publishAt + 50 + 100 * n) > 1_000);
    // Of what was due from 4 to 8.3 s, and from 12 to 13.5 s.
    expect(late.length).toBeGreaterThan(35);
    expect([...recorded.keys()].sort((a, b) => a - b)).toEqual(late.map(({ n }) => n));
    for (const { n, atMs } of late) expect(recorded.get(n)).toBe(Math.floor(atMs / 100) * 100);
  });

  it('leaves no delivery unknown: each was delivered, or its device was offline when it was sent, or it is lost', () => {
    const [{ offline, unknown } = { offline: 0, unknown: 0 }] = ledger.downlink!;
    const { due, received, lost: missing } = ledger.observers.downlink!;
    expect({ due, unknown, offline }).toEqual({ due: commands, unknown: 0, offline: receivers.offline });
    expect(offline).toBeGreaterThan(10);
    expect(received + offline + lost.length).toBe(due);
    expect(missing - offline).toBe(lost.length);
    // By when they were due, command 55 would be another one that was offline.
    const { streams } = sender.result;
    const unaware = { ...sender.result, streams: streams.map(({ lateSends: _, ...stream }) => stream) };
    expect(ledgerOf(receivers.result, unaware).downlink![0]!.offline).not.toBe(offline);
  });

  it('says which replies came while its client was not subscribed', () => {
    const { replies } = ledger.downlink![0]!;
    expect(sender.missed).toBeGreaterThan(3);
    expect(replies).toMatchObject({ due: commands, offline: sender.missed, unknown: 0, late: 0 });
    expect(replies!.replied).toBe(receivers.transport.published.length - sender.missed);
  });
});
