import { afterAll, describe, expect, it } from '@jest/globals';
import type { DeviceCredentials } from '../../../../../src/device/identity/credentials.ts';
import type { Transport } from '../../../../../src/device/transport.ts';
import { makeMqttTransport } from '../../../../../src/device/transports/mqtt.ts';
import { parseLoadProfile } from '../../../../../src/profile/parse.ts';
import { makeSystemClock } from '../../../../../src/shared/clock.ts';
import type { MqttEndpoint } from '../../../../../src/targets/mqtt-endpoint.ts';
import { collectGarbage } from '../../../../support/device/transports/collect-garbage.ts';
import { RecordingListener } from '../../../../support/device/transports/recording-listener.ts';
import { testKey } from '../../../../support/embedded/test-key.ts';
import { atEnd } from '../../../../support/iot-core/fixture.ts';
import {
  type GuardedIotCore,
  startGuarded,
} from '../../../../support/iot-core/listeners/listener-fixture.ts';

afterAll(collectGarbage);

type Way = (iotCore: GuardedIotCore) => {
  readonly endpoint: MqttEndpoint;
  readonly credentials: DeviceCredentials;
};

const host = 'localhost';
const account = testKey;

const ways: Readonly<Record<string, Way>> = {
  'sigv4, over WebSocket': ({ wssPort }) => ({
    endpoint: { scheme: 'wss', host, port: wssPort, auth: 'sigv4' },
    credentials: { auth: 'sigv4', region: 'us-east-1', credentials: account },
  }),
  'x509, on 8883': ({ mqttsPort, certificates: { device } }) => ({
    endpoint: { scheme: 'mqtts', host, port: mqttsPort, auth: 'x509' },
    credentials: { auth: 'x509', pairOf: () => device },
  }),
  'x509, on 443': ({ wssPort, certificates: { device } }) => ({
    endpoint: { scheme: 'mqtts', host, port: wssPort, alpn: 'x-amzn-mqtt-ca', auth: 'x509' },
    credentials: { auth: 'x509', pairOf: () => device },
  }),
  'a custom authorizer, user name and password': ({ wssPort }) => ({
    endpoint: { scheme: 'mqtts', host, port: wssPort, alpn: 'mqtt', auth: 'custom' },
    credentials: {
      auth: 'custom',
      authorizer: { name: 'plain', username: 'fleet', password: 'open sesame' },
    },
  }),
  'a custom authorizer, signed token': ({ wssPort, sign }) => ({
    endpoint: { scheme: 'mqtts', host, port: wssPort, alpn: 'mqtt', auth: 'custom' },
    credentials: {
      auth: 'custom',
      authorizer: {
        name: 'signed',
        token: { keyName: 'token', value: 'bearer-token', signature: sign('bearer-token') },
      },
    },
  }),
};

async function open(
  client: 'dense' | 'device-sdk',
  iotCore: GuardedIotCore,
  way: Way,
  devices = 3,
): Promise<{ listener: RecordingListener; transport: Transport }> {
  const profile = parseLoadProfile({ devices, ratePerSecond: 1, duration: '1s', connect: { client } });
  const { authority } = iotCore.certificates;
  const make = await makeMqttTransport(profile, { ...way(iotCore), authority }, makeSystemClock());
  const listener = new RecordingListener();
  const transport = make(listener, {
    count: devices,
    clientId: (device) => `stampede-listeners-d${device}`,
  });
  atEnd(() => transport.close());
  for (let device = 0; device < devices; device++) transport.connect(device);
  return { listener, transport };
}

describe.each(['dense', 'device-sdk'] as const)('%s', (client) => {
  it.each(Object.keys(ways))('comes in by %s', async (name) => {
    const iotCore = await startGuarded();
    const { listener, transport } = await open(client, iotCore, ways[name]!);
    await listener.until('connected', 3);
    transport.subscribe(0, 'custom/d0', 1);
    await listener.until('subscribed');
    const messages = 300;
    for (let n = 0; n < messages; n++) {
      // Sizes on both sides of what a WebSocket frame writes its length in.
      const payload = Buffer.alloc(n % 150 === 0 ? 70_000 : 40 + n, 'x');
      const topic = `custom/d${n % 3}`;
      while (!transport.send(n % 3, { token: n, topic, payload, qos: 1, retain: false })) {
        transport.flush();
        await listener.until('writable', listener.of('writable').length + 1);
      }
      if (n % 10 === 9) transport.flush();
    }
    await listener.until('acknowledged', messages);
    const acknowledged = new Set(listener.of('acknowledged').map(([, n]) => n));
    expect(acknowledged.size).toBe(messages);
    expect((await listener.until('received', messages / 3)).length).toBe(messages / 3);
    expect(iotCore.sum('PublishIn.Success')).toBe(messages);
  });

  it.each<[string, string, Way]>([
    [
      'a wrong secret',
      'sigv4',
      ({ wssPort }) => ({
        endpoint: { scheme: 'wss', host, port: wssPort, auth: 'sigv4' },
        credentials: {
          auth: 'sigv4',
          region: 'us-east-1',
          credentials: { ...account, secretAccessKey: 'wrong' },
        },
      }),
    ],
    [
      'a wrong password',
      'custom',
      ({ wssPort }) => ({
        endpoint: { scheme: 'mqtts', host, port: wssPort, alpn: 'mqtt', auth: 'custom' },
        credentials: { auth: 'custom', authorizer: { name: 'plain', username: 'fleet', password: 'wrong' } },
      }),
    ],
  ])('is kept out with %s', async (_what, _auth, way) => {
    const iotCore = await startGuarded();
    const { listener } = await open(client, iotCore, way, 1);
    const [[, reason] = []] = await listener.until('connectFailed');
    expect(reason).toMatch(
      /NotAuthorized|WebSocket handshake refused: 403|AWS_ERROR_HTTP_WEBSOCKET_UPGRADE_FAILURE/,
    );
    expect(iotCore.sum('Connect.AuthError')).toBe(1);
  });
});

// The Device SDK refuses it too, only 10 to 30 s later: its TLS library is slow on purpose after a fault.
it('dense does not trust a service that the authority has not signed', async () => {
  const iotCore = await startGuarded();
  const other = await startGuarded();
  const otherService = { ...iotCore, certificates: other.certificates };
  const { listener } = await open('dense', otherService, ways['x509, on 8883']!, 1);
  const [[, reason] = []] = await listener.until('connectFailed');
  expect(reason).toMatch(/SELF_SIGNED|UNABLE_TO_VERIFY|DEPTH_ZERO|CERT_SIGNATURE/);
});
