import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { auth, iot, mqtt, mqtt5 } from 'aws-iot-device-sdk-v2';
import { makeCertificates } from '../../../../../src/embedded/iot-core/auth/certificates.ts';
import { collectGarbage } from '../../../../support/device/transports/collect-garbage.ts';
import { testKey } from '../../../../support/embedded/test-key.ts';
import { atEnd } from '../../../../support/iot-core/fixture.ts';
import {
  type GuardedIotCore,
  policyOf,
  startGuarded,
} from '../../../../support/iot-core/listeners/listener-fixture.ts';
import { until } from '../../../../support/until.ts';

// The MQTT 3.1.1 builder warns on the console that the port is not 443.
beforeAll(() => void jest.spyOn(console, 'log').mockImplementation(() => {}));
afterAll(collectGarbage);

const host = 'localhost';

/** The ways in that the Device SDK has builders for, and what each needs of the embedded IoT Core. */
const ways: Readonly<Record<string, { port: 'mqttsPort' | 'wssPort'; five: Build5; three: Build3 }>> = {
  'mTLS on 8883': {
    port: 'mqttsPort',
    five: ({ certificates: { device } }) =>
      iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromMemory(
        host,
        device.certificate,
        device.key,
      ),
    three: ({ certificates: { device } }) =>
      iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder(device.certificate, device.key),
  },
  'mTLS on 443': {
    port: 'wssPort',
    five: ({ certificates: { device } }) =>
      iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromMemory(
        host,
        device.certificate,
        device.key,
      ),
    three: ({ certificates: { device } }) =>
      iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder(device.certificate, device.key),
  },
  'WebSocket by SigV4': {
    port: 'wssPort',
    five: () =>
      iot.AwsIotMqtt5ClientConfigBuilder.newWebsocketMqttBuilderWithSigv4Auth(host, {
        credentialsProvider: credentials(testKey.accessKeyId, testKey.secretAccessKey),
        region: 'us-east-1',
      }),
    three: () =>
      iot.AwsIotMqttConnectionConfigBuilder.new_with_websockets({
        credentials_provider: credentials(testKey.accessKeyId, testKey.secretAccessKey),
        region: 'us-east-1',
      }),
  },
  'custom authorizer, user and password': {
    port: 'wssPort',
    five: () =>
      iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithCustomAuth(host, {
        authorizerName: 'plain',
        username: 'fleet',
        password: Buffer.from('open sesame'),
      }),
    three: () =>
      iot.AwsIotMqttConnectionConfigBuilder.new_default_builder().with_custom_authorizer(
        'fleet',
        'plain',
        '',
        'open sesame',
      ),
  },
  'custom authorizer, signed token': {
    port: 'wssPort',
    five: ({ sign }) =>
      iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithCustomAuth(host, {
        authorizerName: 'signed',
        tokenKeyName: 'token',
        tokenValue: 'bearer-token',
        tokenSignature: sign('bearer-token'),
      }),
    three: ({ sign }) =>
      iot.AwsIotMqttConnectionConfigBuilder.new_default_builder().with_custom_authorizer(
        '',
        'signed',
        sign('bearer-token'),
        '',
        'token',
        'bearer-token',
      ),
  },
  'custom authorizer over WebSocket': {
    port: 'wssPort',
    five: () =>
      iot.AwsIotMqtt5ClientConfigBuilder.newWebsocketMqttBuilderWithCustomAuth(host, {
        authorizerName: 'plain',
        username: 'fleet',
        password: Buffer.from('open sesame'),
      }),
    three: () =>
      iot.AwsIotMqttConnectionConfigBuilder.new_websocket_builder().with_custom_authorizer(
        'fleet',
        'plain',
        '',
        'open sesame',
      ),
  },
};

type Build5 = (iotCore: GuardedIotCore) => iot.AwsIotMqtt5ClientConfigBuilder;
type Build3 = (iotCore: GuardedIotCore) => iot.AwsIotMqttConnectionConfigBuilder;

function credentials(accessKeyId: string, secret: string, token?: string) {
  return auth.AwsCredentialsProvider.newStatic(accessKeyId, secret, token);
}

/** @returns the CONNACK, or why there is none */
async function connect5(iotCore: GuardedIotCore, build: Build5, port: number, clientId = 'custom-5') {
  const config = build(iotCore)
    .withPort(port)
    .withCertificateAuthority(iotCore.certificates.authority)
    .withConnectProperties({ clientId, keepAliveIntervalSeconds: 60 })
    .build();
  const client = new mqtt5.Mqtt5Client(config);
  client.on('error', () => {});
  atEnd(async () => {
    const stopped = once(client, 'stopped');
    client.stop();
    await stopped;
    client.close();
  });
  const outcome = Promise.race([
    once(client, 'connectionSuccess').then(([{ connack }]) => connack as mqtt5.ConnackPacket),
    once(client, 'connectionFailure').then(([event]) => {
      const { error, connack } = event as mqtt5.ConnectionFailureEvent;
      return connack ?? String(error);
    }),
  ]);
  client.start();
  return { client, outcome: await outcome };
}

async function connect3(iotCore: GuardedIotCore, build: Build3, port: number) {
  const config = build(iotCore)
    .with_endpoint(host)
    .with_port(port)
    .with_certificate_authority(iotCore.certificates.authority)
    .with_client_id('custom-3')
    .with_clean_session(true)
    .build();
  const connection = new mqtt.MqttClient().new_connection(config);
  connection.on('error', () => {});
  await connection.connect();
  return connection;
}

describe.each(Object.entries(ways))('aws-iot-device-sdk-v2, %s', (_way, { port, five, three }) => {
  it('MQTT 5: connects, subscribes, publishes, receives', async () => {
    const iotCore = await startGuarded();
    const { client, outcome } = await connect5(iotCore, five, iotCore[port]);
    expect(outcome).toMatchObject({ reasonCode: 0 });
    const received: string[] = [];
    client.on('messageReceived', ({ message }) => received.push(message.topicName));
    await client.subscribe({ subscriptions: [{ topicFilter: 'custom/#', qos: mqtt5.QoS.AtLeastOnce }] });
    const payload = 'x'.repeat(70_000);
    for (const topicName of ['custom/1', 'custom/2']) {
      const puback = await client.publish({ topicName, qos: mqtt5.QoS.AtLeastOnce, payload });
      expect(puback?.reasonCode).toBe(0);
    }
    await until(() => received.length === 2);
    expect(received).toEqual(['custom/1', 'custom/2']);
    expect(iotCore.internalErrors).toEqual([]);
  });

  it('MQTT 3.1.1: connects, subscribes, publishes, receives', async () => {
    const iotCore = await startGuarded();
    const connection = await connect3(iotCore, three, iotCore[port]);
    const received: string[] = [];
    connection.on('message', (topic) => received.push(topic));
    await connection.subscribe('custom/#', mqtt.QoS.AtLeastOnce);
    await connection.publish('custom/1', '{}', mqtt.QoS.AtLeastOnce);
    await until(() => received.length === 1);
    await connection.disconnect();
    expect(iotCore.sum('Connect.Success')).toBe(1);
    expect(iotCore.internalErrors).toEqual([]);
  });
});

describe('aws-iot-device-sdk-v2 is refused, and counted', () => {
  const refused = async (iotCore: GuardedIotCore, build: Build5, port: 'mqttsPort' | 'wssPort') => {
    const { outcome } = await connect5(iotCore, build, iotCore[port]);
    await until(() => iotCore.sum('Connect.AuthError') === 1);
    expect(iotCore.sum('Connect.Success')).toBe(0);
    return outcome;
  };

  it('with a certificate that is not registered', async () => {
    const { device } = await makeCertificates(Date.now());
    const iotCore = await startGuarded();
    const build: Build5 = () =>
      iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromMemory(
        host,
        device.certificate,
        device.key,
      );
    expect(await refused(iotCore, build, 'mqttsPort')).toMatchObject({ reasonCode: 0x87 });
  });

  it.each([
    ['secret', testKey.accessKeyId, 'wrong', 'us-east-1'],
    ['access key', 'unknown', testKey.secretAccessKey, 'us-east-1'],
    ['Region', testKey.accessKeyId, testKey.secretAccessKey, 'eu-west-1'],
  ])('with a wrong %s', async (_what, accessKeyId, secret, region) => {
    const iotCore = await startGuarded();
    const build: Build5 = () =>
      iot.AwsIotMqtt5ClientConfigBuilder.newWebsocketMqttBuilderWithSigv4Auth(host, {
        credentialsProvider: credentials(accessKeyId, secret),
        region,
      });
    expect(await refused(iotCore, build, 'wssPort')).toMatch(/WEBSOCKET_UPGRADE_FAILURE|Upgrade/i);
  });

  it.each([
    ['password', { authorizerName: 'plain', username: 'fleet', password: Buffer.from('guess') }],
    [
      'authorizer',
      { authorizerName: 'no-such-authorizer', username: 'fleet', password: Buffer.from('open sesame') },
    ],
    [
      'signature',
      {
        authorizerName: 'signed',
        tokenKeyName: 'token',
        tokenValue: 'bearer-token',
        tokenSignature: Buffer.from('forged').toString('base64'),
      },
    ],
  ])('by a custom authorizer for a wrong %s', async (what, config) => {
    const iotCore = await startGuarded();
    const build: Build5 = () =>
      iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithCustomAuth(host, config);
    expect(await refused(iotCore, build, 'wssPort')).toMatchObject({ reasonCode: 0x87 });
    // What can be refused without it costs no invocation.
    expect(iotCore.events).toHaveLength(what === 'password' ? 1 : 0);
  });

  it('for a client id, a topic and a filter outside its policy', async () => {
    const fleetPolicies = [
      policyOf(
        ['iot:Connect', 'iot:Publish', 'iot:Subscribe', 'iot:Receive'],
        'client/mine',
        'topic/mine',
        'topicfilter/mine',
      ),
    ];
    const iotCore = await startGuarded({ fleetPolicies });
    const { five } = ways['mTLS on 8883']!;
    const other = await connect5(iotCore, five, iotCore.mqttsPort, 'other');
    expect(other.outcome).toMatchObject({ reasonCode: 0x87 });
    const { client, outcome } = await connect5(iotCore, five, iotCore.mqttsPort, 'mine');
    expect(outcome).toMatchObject({ reasonCode: 0 });
    const suback = await client.subscribe({
      subscriptions: ['mine', 'other'].map((topicFilter) => ({ topicFilter, qos: mqtt5.QoS.AtLeastOnce })),
    });
    expect(suback.reasonCodes).toEqual([1, 0x87]);
    await client.publish({ topicName: 'mine', qos: mqtt5.QoS.AtLeastOnce });
    const disconnection = once(client, 'disconnection') as Promise<[mqtt5.DisconnectionEvent]>;
    const publish = client.publish({ topicName: 'other', qos: mqtt5.QoS.AtLeastOnce });
    publish.catch(() => {});
    const [{ disconnect }] = await disconnection;
    expect(disconnect?.reasonCode).toBe(mqtt5.DisconnectReasonCode.NotAuthorized);
    expect([iotCore.sum('Subscribe.AuthError'), iotCore.sum('PublishIn.Success')]).toEqual([1, 1]);
    // The SDK tries again until it is stopped.
    expect(iotCore.sum('Connect.AuthError')).toBeGreaterThanOrEqual(1);
    expect(iotCore.sum('PublishIn.AuthError')).toBeGreaterThanOrEqual(1);
  });
});
