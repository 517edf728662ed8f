import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import type { DeviceCredentials } from '../../../../src/device/identity/credentials.ts';
import type { MakeTransport } from '../../../../src/device/transport.ts';
import { makeHttpsTransport } from '../../../../src/device/transports/https.ts';
import { makeMqttTransport } from '../../../../src/device/transports/mqtt.ts';
import { parseLoadProfile } from '../../../../src/profile/parse.ts';
import { makeSystemClock } from '../../../../src/shared/clock.ts';
import { collectGarbage } from '../../../support/device/transports/collect-garbage.ts';
import {
  cleanUp,
  cleanUpLater,
  httpsSettingsOf,
  nameClients,
  type Opened,
  publishBy,
} from '../../../support/device/transports/open-transport.ts';
import { RecordingListener } from '../../../support/device/transports/recording-listener.ts';
import {
  startProxy,
  startSilent,
  startSilentTls,
} from '../../../support/device/transports/stalling-servers.ts';
import { testKey } from '../../../support/embedded/test-key.ts';
import { type GuardedIotCore, startGuarded } from '../../../support/iot-core/listeners/listener-fixture.ts';

afterEach(cleanUp);
afterAll(collectGarbage);

/** One way to the service: what a transport is made of, and the port of the embedded IoT Core that it leads to. */
interface Way {
  readonly make: (iotCore: GuardedIotCore, port: number) => Promise<MakeTransport>;
  readonly portOf: (iotCore: GuardedIotCore) => number;
  readonly tls: boolean;
}

const account = testKey;

function mqtt(client: string, scheme: 'mqtt' | 'mqtts' | 'wss'): Way {
  return {
    make: ({ certificates: { authority, device } }, port) => {
      const profile = parseLoadProfile({ devices: 3, ratePerSecond: 1, duration: '1s', connect: { client } });
      const credentials: DeviceCredentials =
        scheme === 'mqtt'
          ? { auth: 'none' }
          : scheme === 'wss'
            ? { auth: 'sigv4', region: 'us-east-1', credentials: account }
            : { auth: 'x509', pairOf: () => device };
      const endpoint = { scheme, host: 'localhost', port, auth: credentials.auth };
      return makeMqttTransport(profile, { endpoint, credentials, authority }, makeSystemClock());
    },
    portOf: (iotCore) =>
      scheme === 'mqtt' ? iotCore.mqttPort : scheme === 'wss' ? iotCore.wssPort : iotCore.mqttsPort,
    tls: scheme !== 'mqtt',
  };
}

const ways: Readonly<Record<string, Way>> = {
  'dense, TCP': mqtt('dense', 'mqtt'),
  'dense, TLS': mqtt('dense', 'mqtts'),
  'dense, WebSocket': mqtt('dense', 'wss'),
  'device-sdk, TCP': mqtt('device-sdk', 'mqtt'),
  'device-sdk, TLS': mqtt('device-sdk', 'mqtts'),
  'device-sdk, WebSocket': mqtt('device-sdk', 'wss'),
};

async function open({ make }: Way, iotCore: GuardedIotCore, port: number): Promise<Opened> {
  const listener = new RecordingListener();
  const transport = (await make(iotCore, port))(listener, nameClients(3));
  return { listener, transport, publish: publishBy(transport) };
}

/**
 * Waits until `count` devices are connected, and connects a device again whose attempt failed, as a slice does: the
 * resolver of the Device SDK may have no address of `localhost` for a moment after connections to it have failed.
 */
async function connected({ listener, transport }: Opened, count = 1): Promise<void> {
  const attempts = 5;
  for (let failures = 0; failures < attempts; failures++) {
    const done = listener.until('connected', count).then(() => true);
    const failed = listener.until('connectFailed', failures + 1).then(() => false);
    if (await Promise.race([done, failed])) return;
    const [, device] = listener.events.filter(([name]) => name === 'connectFailed')[failures]!;
    transport.connect(device);
  }
  throw new Error(`not connected: ${listener.of('connectFailed').flat().join(', ')}`);
}

/** Closes; a listener method called after that, even turns later, fails the test. */
async function closeQuietly({ listener, transport }: Opened): Promise<void> {
  const before = listener.events.length;
  await transport.close();
  for (let turn = 0; turn < 10; turn++) await nextTurn();
  expect(listener.events.slice(before)).toEqual([]);
}

describe.each(Object.keys(ways))('%s, closes', (name) => {
  const way = ways[name]!;

  it('before it connects', async () => {
    const iotCore = await startGuarded();
    await closeQuietly(await open(way, iotCore, way.portOf(iotCore)));
  });

  it('in the same moment as it begins to connect', async () => {
    const iotCore = await startGuarded();
    for (let round = 0; round < 20; round++) {
      const opened = await open(way, iotCore, way.portOf(iotCore));
      for (let device = 0; device < 3; device++) opened.transport.connect(device);
      await closeQuietly(opened);
    }
  });

  it(`while the service has accepted TCP and answers nothing${way.tls ? ' to the TLS handshake' : ''}`, async () => {
    const silent = await startSilent();
    cleanUpLater(() => silent.close());
    const opened = await open(way, await startGuarded(), silent.port);
    opened.transport.connect(0);
    await silent.spokenTo;
    await closeQuietly(opened);
  });

  if (way.tls) {
    it('while the TLS handshake is done and nothing else is answered', async () => {
      const iotCore = await startGuarded();
      const silent = await startSilentTls(iotCore.certificates);
      cleanUpLater(() => silent.close());
      const opened = await open(way, iotCore, silent.port);
      opened.transport.connect(0);
      await silent.spokenTo;
      await closeQuietly(opened);
    });
  }

  it('connected, while the service neither reads nor closes', async () => {
    const iotCore = await startGuarded();
    const proxy = await startProxy(way.portOf(iotCore));
    cleanUpLater(() => proxy.close());
    const opened = await open(way, iotCore, proxy.port);
    const { transport, publish } = opened;
    for (let device = 0; device < 3; device++) transport.connect(device);
    await connected(opened, 3);
    proxy.freeze();
    // More than the buffers of a socket on loopback hold.
    const payload = Buffer.alloc(120_000, 'x');
    for (let n = 0; n < 300; n++) publish(n % 3, n, payload);
    transport.flush();
    await closeQuietly(opened);
  });

  it('while it waits to connect again', async () => {
    const silent = await startSilent();
    await silent.close();
    const opened = await open(way, await startGuarded(), silent.port);
    opened.transport.connect(0);
    await opened.listener.until('connectFailed');
    await closeQuietly(opened);
  });

  it('while a refused connection is being taken down', async () => {
    const iotCore = await startGuarded();
    const proxy = await startProxy(way.portOf(iotCore));
    const opened = await open(way, iotCore, proxy.port);
    opened.transport.connect(0);
    await connected(opened);
    const lost = opened.listener.until('disconnected');
    await proxy.close();
    await lost;
    opened.transport.connect(0);
    await closeQuietly(opened);
  });
});

describe('https, closes', () => {
  it('before it connects, in the same moment, and while a request is not answered', async () => {
    const silent = await startSilent();
    cleanUpLater(() => silent.close());
    const settings = { ...httpsSettingsOf(`http://127.0.0.1:${silent.port}`), ackTimeoutMs: 60_000 };
    const openHttps = (): Opened => {
      const listener = new RecordingListener();
      const transport = makeHttpsTransport(settings)(listener, nameClients(1));
      return { listener, transport, publish: publishBy(transport) };
    };
    await closeQuietly(openHttps());
    const atOnce = openHttps();
    atOnce.transport.connect(0);
    await closeQuietly(atOnce);
    const waiting = openHttps();
    waiting.transport.connect(0);
    await waiting.listener.until('connected');
    waiting.publish(0, 0, Buffer.from('x'));
    await silent.spokenTo;
    await closeQuietly(waiting);
  });
});
