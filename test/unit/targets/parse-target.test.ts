import { describe, expect, it } from '@jest/globals';
import { InvalidInputError } from '../../../src/shared/errors.ts';
import { parseProfile, wantedTargetOf } from '../../../src/targets/parse-profile.ts';
import { parseTarget } from '../../../src/targets/parse-target.ts';

const load = { devices: 10, ratePerSecond: 10, duration: '10s' };

describe('parseTarget', () => {
  it.each([
    ['mqtt://broker', { scheme: 'mqtt', host: 'broker', port: 1883, auth: 'none' }],
    ['MQTTS://broker:1234', { scheme: 'mqtts', host: 'broker', port: 1234, auth: 'none' }],
    ['ws://broker', { scheme: 'ws', host: 'broker', port: 80, path: '/mqtt', auth: 'none' }],
    ['wss://broker/a/b?c=d', { scheme: 'wss', host: 'broker', port: 443, path: '/a/b?c=d', auth: 'none' }],
    ['mqtt://[::1]:1883', { scheme: 'mqtt', host: '[::1]', port: 1883, auth: 'none' }],
  ])('reads %s as a broker', (url, endpoint) => {
    expect(parseTarget(url, [undefined])).toEqual({ kind: 'mqtt', endpoints: [endpoint] });
  });

  it('has an endpoint for each way in which groups authenticate', () => {
    const target = parseTarget('mqtts://broker', ['password', undefined, 'x509', 'password']);
    expect(target).toMatchObject({
      endpoints: [{ auth: 'password' }, { auth: 'none' }, { auth: 'x509' }],
    });
  });

  it.each([
    ['mqtts://abc-ats.iot.eu-west-1.amazonaws.com', { port: 8883, auth: 'x509' }],
    ['mqtts://abc-ats.iot.eu-west-1.amazonaws.com:443', { port: 443, auth: 'x509', alpn: 'x-amzn-mqtt-ca' }],
    ['mqtts://iot.example.com?region=eu-west-1', { port: 8883, auth: 'x509' }],
  ])('takes %s for AWS IoT Core of its Region', (url, endpoint) => {
    expect(parseTarget(url, [undefined])).toMatchObject({
      kind: 'aws-iot',
      isNamed: true,
      region: 'eu-west-1',
      endpoints: [endpoint],
    });
  });

  it('leaves the placeholders of a web service', () => {
    const url = 'https://api.example.com/devices/{deviceId}';
    expect(parseTarget(url, [])).toEqual({ kind: 'http', url });
  });

  it.each([
    ['broker.example.com', 'is not a URL'],
    ['amqp://broker', 'has a scheme that no target has: amqp://'],
    ['mqtt://', 'names no host'],
    ['mqtt://broker:0', 'has port 0'],
    ['mqtt://broker/path', 'has a path or a query'],
    ['mqtt://broker#x', 'has a fragment'],
    ['mqtt://me:secret-42@broker', 'holds a user name or password'],
    ['mqtt://me:secret-42@broker:99999', 'has port 99999'],
    ['mqtt://me:secret-42@bro ker', 'is not a URL'],
    ['http://broker:65536/{deviceId}', 'has port 65536'],
    ['mqtts://[::1]:70000', 'has port 70000'],
  ])('says what is wrong with %s, without a password in it', (url, wrong) => {
    const found = parseTarget(url, []);
    expect(found).toEqual({ wrong: expect.stringContaining(wrong), hint: expect.stringMatching(/./) });
    expect(JSON.stringify(found)).not.toContain('secret-42');
  });
});

it.each([
  ['mqtt://::1:1883', 'an IPv6 address stands in brackets: mqtt://[::1]:1883'],
  ['wss://fe80::1/mqtt', 'an IPv6 address stands in brackets: mqtt://[::1]:1883'],
  ['mqtt://broker/a', 'leave out /a; over WebSocket there are paths: ws://broker/a'],
  ['mqtt://broker?x=1', 'leave out ?x=1'],
])('says of %s what to do', (url, hint) => {
  expect(parseTarget(url, [])).toMatchObject({ hint });
});

describe('a profile that names a target', () => {
  const errorsOf = (profile: object): readonly string[] => {
    try {
      parseProfile({ ...load, ...profile });
    } catch (error) {
      if (error instanceof InvalidInputError)
        return error.errors.map(({ path, message }) => `${path} ${message}`);
      throw error;
    }
    return [];
  };
  const broker = { target: 'mqtts://broker' };

  it('authenticates by the credentials that it has', () => {
    const authOf = (connect: object) => parseProfile({ ...load, ...broker, connect }).connect.auth;
    expect(authOf({})).toBeUndefined();
    expect(authOf({ cert: 'c.pem', key: 'c.key' })).toBe('x509');
    expect(authOf({ username: 'u', password: { variable: 'P' }, cert: 'c.pem' })).toBe('password');
    expect(wantedTargetOf(parseProfile({ ...load, ...broker, connect: { cert: 'c' } }))).toMatchObject({
      endpoints: [{ auth: 'x509' }],
    });
  });

  it('is over https where the target is a web service', () => {
    expect(parseProfile({ ...load, target: 'http://127.0.0.1/x' }).connect.protocol).toBe('https');
  });

  it.each([
    ['a bad URL', { target: 'amqp://x' }, ['target has a scheme']],
    [
      'a password itself',
      { ...broker, connect: { username: 'u', password: 'hunter2' } },
      ['connect.password is a password itself'],
    ],
    ['a user name alone', { ...broker, connect: { username: 'u' } }, ['connect.password is missing']],
    [
      'a password alone',
      { ...broker, connect: { password: { variable: 'P' } } },
      ['connect.username is missing'],
    ],
    [
      'an unknown placeholder',
      { ...broker, connect: { username: '{device}', password: { variable: 'P' } } },
      ['connect.username {device} is not a placeholder'],
    ],
    ['a key without a certificate', { ...broker, connect: { key: 'k' } }, ['connect.cert is missing']],
    [
      'a certificate without TLS',
      { target: 'mqtt://broker', connect: { cert: 'c', key: 'k' } },
      ['connect.auth is "x509"', 'connect.cert is of TLS', 'connect.key is of TLS'],
    ],
    ['sigv4 at a broker', { ...broker, connect: { auth: 'sigv4' } }, ['connect.auth is "sigv4"']],
    ['HTTPS at a broker', { ...broker, connect: { protocol: 'https' } }, ['connect.protocol is "https"']],
    [
      'MQTT at a web service',
      { target: 'http://127.0.0.1/x', connect: { protocol: 'mqtt' } },
      ['connect.protocol is "mqtt"'],
    ],
    [
      'settings of MQTT at a web service',
      { target: 'http://127.0.0.1/x', publish: { qos: 1 } },
      ['publish.qos is a setting of MQTT'],
    ],
    [
      'files at the account’s own IoT Core',
      { connect: { ca: 'ca.pem' } },
      ['connect.ca is for a target that the profile names'],
    ],
    [
      'a password at the account’s own IoT Core',
      { connect: { username: 'u', password: { variable: 'P' } } },
      ['connect.auth is "password"'],
    ],
    [
      'the device SDK over ws://',
      { target: 'ws://broker', connect: { client: 'device-sdk' } },
      ['connect.client is "device-sdk"'],
    ],
    [
      'a network of a client that has no proxy there',
      { target: 'mqtt://broker', connect: { client: 'device-sdk' }, network: 'lte' },
      ['connect.client is "device-sdk", whose connections without TLS can go through no network'],
    ],
  ])('has an error for %s', (_what, profile, errors) => {
    const found = errorsOf(profile);
    expect(found).toHaveLength(errors.length);
    for (const [i, text] of errors.entries()) expect(found[i]).toContain(text);
    expect(found.join()).not.toContain('hunter2');
  });
});
