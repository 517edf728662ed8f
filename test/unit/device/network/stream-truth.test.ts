import type { Duplex } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import type { ByteStream, Connector } from '../../../../src/device/network/connector.ts';
import { makeConnectorSockets } from '../../../../src/device/network/connector-socket.ts';
import { headerBytes, segmentBytes } from '../../../../src/device/network/shaping/one-way.ts';
import { makeShapedConnector } from '../../../../src/device/network/shaping/shaped-connector.ts';
import type { NetworkForm } from '../../../../src/profile/network-presets.ts';
import { makeTestNetwork } from '../../../support/device/make-network.ts';
import { VirtualClock } from '../../../support/device/virtual-clock.ts';

// What each client makes of the network's settings, in virtual time: the streams of `dense`, and the sockets of HTTP and of the proxy of
// `device-sdk`, over a target that answers at once.

interface Answered {
  readonly sentAtMs: number;
  /** At the target, and back. */
  readonly arrivedAtMs: number;
  readonly answeredAtMs: number;
}

/** An open connection of a device. */
interface Connection {
  write(bytes: Buffer): void;
}

type Open = (connector: Connector, received: (bytes: number) => void) => Promise<Connection>;

/** What all connections of a slice are opened by, over one that is in memory. */
const openStream: Open = async (connector, received) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const onread = {
    buffer: Buffer.alloc(65_536),
    callback(length: number) {
      received(length);
      return true;
    },
  };
  const stream = connector.open(0, onread, resolve);
  await promise;
  return { write: (bytes) => void stream.write(bytes) };
};

const openSocket: Open = async (connector, received) => {
  const socket: Duplex = makeConnectorSockets(connector)(0);
  socket.on('data', (bytes: Buffer) => received(bytes.length));
  return { write: (bytes) => void socket.write(bytes) };
};

/** @param answer bytes of an answer to so many */
function makeTarget(
  clock: VirtualClock,
  arrived: (bytes: number) => void,
  answer: (bytes: number) => number,
): Connector {
  return {
    open(_device, onread, ready): ByteStream {
      clock.setTimer(0, ready);
      const buffer = onread.buffer as Buffer;
      return {
        writableLength: 0,
        writableNeedDrain: false,
        write(bytes) {
          arrived(bytes.length);
          for (let left = answer(bytes.length); left > 0; left -= buffer.length)
            onread.callback(Math.min(left, buffer.length), buffer);
          return true;
        },
        cork() {},
        uncork() {},
        end() {},
        destroy() {},
        on() {},
      };
    },
  };
}

/** Sends messages one after the other. @returns when each was sent, arrived and was answered */
async function exchange(
  open: Open,
  form: NetworkForm,
  {
    count,
    everyMs,
    bytes = 1,
    answerBytes = bytes,
  }: { count: number; everyMs: number; bytes?: number; answerBytes?: number },
): Promise<Answered[]> {
  const clock = new VirtualClock(0);
  const network = makeTestNetwork(form, 1, clock);
  const arrivals: number[] = [];
  const answers: number[] = [];
  let toTarget = 0;
  let toDevice = 0;
  const done = Promise.withResolvers<void>();
  const arrived = (length: number) => {
    toTarget += length;
    while (arrivals.length < Math.floor(toTarget / bytes)) arrivals.push(clock.now());
  };
  const answered = (length: number) => {
    toDevice += length;
    while (answers.length < Math.floor(toDevice / answerBytes)) answers.push(clock.now());
    if (answers.length === count) done.resolve();
  };
  const connector = makeShapedConnector(
    makeTarget(clock, arrived, (length) => (length / bytes) * answerBytes),
    network,
  );
  const startMs = 10_000;
  const opening = open(connector, answered);
  void opening.then((connection) => {
    for (let i = 0; i < count; i++)
      clock.setTimer(startMs + i * everyMs - clock.now(), () => connection.write(Buffer.alloc(bytes)));
  });
  clock.setTimer(startMs, () => {});
  await clock.runUntil(done.promise, () => new Promise(setImmediate));
  network.close();
  return answers.map((answeredAtMs, i) => ({
    sentAtMs: startMs + i * everyMs,
    arrivedAtMs: arrivals[i]!,
    answeredAtMs,
  }));
}

const roundTrips = (messages: readonly Answered[]) =>
  messages.map(({ sentAtMs, answeredAtMs }) => answeredAtMs - sentAtMs).sort((a, b) => a - b);

/** The larger of 1 ms and 1 %. */
function expectNear(actual: number, expected: number): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(Math.max(1, 0.01 * expected));
}

describe.each([
  ['dense', openStream],
  ['HTTP and device-sdk', openSocket],
] as const)('the network of %s', (_clients, open) => {
  it('delays each way by a constant', async () => {
    const messages = await exchange(open, { delay: '80ms' }, { count: 100, everyMs: 500 });
    for (const { sentAtMs, arrivedAtMs, answeredAtMs } of messages) {
      expectNear(arrivedAtMs - sentAtMs, 80);
      expectNear(answeredAtMs - sentAtMs, 160);
    }
  });

  it('delays each way by a range, for itself', async () => {
    const sorted = roundTrips(
      await exchange(open, { delay: '50ms..150ms' }, { count: 10_000, everyMs: 1_000 }),
    );
    // The sum of two of them has a triangle as its density.
    const expected = (q: number) =>
      q <= 0.5 ? 100 + 100 * Math.sqrt(2 * q) : 300 - 100 * Math.sqrt(2 * (1 - q));
    for (const q of [0.1, 0.5, 0.9]) expectNear(sorted[Math.floor(q * sorted.length)]!, expected(q));
  });

  it('has the bandwidth up, and that down', async () => {
    const count = 100;
    const size = { bytes: segmentBytes, answerBytes: 2 * segmentBytes };
    const form = { bandwidth: { up: '64kbit', down: '500kbit' } };
    const [upMs, downMs] = [64, 500].map((kbit) => ((segmentBytes + headerBytes) * 8) / kbit) as [
      number,
      number,
    ];
    const messages = await exchange(open, form, { count, everyMs: 0, ...size });
    const { sentAtMs, arrivedAtMs, answeredAtMs } = messages.at(-1)!;
    expectNear(arrivedAtMs - sentAtMs, count * upMs);
    expectNear(answeredAtMs - arrivedAtMs, 2 * downMs);
  });

  it('loses packets each way, which come again after a timeout', async () => {
    const sorted = roundTrips(
      await exchange(open, { loss: 0.1, delay: '50ms' }, { count: 10_000, everyMs: 5_000 }),
    );
    const late = sorted.filter((ms) => ms > 101);
    expect(Math.abs(late.length / sorted.length - (1 - 0.9 ** 2))).toBeLessThanOrEqual(0.01);
    expectNear(sorted[0]!, 100);
    expectNear(late[Math.floor(late.length / 2)]!, 100 + 100 + 200);
  });

  it('stalls', async () => {
    const form = { stall: { everySeconds: 10, for: '2s' } };
    const sorted = roundTrips(await exchange(open, form, { count: 1_000, everyMs: 1_001 }));
    expect(Math.abs(sorted.filter((ms) => ms > 0).length / sorted.length - 0.2)).toBeLessThanOrEqual(0.01);
    expectNear(sorted.at(-1)!, 2_000);
  });
});
