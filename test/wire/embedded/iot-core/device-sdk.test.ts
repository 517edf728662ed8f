import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { afterAll, describe, expect, it } from '@jest/globals';
import { io, mqtt, mqtt5 } from 'aws-iot-device-sdk-v2';
import { atEnd, makeDataPlaneClient, startTestIotCore } from '../../../support/iot-core/fixture.ts';
import { until } from '../../../support/until.ts';

const { QoS, RetainHandlingType } = mqtt5;

// A client of aws-crt, closed or not, keeps its process alive until it is garbage and collected.
afterAll(() => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  setImmediate(collectGarbage);
});

/** An MQTT 5 client of AWS's SDK over plain TCP, connected. */
async function connectSdk5(mqttPort: number, more: Partial<mqtt5.Mqtt5ClientConfig> = {}) {
  const client = new mqtt5.Mqtt5Client({
    hostName: '127.0.0.1',
    port: mqttPort,
    connectProperties: { clientId: 'sdk-5', keepAliveIntervalSeconds: 60 },
    ...more,
  });
  // Without a listener the client throws.
  client.on('error', () => {});
  atEnd(async () => {
    const stopped = once(client, 'stopped');
    client.stop();
    await stopped;
    client.close();
  });
  const success = once(client, 'connectionSuccess') as Promise<[mqtt5.ConnectionSuccessEvent]>;
  client.start();
  const [event] = await success;
  return { client, ...event };
}

describe("aws-iot-device-sdk-v2's MQTT 5 client", () => {
  it('negotiates, subscribes, publishes, receives, unsubscribes', async () => {
    const iotCore = await startTestIotCore();
    const { client, settings, connack } = await connectSdk5(iotCore.mqttPort);
    expect(connack.reasonCode).toBe(0);
    expect(settings).toMatchObject({
      maximumQos: QoS.AtLeastOnce,
      receiveMaximumFromServer: 100,
      maximumPacketSizeToServer: 149_504,
      topicAliasMaximumToServer: 8,
      serverKeepAlive: 60,
      retainAvailable: true,
      wildcardSubscriptionsAvailable: true,
      subscriptionIdentifiersAvailable: false,
      sharedSubscriptionsAvailable: true,
    });
    const received: mqtt5.PublishPacket[] = [];
    client.on('messageReceived', ({ message }) => received.push(message));
    const suback = await client.subscribe({
      subscriptions: [
        { topicFilter: 'sdk/+', qos: QoS.AtLeastOnce },
        {
          topicFilter: '$share/g/sdk/#',
          qos: QoS.AtMostOnce,
          retainHandlingType: RetainHandlingType.DontSend,
        },
      ],
    });
    expect(suback.reasonCodes).toEqual([1, 0]);
    const puback = await client.publish({
      topicName: 'sdk/1',
      qos: QoS.AtLeastOnce,
      payload: '{"a":1}',
      contentType: 'application/json',
      userProperties: [{ name: 'k', value: 'v' }],
    });
    expect(puback?.reasonCode).toBe(0);
    await until(() => received.length === 2);
    expect(received.map(({ qos }) => qos).sort()).toEqual([0, 1]);
    expect(received[0]).toMatchObject({
      topicName: 'sdk/1',
      contentType: 'application/json',
      userProperties: [{ name: 'k', value: 'v' }],
    });
    const unsuback = await client.unsubscribe({ topicFilters: ['sdk/+', 'never'] });
    expect(unsuback.reasonCodes).toEqual([0, 17]);
  });

  it('receives the reason of its eviction', async () => {
    const iotCore = await startTestIotCore();
    const { client } = await connectSdk5(iotCore.mqttPort);
    const disconnection = once(client, 'disconnection') as Promise<[mqtt5.DisconnectionEvent]>;
    await connectSdk5(iotCore.mqttPort);
    const [{ disconnect }] = await disconnection;
    expect(disconnect?.reasonCode).toBe(mqtt5.DisconnectReasonCode.SessionTakenOver);
  });
});

describe("aws-iot-device-sdk-v2's MQTT 3.1.1 client", () => {
  it('connects, subscribes, publishes, receives, resumes its session', async () => {
    const iotCore = await startTestIotCore();
    const connect = async () => {
      const connection = new mqtt.MqttClient().new_connection({
        client_id: 'sdk-311',
        host_name: '127.0.0.1',
        port: iotCore.mqttPort,
        clean_session: false,
        keep_alive: 60,
        socket_options: new io.SocketOptions(),
      });
      connection.on('error', () => {});
      const received: string[] = [];
      connection.on('message', (topic, payload) => received.push(`${topic} ${Buffer.from(payload)}`));
      return { connection, received, sessionPresent: await connection.connect() };
    };
    const first = await connect();
    expect(first.sessionPresent).toBe(false);
    await first.connection.subscribe('sdk/+', mqtt.QoS.AtLeastOnce);
    await first.connection.publish('sdk/1', 'live', mqtt.QoS.AtLeastOnce);
    await until(() => first.received.length === 1);
    await first.connection.disconnect();
    await makeDataPlaneClient(iotCore).send(
      new PublishCommand({ topic: 'sdk/2', qos: 1, payload: Buffer.from('while away') }),
    );
    const second = await connect();
    expect(second.sessionPresent).toBe(true);
    await until(() => second.received.length === 1);
    await second.connection.disconnect();
    expect([...first.received, ...second.received]).toEqual(['sdk/1 live', 'sdk/2 while away']);
    expect(iotCore.sum('Connect.Success')).toBe(2);
  });
});
