import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { collectGarbage } from '../../../support/device/transports/collect-garbage.ts';
import { testAliases, testProperties, testWill } from '../../../support/device/transports/message-surface.ts';
import { cleanUp, open, startBroker } from '../../../support/device/transports/open-transport.ts';
import { acceptEverything, send } from '../../../support/device/transports/scripted-broker.ts';
import { startTestIotCore } from '../../../support/iot-core/fixture.ts';

afterEach(cleanUp);
afterAll(collectGarbage);

describe.each(['dense', 'device-sdk'] as const)('%s against the embedded IoT Core', (kind) => {
  const start = async () => ({ host: '127.0.0.1', port: (await startTestIotCore()).mqttPort });
  testProperties(kind, start);
  testAliases(kind, start);
  testWill(kind, start);
});

describe.each(['dense', 'device-sdk'] as const)('%s, packet by packet', (kind) => {
  it('has the will and the expiry of the session in its CONNECT', async () => {
    const broker = await startBroker();
    const will = {
      topic: 'w/d0',
      payload: Buffer.from('x'),
      qos: 0,
      retain: false,
      delaySeconds: 12,
    } as const;
    const { listener, transport } = open(kind, broker.address, { will, sessionExpirySeconds: 90 });
    transport.connect(0);
    await listener.until('connected');
    expect(broker.received[0]).toMatchObject({
      clean: true,
      properties: { sessionExpiryInterval: 90 },
      will: { topic: 'w/d0', qos: 0, retain: false, properties: { willDelayInterval: 12 } },
    });
  });

  it.each([0, 2] as const)('uses no more aliases than the %i that the CONNACK allows', async (maximum) => {
    const broker = await startBroker();
    broker.script = (packet, socket, version) => {
      if (packet.cmd !== 'connect') return acceptEverything(packet, socket, version);
      const properties = maximum === 0 ? {} : { topicAliasMaximum: maximum };
      send(socket, { cmd: 'connack', sessionPresent: false, reasonCode: 0, properties }, version);
    };
    const { listener, transport } = open(kind, broker.address);
    transport.connect(0);
    await listener.until('connected');
    const topics = ['a', 'b', 'c', 'a', 'b', 'c'];
    for (const [token, topic] of topics.entries()) {
      const payload = Buffer.from(topic);
      transport.send(0, { token, topic, payload, qos: 1, retain: false, isAliased: true });
    }
    transport.flush();
    await broker.got('publish', 6);
    const seen = broker.published.map(({ topic, properties }) => [topic, properties?.topicAlias]);
    const whole = (topic: string) => [topic, undefined];
    expect(seen).toEqual(
      maximum === 0 ? topics.map(whole) : [['a', 1], ['b', 2], whole('c'), ['', 1], ['', 2], whole('c')],
    );
  });
});
