import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it } from '@jest/globals';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { makeCertificates } from '../../../../../src/embedded/iot-core/auth/certificates.ts';
import { testKey } from '../../../../support/embedded/test-key.ts';
import { atEnd } from '../../../../support/iot-core/fixture.ts';
import {
  type GuardedIotCore,
  policyOf,
  startGuarded,
} from '../../../../support/iot-core/listeners/listener-fixture.ts';
import { type PresignOptions, presignedUrl } from '../../../../support/iot-core/listeners/presign.ts';
import { until } from '../../../../support/until.ts';

function open(url: string, iotCore: GuardedIotCore, options: IClientOptions = {}): MqttClient {
  const ca = iotCore.certificates.authority;
  const client = mqtt.connect(url, { ca, wsOptions: { ca }, reconnectPeriod: 0, ...options });
  atEnd(() => client.endAsync(true));
  return client;
}

/** @returns why not, or undefined */
async function outcomeOf(client: MqttClient): Promise<string | undefined> {
  const error = new Promise<string>((resolve) => client.once('error', ({ message }) => resolve(message)));
  client.on('error', () => {});
  const closed = new Promise<string>((resolve) =>
    client.once('close', () => setImmediate(resolve, 'closed')),
  );
  const connected = new Promise<undefined>((resolve) => client.once('connect', () => resolve(undefined)));
  return Promise.race([connected, error, closed]);
}

const fleet = ({ certificates: { device } }: GuardedIotCore) => ({
  cert: device.certificate,
  key: device.key,
});

const ways: Readonly<
  Record<string, (iotCore: GuardedIotCore, more: IClientOptions) => Promise<MqttClient> | MqttClient>
> = {
  'mTLS on 8883': (iotCore, more) =>
    open(`mqtts://localhost:${iotCore.mqttsPort}`, iotCore, { ...fleet(iotCore), ...more }),
  'mTLS on 443': (iotCore, more) =>
    open(`mqtts://localhost:${iotCore.wssPort}`, iotCore, {
      ...fleet(iotCore),
      ALPNProtocols: ['x-amzn-mqtt-ca'],
      ...more,
    }),
  'WebSocket by SigV4': async (iotCore, more) => open(await presignedUrl(iotCore.wssPort), iotCore, more),
  'custom authorizer': (iotCore, more) =>
    open(`mqtts://localhost:${iotCore.wssPort}`, iotCore, {
      ALPNProtocols: ['mqtt'],
      username: 'fleet?x-amz-customauthorizer-name=plain',
      password: 'open sesame',
      ...more,
    }),
  'custom authorizer over WebSocket': (iotCore, more) =>
    open(`wss://localhost:${iotCore.wssPort}/mqtt?x-amz-customauthorizer-name=plain`, iotCore, {
      username: 'fleet',
      password: 'open sesame',
      ...more,
    }),
};

describe.each(Object.entries(ways))('MQTT.js, %s', (_way, connect) => {
  it.each([4, 5] as const)('version %i: publishes and receives', async (protocolVersion) => {
    const iotCore = await startGuarded();
    const client = await connect(iotCore, { protocolVersion, clientId: 'js' });
    expect(await outcomeOf(client)).toBeUndefined();
    const received: string[] = [];
    client.on('message', (topic, payload) => received.push(`${topic} ${payload.length}`));
    await client.subscribeAsync('custom/+', { qos: 1 });
    // One at a time, then many at once: frames of every size, and acknowledgements gathered.
    await client.publishAsync('custom/big', Buffer.alloc(100_000), { qos: 1 });
    await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        client.publishAsync(`custom/${n}`, Buffer.alloc(n * 30), { qos: 1 }),
      ),
    );
    await until(() => received.length === 51);
    expect(received).toContain('custom/big 100000');
    expect(received).toContain('custom/49 1470');
    expect(iotCore.internalErrors).toEqual([]);
  });
});

/** Asks for an upgrade and is not granted it. @returns status and kind of the answer */
async function handshake(url: string, iotCore: GuardedIotCore, more: Record<string, string> = {}) {
  const requested = request(url.replace('wss', 'https'), {
    ca: iotCore.certificates.authority,
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': Buffer.alloc(16).toString('base64'),
      'sec-websocket-protocol': 'mqtt',
      ...more,
    },
  });
  requested.end();
  const [response] = (await once(requested, 'response')) as [IncomingMessage];
  response.resume();
  return [response.statusCode, response.headers['x-amzn-errortype']];
}

describe('a WebSocket', () => {
  it.each([
    ['secret', { secretAccessKey: 'guess' }],
    ['Region', { region: 'eu-west-1' }],
    ['service', { service: 'iotdata' }],
    ['hour', { signingDate: new Date(Date.now() - 3_600_000) }],
  ] satisfies [string, PresignOptions][])(
    'signed with a wrong %s is refused with 403',
    async (_what, options) => {
      const iotCore = await startGuarded();
      const url = await presignedUrl(iotCore.wssPort, options);
      expect(await handshake(url, iotCore)).toEqual([403, 'ForbiddenException']);
      expect(iotCore.sum('Connect.AuthError')).toBe(1);
      const client = open(url, iotCore);
      expect(await outcomeOf(client)).toBeDefined();
    },
  );

  it('without a signature is refused where there is no authorizer, and elsewhere than at /mqtt', async () => {
    const iotCore = await startGuarded({ authorizers: [] });
    const base = `wss://localhost:${iotCore.wssPort}`;
    expect(await handshake(`${base}/mqtt`, iotCore)).toEqual([403, 'ForbiddenException']);
    expect(await handshake(`${base}/ws`, iotCore)).toEqual([404, 'ResourceNotFoundException']);
    const other = { 'sec-websocket-protocol': 'chat' };
    expect(await handshake(`${base}/mqtt`, iotCore, other)).toEqual([400, 'InvalidRequestException']);
    expect([iotCore.sum('Connect.AuthError'), iotCore.sum('Connect.ClientError')]).toEqual([1, 2]);
  });

  it('may do what its access key’s policies allow', async () => {
    const policies = [policyOf(['iot:Connect', 'iot:Publish'], 'client/*', 'topic/mine/*')];
    const accessKeys = [{ ...testKey, policies }];
    const iotCore = await startGuarded({ accessKeys });
    const client = open(await presignedUrl(iotCore.wssPort), iotCore, { protocolVersion: 5 });
    expect(await outcomeOf(client)).toBeUndefined();
    await client.publishAsync('mine/1', '{}', { qos: 1 });
    client.on('error', () => {});
    const disconnected = once(client as never, 'disconnect');
    client.publish('other/1', '{}', { qos: 1 });
    const [{ reasonCode }] = (await disconnected) as [{ reasonCode: number }];
    expect(reasonCode).toBe(0x87);
    expect([iotCore.sum('PublishIn.Success'), iotCore.sum('PublishIn.AuthError')]).toEqual([1, 1]);
  });
});

describe('a certificate', () => {
  it('that is not registered, or none, gets a CONNACK that says no, in either version', async () => {
    const iotCore = await startGuarded();
    const { device } = await makeCertificates(Date.now());
    const unregistered = { cert: device.certificate, key: device.key };
    const url = `mqtts://localhost:${iotCore.mqttsPort}`;
    expect(await outcomeOf(open(url, iotCore, unregistered))).toMatch(/Connection refused/);
    expect(await outcomeOf(open(url, iotCore, { ...unregistered, protocolVersion: 5 }))).toMatch(
      /Not authorized/,
    );
    expect(await outcomeOf(open(url, iotCore))).toMatch(/Connection refused/);
    expect(iotCore.sum('Connect.AuthError')).toBe(3);
  });

  it('may be another’s, once registered; its policies may speak of it', async () => {
    const { device } = await makeCertificates(Date.now());
    const certificates = [
      {
        certificate: device.certificate,
        // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy's variable.
        policies: [policyOf(['iot:Connect'], 'client/${iot:Certificate.Subject.CommonName}-*')],
      },
    ];
    const iotCore = await startGuarded({ certificates });
    const url = `mqtts://localhost:${iotCore.mqttsPort}`;
    const options = { cert: device.certificate, key: device.key };
    const allowed = open(url, iotCore, { ...options, clientId: 'stampede-fleet-1' });
    expect(await outcomeOf(allowed)).toBeUndefined();
    expect(await outcomeOf(open(url, iotCore, { ...options, clientId: 'other' }))).toMatch(
      /Connection refused/,
    );
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('may be shown by %s', async (version) => {
    const iotCore = await startGuarded();
    const client = open(`mqtts://localhost:${iotCore.mqttsPort}`, iotCore, {
      ...fleet(iotCore),
      // Passed on to node:tls, though the types do not say so.
      ...({ minVersion: version, maxVersion: version } as object),
    });
    expect(await outcomeOf(client)).toBeUndefined();
  });

  it('is not looked at by what is older than TLS 1.2', async () => {
    const iotCore = await startGuarded();
    const socket = connectTls({
      port: iotCore.mqttsPort,
      host: '127.0.0.1',
      servername: 'localhost',
      ca: iotCore.certificates.authority,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      // A cipher that TLS 1.1 has, which OpenSSL offers at security level 0 only.
      ciphers: 'ECDHE-ECDSA-AES128-SHA@SECLEVEL=0',
    });
    const [error] = (await once(socket, 'error')) as [Error & { code?: string }];
    expect(error.code).toMatch(/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/);
  });

  it('is known again when a TLS session is resumed', async () => {
    const iotCore = await startGuarded();
    const options = {
      host: '127.0.0.1',
      port: iotCore.mqttsPort,
      servername: 'localhost',
      ca: iotCore.certificates.authority,
    };
    const { certificate: cert, key } = iotCore.certificates.device;
    const first = connectTls({ ...options, cert, key });
    atEnd(() => first.destroy());
    const [session] = (await once(first, 'session')) as [Buffer];
    const second = connectTls({ ...options, session });
    atEnd(() => second.destroy());
    await once(second, 'secureConnect');
    expect(second.isSessionReused()).toBe(true);
    const client = new mqtt.MqttClient(() => second as never, { clientId: 'resumed', reconnectPeriod: 0 });
    atEnd(() => client.endAsync(true));
    expect(await outcomeOf(client)).toBeUndefined();
  });
});

describe('what policies leave out', () => {
  const all = ['iot:Connect', 'iot:Publish', 'iot:Subscribe', 'iot:Receive'];
  const connect = async (iotCore: GuardedIotCore, options: IClientOptions = {}) => {
    const client = open(`mqtts://localhost:${iotCore.mqttsPort}`, iotCore, {
      ...fleet(iotCore),
      protocolVersion: 5,
      ...options,
    });
    return { client, outcome: await outcomeOf(client) };
  };

  it('is not delivered: iot:Receive is asked for every message, retained ones too', async () => {
    const fleetPolicies = [
      policyOf(all.slice(0, 3), 'client/*', 'topic/*', 'topicfilter/*'),
      policyOf(['iot:Receive'], 'topic/allowed'),
      policyOf(['iot:RetainPublish'], 'topic/*'),
    ];
    const iotCore = await startGuarded({ fleetPolicies });
    const { client } = await connect(iotCore);
    const received: string[] = [];
    client.on('message', (topic) => received.push(topic));
    await client.publishAsync('kept', 'x', { qos: 1, retain: true });
    await client.subscribeAsync(['+', 'kept'], { qos: 1 });
    for (const topic of ['denied', 'allowed', 'denied', 'allowed'])
      await client.publishAsync(topic, 'x', { qos: 1 });
    await until(() => received.length === 2);
    expect(received).toEqual(['allowed', 'allowed']);
    expect(iotCore.sum('PublishOut.AuthError')).toBe(3);
    expect(iotCore.sum('PublishOut.Success')).toBe(2);
  });

  it('is not shared: a $share filter is asked for as it is written, group included', async () => {
    const allowed = policyOf(['iot:Subscribe'], 'topicfilter/$share/mine/t', 'topicfilter/t');
    const fleetPolicies = [policyOf(['iot:Connect'], 'client/*'), allowed];
    const iotCore = await startGuarded({ fleetPolicies });
    const { client } = await connect(iotCore);
    const granted = async (filter: string) => (await client.subscribeAsync(filter, { qos: 1 }))[0]?.qos;
    expect(await granted('t')).toBe(1);
    expect(await granted('$share/mine/t')).toBe(1);
    await expect(granted('$share/theirs/t')).rejects.toThrow();
    expect(iotCore.sum('Subscribe.AuthError')).toBe(1);
  });

  it('is not retained: iot:RetainPublish is asked for beside iot:Publish, and for a will', async () => {
    const fleetPolicies = [policyOf(all, 'client/*', 'topic/*', 'topicfilter/*')];
    const iotCore = await startGuarded({ fleetPolicies }, { unauthorized: { publish: 'refuse' } });
    const { client } = await connect(iotCore);
    await client.publishAsync('t', 'x', { qos: 1 });
    await expect(client.publishAsync('t', 'x', { qos: 1, retain: true })).rejects.toThrow(/Not authorized/);
    expect(iotCore.sum('PublishRetained.AuthError')).toBe(1);
    const will = { topic: 'w', payload: Buffer.from('gone'), qos: 0, retain: true } as const;
    expect((await connect(iotCore, { will })).outcome).toMatch(/Not authorized/);
    expect((await connect(iotCore, { will: { ...will, retain: false } })).outcome).toBeUndefined();
  });

  it('may be refused the other way: publishes by their PUBACK, subscribes by a disconnect', async () => {
    const fleetPolicies = [policyOf(['iot:Connect', 'iot:Publish'], 'client/*', 'topic/mine')];
    const unauthorized = { publish: 'refuse', subscribe: 'disconnect' } as const;
    const iotCore = await startGuarded({ fleetPolicies }, { unauthorized });
    const { client } = await connect(iotCore);
    await expect(client.publishAsync('other', 'x', { qos: 1 })).rejects.toThrow(/Not authorized/);
    await client.publishAsync('other', 'x', { qos: 0 });
    await client.publishAsync('mine', 'x', { qos: 1 });
    expect([iotCore.sum('PublishIn.Success'), iotCore.sum('PublishIn.AuthError')]).toEqual([1, 2]);
    const disconnected = once(client as never, 'disconnect');
    client.subscribe('mine', () => {});
    const [{ reasonCode }] = (await disconnected) as [{ reasonCode: number }];
    expect([reasonCode, iotCore.sum('Subscribe.AuthError')]).toEqual([0x87, 1]);
  });
});
