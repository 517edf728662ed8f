import { type EventEmitter, once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { IoTDataPlaneClient, type IoTDataPlaneClientConfig } from '@aws-sdk/client-iot-data-plane';
import { afterEach } from '@jest/globals';
import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import { generate, type Packet, parser } from 'mqtt-packet';
import type { Clock } from '../../../src/embedded/iot-core/broker-clock.ts';
import { wallClock } from '../../../src/embedded/iot-core/broker-clock.ts';
import { fetchAdmin } from '../../../src/embedded/iot-core/http/admin-client.ts';
import { type RunningIotCore, runIotCore } from '../../../src/embedded/iot-core/iot-core.ts';
import type { InvocationOutcome } from '../../../src/embedded/iot-core/queue/event-source-mapping.ts';
import {
  iotCoreSettingsOf,
  type StartIotCoreOptions,
} from '../../../src/embedded/iot-core/start-iot-core.ts';
import { type AccountLimits, accountLimitsOf } from '../../../src/targets/aws-iot/quotas.ts';
import { VirtualClock } from '../device/virtual-clock.ts';
import { testKey } from '../embedded/test-key.ts';
import { until } from '../until.ts';

/** As the stack deploys it. */
export const deployedSql =
  'SELECT stampede.run AS run, stampede.slice AS slice, stampede.deviceGroup AS deviceGroup, stampede.stream AS stream, stampede.n AS n, stampede.device AS device, ' +
  "stampede.at AS at, stampede.sent AS sent, timestamp() AS rule FROM 'stampede/#'";

/** Those of a large Region, but for what would slow every test down: one connect a second, one retained message a second, ten stored ones. */
export const roomyLimits: AccountLimits = {
  ...accountLimitsOf('default'),
  connectsPerSecondPerClientId: 1_000,
  publishesPerSecondPerConnection: 10_000,
  bytesPerSecondPerConnection: 100_000_000,
  retainedPublishesPerSecondPerTopic: 1_000,
  storedMessagesPerSecondPerClient: 1_000_000,
};

export interface SqsRecord {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly md5OfBody: string;
}

const closers: (() => unknown)[] = [];

/** Runs when the test is over, last first. */
export function atEnd(close: () => unknown): void {
  closers.push(close);
}

afterEach(async () => {
  const failures: unknown[] = [];
  for (const close of closers.splice(0).reverse()) {
    try {
      await close();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
});

export interface TestIotCore extends RunningIotCore {
  /** Bodies that came to the function, parsed. */
  readonly arrivals: Record<string, unknown>[];
  /** What a test leaves here fails it: an internal error ends a connection, and its client does not know why. */
  readonly internalErrors: unknown[];
  /** Takes the only internal error so far. */
  takeInternalError(): unknown;
  /** Sum of a metric, 0 if there is no such series. */
  sum(name: string, protocol?: 'MQTT' | 'HTTP'): number;
  admin(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Record<string, unknown>>;
}

/** An embedded IoT Core in this process whose function takes everything. @param take in its place; throws to fail */
export async function startTestIotCore(
  options: Partial<StartIotCoreOptions> = {},
  clock: Clock = wallClock,
  take?: (records: readonly unknown[]) => void,
): Promise<TestIotCore> {
  const settings = iotCoreSettingsOf({
    ruleSql: deployedSql,
    invokeUrl: 'http://127.0.0.1:9',
    functionName: 'measure-latency',
    queue: { maximumBatchingWindowMs: 5 },
    limits: roomyLimits,
    ...options,
    listeners: { accessKeys: [testKey], ...options.listeners },
  });
  const arrivals: Record<string, unknown>[] = [];
  const internalErrors: unknown[] = [];
  const invoke = async (event: Buffer): Promise<InvocationOutcome> => {
    const { Records } = JSON.parse(event.toString()) as { Records: SqsRecord[] };
    try {
      if (take === undefined) for (const { body } of Records) arrivals.push(JSON.parse(body ?? '{}'));
      else take(Records);
    } catch (error) {
      return { kind: 'failed', reason: String(error) };
    }
    return { kind: 'returned', payload: '{"batchItemFailures":[]}' };
  };
  const iotCore = await runIotCore(settings, clock, (error) => internalErrors.push(error), invoke);
  atEnd(async () => {
    await iotCore.close();
    if (internalErrors.length > 0)
      throw new Error(`internal errors of the IoT Core:\n${inspect(internalErrors)}`);
  });
  return {
    ...iotCore,
    arrivals,
    internalErrors,
    takeInternalError() {
      if (internalErrors.length !== 1) throw new Error(`there are ${internalErrors.length} internal errors`);
      return internalErrors.pop();
    },
    sum: (name, protocol = 'MQTT') => iotCore.metrics.counter(name, { Protocol: protocol }).total,
    admin: async (method, path, body) => {
      const response = await fetchAdmin(iotCore, path, {
        method,
        ...(body === undefined
          ? {}
          : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      });
      return (await response.json()) as Record<string, unknown>;
    },
  };
}

/** The SDK's client of the data plane, with the account's access key. */
export function makeDataPlaneClient(
  iotCore: { readonly httpPort: number },
  more: IoTDataPlaneClientConfig = {},
): IoTDataPlaneClient {
  const client = new IoTDataPlaneClient({
    endpoint: `http://127.0.0.1:${iotCore.httpPort}`,
    region: 'us-east-1',
    credentials: testKey,
    maxAttempts: 1,
    ...more,
  });
  atEnd(() => client.destroy());
  return client;
}

export interface Tidings {
  readonly topic: string;
  readonly text: string;
  readonly packet: IPublishPacket;
}

export interface TestClient {
  readonly client: MqttClient;
  readonly received: Tidings[];
  /** Resolves once that many messages have come. */
  got(count: number): Promise<Tidings[]>;
}

/** MQTT.js, connected. It does not reconnect by itself. */
export async function connectClient(
  iotCore: { readonly mqttPort: number },
  options: IClientOptions = {},
): Promise<TestClient> {
  const client = mqtt.connect(`mqtt://127.0.0.1:${iotCore.mqttPort}`, { reconnectPeriod: 0, ...options });
  client.on('error', () => {});
  atEnd(() => client.endAsync(true));
  const received: Tidings[] = [];
  client.on('message', (topic, payload, packet) => {
    received.push({ topic, text: payload.toString(), packet });
  });
  if (!client.connected) await once(client as unknown as EventEmitter, 'connect');
  return {
    client,
    received,
    got: async (count) => {
      await until(() => received.length >= count, `${count} messages`);
      return received;
    },
  };
}

/** A socket that speaks MQTT by the byte, for what no client would do. */
export interface RawClient {
  readonly socket: Socket;
  readonly packets: Packet[];
  readonly closed: Promise<void>;
  write(bytes: Buffer | Packet): void;
  /** The n-th packet from the server, 0 the first. */
  packet(n: number): Promise<Packet>;
}

export async function connectRaw(
  iotCore: { readonly mqttPort: number },
  protocolVersion: 4 | 5 = 4,
): Promise<RawClient> {
  const socket = connectSocket(iotCore.mqttPort, '127.0.0.1');
  const packets: Packet[] = [];
  const reader = parser({ protocolVersion });
  reader.on('packet', (packet) => packets.push(packet));
  socket.on('data', (chunk) => reader.parse(chunk));
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  atEnd(() => socket.destroy());
  await once(socket, 'connect');
  return {
    socket,
    packets,
    closed,
    write: (what) => {
      socket.write(Buffer.isBuffer(what) ? what : generate(what, { protocolVersion }));
    },
    packet: async (n) => {
      await until(() => packets.length > n, `packet ${n} of the server`);
      return packets[n]!;
    },
  };
}

/** Connects at once, whatever the session. */
export function connectPacket(clientId: string, protocolVersion: 4 | 5 = 4, more: object = {}): Packet {
  return {
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion,
    clientId,
    clean: true,
    keepalive: 60,
    ...more,
  };
}

/** Virtual time with what happens in it. */
export function makeVirtualTime() {
  const clock = new VirtualClock();
  return {
    clock,
    advance: (ms: number) =>
      clock.runUntil(
        new Promise<void>((resolve) => {
          clock.setTimer(ms, resolve);
        }),
      ),
  };
}
