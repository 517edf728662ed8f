import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Connector, makeTcpConnector, makeTlsConnector } from '../../../src/device/network/connector.ts';
import { makeDenseTransport } from '../../../src/device/transports/dense.ts';
import { collectGarbage } from '../../support/device/transports/collect-garbage.ts';
import { cleanUp, cleanUpLater, nameClients } from '../../support/device/transports/open-transport.ts';
import { RecordingListener } from '../../support/device/transports/recording-listener.ts';
import {
  type Broker,
  type BrokerKind,
  hiveMq,
  mosquitto,
  rabbitMq,
  user,
} from '../../support/targets/brokers.ts';

// Servers of others: every version of MQTT and quality of service that each has, with a password and with a certificate. All that
// was sent is acknowledged, and arrives at a subscriber.

afterEach(cleanUp);
afterAll(collectGarbage);

const devices = 5;
/** HiveMQ's receive maximum: more than that in flight would break the protocol. */
const messagesEach = 10;
const host = '127.0.0.1';
const limitMs = 20_000;

function open(connector: Connector, mqttVersion: 4 | 5, login?: typeof user) {
  const listener = new RecordingListener();
  const make = makeDenseTransport({
    keepAliveMs: 60_000,
    cleanStart: true,
    sessionExpirySeconds: 0,
    connectTimeoutMs: 30_000,
    ackTimeoutMs: 30_000,
    connector,
    mqttVersion,
    ...(login && { loginOf: () => login }),
  });
  const transport = make(listener, nameClients(devices + 1));
  cleanUpLater(() => transport.close());
  return { listener, transport };
}

describe.each([mosquitto, rabbitMq, hiveMq])('$name', (kind: BrokerKind) => {
  const missing = kind.missing();
  if (missing !== undefined) console.warn(`skipped ${kind.name}: there is no ${missing}`);
  const itIfThere = missing === undefined ? it : it.skip;
  let broker: Broker;
  beforeAll(async () => {
    if (missing === undefined) broker = await kind.start();
  });
  afterAll(async () => {
    await broker?.close();
  });

  const cases = ['password', 'certificate'].flatMap((auth) =>
    kind.versions.flatMap((version) => kind.qos.map((qos) => ({ auth, version, qos }))),
  );

  itIfThere.each(cases)(
    'takes and delivers every message: $auth, version $version, QoS $qos',
    async ({ auth, version, qos }) => {
      const byPassword = auth === 'password';
      const connector = byPassword
        ? makeTcpConnector({ host, port: broker.port })
        : makeTlsConnector({ host, port: broker.tlsPort }, broker.pem);
      const { listener, transport } = open(connector, version, byPassword ? user : undefined);
      for (let device = 0; device <= devices; device++) transport.connect(device);
      await listener.until('connected', devices + 1);
      transport.subscribe(devices, `fleet/${auth}/${version}/${qos}/#`, qos);
      await listener.until('subscribed');
      const sent: string[] = [];
      for (let device = 0; device < devices; device++) {
        for (let n = 0; n < messagesEach; n++) {
          const text = `${device}-${n}`;
          const topic = `fleet/${auth}/${version}/${qos}/${device}`;
          const message = { token: sent.length, topic, payload: Buffer.from(text), qos, retain: false };
          expect(transport.send(device, message)).toBe(true);
          sent.push(text);
        }
      }
      transport.flush();
      if (qos > 0) await listener.until('acknowledged', sent.length);
      await listener.until('received', sent.length);
      const received = listener
        .of('received')
        .map(([, message]) => message as { payload: string; qos: number });
      expect(received.map(({ payload }) => payload).sort()).toEqual(sent.sort());
      expect(received.every((message) => message.qos === qos)).toBe(true);
      expect(listener.of('refused')).toEqual([]);
      expect(listener.of('disconnected')).toEqual([]);
      expect(listener.of('accepted').length).toBe(qos === 2 ? sent.length : 0);
    },
    limitMs,
  );

  itIfThere(
    'refuses a wrong password, and a device without a certificate',
    async () => {
      const version = kind.versions.at(-1)!;
      const tcp = makeTcpConnector({ host, port: broker.port });
      const wrong = open(tcp, version, { ...user, password: 'wrong' });
      wrong.transport.connect(0);
      const [[, reason] = []] = await wrong.listener.until('connectFailed');
      expect(reason).toMatch(/^(NotAuthorized|BadUserNameOrPassword)$/);
      const { ca } = broker.pem;
      const without = open(makeTlsConnector({ host, port: broker.tlsPort }, { ca }), version, user);
      without.transport.connect(0);
      await without.listener.until('connectFailed');
    },
    limitMs,
  );

  (kind.qos.includes(2) ? itIfThere : it.skip)(
    'completes at QoS 2 what a broken connection left, once',
    async () => {
      const version = kind.versions.at(-1)!;
      const listener = new RecordingListener();
      const settings = {
        keepAliveMs: 60_000,
        connectTimeoutMs: 30_000,
        ackTimeoutMs: 30_000,
        loginOf: () => user,
      };
      const connector = makeTcpConnector({ host, port: broker.port });
      const make = makeDenseTransport({
        ...settings,
        cleanStart: false,
        sessionExpirySeconds: 3_600,
        connector,
        mqttVersion: version,
      });
      const clients = { count: 2, clientId: (device: number) => `resumed-${device}` };
      const transport = make(listener, clients);
      cleanUpLater(() => transport.close());
      for (const device of [0, 1]) transport.connect(device);
      await listener.until('connected', 2);
      transport.subscribe(1, 'resumed', 2);
      await listener.until('subscribed');
      const count = messagesEach;
      for (let token = 0; token < count; token++) {
        const payload = Buffer.from(String(token));
        transport.send(0, { token, topic: 'resumed', payload, qos: 2, retain: false });
      }
      transport.flush();
      // Some are released then, and some have no answer yet.
      await listener.until('accepted', 2);
      transport.disconnect(0, 'drop');
      await listener.until('disconnected');
      transport.connect(0);
      expect((await listener.until('connected', 3)).at(-1)).toMatchObject([0, expect.any(Number), true]);
      await listener.until('received', count);
      const tokensOf = (kindOfCall: 'accepted' | 'acknowledged') =>
        listener.of(kindOfCall).map(([, token]) => token as number);
      if (kind.answersAgain) await listener.until('acknowledged', count);
      else await listener.until('acknowledged', tokensOf('accepted').length);
      expect(tokensOf('acknowledged')).toEqual(expect.arrayContaining(tokensOf('accepted')));
      const payloads = listener.of('received').map(([, message]) => (message as { payload: string }).payload);
      expect(payloads.sort()).toEqual(Array.from({ length: count }, (_, token) => String(token)).sort());
    },
    limitMs,
  );
});
