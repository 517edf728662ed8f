import { Agent } from 'node:https';
import {
  GetRetainedMessageCommand,
  type IoTDataPlaneClientConfig,
  ListRetainedMessagesCommand,
  PublishCommand,
} from '@aws-sdk/client-iot-data-plane';
import { describe, expect, it } from '@jest/globals';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { makeCertificates } from '../../../../../src/embedded/iot-core/auth/certificates.ts';
import { testKey } from '../../../../support/embedded/test-key.ts';
import { atEnd, makeDataPlaneClient } from '../../../../support/iot-core/fixture.ts';
import {
  type GuardedIotCore,
  policyOf,
  startGuarded,
} from '../../../../support/iot-core/listeners/listener-fixture.ts';

/** The SDK's client at a TLS listener. @param tls beside the authority */
function makeClient(
  iotCore: GuardedIotCore,
  port: number,
  tls: { cert?: string; key?: string; ALPNProtocols?: string[] } = {},
  more: IoTDataPlaneClientConfig = {},
) {
  const httpsAgent = new Agent({ keepAlive: true, ca: iotCore.certificates.authority, ...tls });
  atEnd(() => httpsAgent.destroy());
  return makeDataPlaneClient(iotCore, {
    endpoint: `https://localhost:${port}`,
    requestHandler: new NodeHttpHandler({ httpsAgent }),
    ...more,
  });
}

const fleet = ({ certificates: { device } }: GuardedIotCore) => ({
  cert: device.certificate,
  key: device.key,
});
const publish = (topic: string, retain = false) =>
  new PublishCommand({ topic, qos: 1, retain, payload: Buffer.from('{}') });
const refusal = { name: 'ForbiddenException', $metadata: { httpStatusCode: 403 } };

describe('the SDK’s HTTP client', () => {
  it('publishes by signature on 443 and without TLS, by certificate on 8443 and, by protocol, on 443', async () => {
    const iotCore = await startGuarded();
    const clients = [
      makeClient(iotCore, iotCore.wssPort),
      makeDataPlaneClient(iotCore),
      makeClient(iotCore, iotCore.httpsPort, fleet(iotCore)),
      makeClient(iotCore, iotCore.wssPort, { ...fleet(iotCore), ALPNProtocols: ['x-amzn-http-ca'] }),
    ];
    for (const client of clients) await client.send(publish('a/b c/ü'));
    expect(iotCore.sum('PublishIn.Success', 'HTTP')).toBe(4);
    expect(iotCore.internalErrors).toEqual([]);
  });

  it('is refused by signature, and counted: secret, access key, Region, no signature', async () => {
    const iotCore = await startGuarded({ authorizers: [] });
    const wrong: IoTDataPlaneClientConfig[] = [
      { credentials: { ...testKey, secretAccessKey: 'guess' } },
      { credentials: { ...testKey, accessKeyId: 'unknown' } },
      { region: 'eu-west-1' },
    ];
    for (const config of wrong) {
      for (const client of [
        makeClient(iotCore, iotCore.wssPort, {}, config),
        makeDataPlaneClient(iotCore, config),
      ]) {
        await expect(client.send(publish('t'))).rejects.toMatchObject(refusal);
      }
    }
    const unsigned = await fetch(`http://127.0.0.1:${iotCore.httpPort}/topics/t`, { method: 'POST' });
    expect([unsigned.status, unsigned.headers.get('x-amzn-errortype')]).toEqual([403, 'ForbiddenException']);
    expect(await unsigned.json()).toEqual({
      message: 'Missing Authentication Token',
      traceId: expect.any(String),
    });
    expect(iotCore.sum('PublishIn.AuthError', 'HTTP')).toBe(7);
    expect(iotCore.sum('PublishIn.Success', 'HTTP')).toBe(0);
  });

  it('is refused by certificate: none, or one that is not registered', async () => {
    const iotCore = await startGuarded();
    const { device } = await makeCertificates(Date.now());
    for (const tls of [{}, { cert: device.certificate, key: device.key }]) {
      await expect(makeClient(iotCore, iotCore.httpsPort, tls).send(publish('t'))).rejects.toMatchObject(
        refusal,
      );
    }
    expect(iotCore.sum('PublishIn.AuthError', 'HTTP')).toBe(2);
  });

  it('may do what its policies allow', async () => {
    const policies = [
      policyOf(['iot:Publish', 'iot:GetRetainedMessage'], 'topic/mine'),
      policyOf(['iot:RetainPublish'], 'topic/kept'),
    ];
    const accessKeys = [{ ...testKey, policies }];
    const iotCore = await startGuarded({ accessKeys, fleetPolicies: policies });
    for (const client of [
      makeDataPlaneClient(iotCore),
      makeClient(iotCore, iotCore.httpsPort, fleet(iotCore)),
    ]) {
      await client.send(publish('mine'));
      await expect(client.send(publish('other'))).rejects.toMatchObject(refusal);
      await expect(client.send(publish('mine', true))).rejects.toMatchObject(refusal);
      const get = (topic: string) => client.send(new GetRetainedMessageCommand({ topic }));
      await expect(get('mine')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
      await expect(get('other')).rejects.toMatchObject(refusal);
      await expect(client.send(new ListRetainedMessagesCommand({}))).rejects.toMatchObject(refusal);
    }
    expect(iotCore.sum('PublishIn.Success', 'HTTP')).toBe(2);
    expect(iotCore.sum('PublishIn.AuthError', 'HTTP')).toBe(4);
    expect(iotCore.sum('PublishRetained.AuthError', 'HTTP')).toBe(2);
  });
});

describe('a custom authorizer over HTTPS', () => {
  it('judges by headers or by the query, and each request anew', async () => {
    const iotCore = await startGuarded();
    const signature = iotCore.sign('bearer-token');
    const base = `http://127.0.0.1:${iotCore.httpPort}/topics/custom%2F1`;
    const headers = {
      'x-amz-customauthorizer-name': 'signed',
      'x-amz-customauthorizer-signature': signature,
      token: 'bearer-token',
    };
    const query = new URLSearchParams(headers);
    const send = async (url: string, more: Record<string, string> = {}) =>
      (await fetch(url, { method: 'POST', headers: more, body: '{}' })).status;
    expect(await send(base, headers)).toBe(200);
    expect(await send(`${base}?qos=1&${query}`)).toBe(200);
    expect(await send(base, { ...headers, token: 'forged' })).toBe(403);
    expect(await send(base.replace('custom', 'other'), headers)).toBe(403);
    expect(iotCore.events).toHaveLength(3);
    expect(iotCore.events[1]).toMatchObject({
      token: 'bearer-token',
      signatureVerified: true,
      protocols: ['http'],
      protocolData: { http: { queryString: expect.stringContaining('x-amz-customauthorizer-name=signed') } },
    });
    expect([iotCore.sum('PublishIn.Success', 'HTTP'), iotCore.sum('PublishIn.AuthError', 'HTTP')]).toEqual([
      2, 2,
    ]);
  });
});
