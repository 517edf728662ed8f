import { describe, expect, it } from '@jest/globals';
import { parseProfile, wantedTargetOf } from '../../../src/targets/parse-profile.ts';
import { inputErrorsOf } from '../../support/input-errors.ts';

const least = {
  target: 'http://localhost:8080/v1/{deviceId}',
  devices: 10,
  ratePerSecond: 10,
  duration: '10s',
};

function errorsOf(input: object): string[] {
  return inputErrorsOf(() => parseProfile(input)).map(
    ({ path, message, hint }) => `${path} ${message} → ${hint}`,
  );
}

describe('a profile that loads a web service', () => {
  it('needs no setting of its own', () => {
    const profile = parseProfile(least);
    expect(profile.connect.protocol).toBe('https');
    expect(profile.http).toEqual({
      method: 'POST',
      query: {},
      headers: {},
      contentType: 'application/json',
      succeeds: ['2xx'],
      version: '1.1',
      connections: { perDevice: 1 },
      keepAlive: true,
    });
    expect(wantedTargetOf(profile)).toEqual({ kind: 'http', url: least.target });
  });

  it('has no default threshold on messages that no observer sees, nor on connections that devices do not have', () => {
    expect(Object.keys(parseProfile(least).thresholds)).toEqual([
      'dropped_messages',
      'unacknowledged_messages',
      'failed_messages',
      'throttled_messages',
    ]);
  });

  it('keeps where a secret lies, and not the secret', () => {
    const headers = { authorization: { variable: 'API_TOKEN' }, 'x-key': { secret: 'api/key' } };
    expect(parseProfile({ ...least, http: { headers } }).http!.headers).toEqual(headers);
  });

  it('may take any JSON as its payload, with fields of any name', () => {
    expect(errorsOf({ ...least, publish: { payload: { stampede: 1, padding: 2 } } })).toEqual([]);
  });

  it('may have requests by group', () => {
    const { devices: _, ...rest } = least;
    const profile = parseProfile({
      ...rest,
      http: { headers: { 'x-a': 'b' } },
      groups: {
        readers: { devices: 5, http: { method: 'GET' } },
        writers: { devices: 5, http: { path: '/write' } },
      },
    });
    expect(profile.groups!.map(({ http }) => [http!.method, http!.path, http!.headers])).toEqual([
      ['GET', undefined, { 'x-a': 'b' }],
      ['POST', '/write', { 'x-a': 'b' }],
    ]);
  });

  it.each<[string, object, string[]]>([
    [
      'a body for a GET',
      { http: { method: 'GET', contentType: 'text/plain' }, publish: { payload: 'x', sizeBytes: 5 } },
      ['http.contentType', 'publish.payload', 'publish.sizeBytes'],
    ],
    [
      'a form that is a list',
      { http: { contentType: 'application/x-www-form-urlencoded' }, publish: { payload: [1] } },
      ['publish.payload'],
    ],
    ['a text that is an object', { http: { contentType: 'text/plain' } }, ['publish.payload']],
    [
      'a header of the client itself',
      { http: { headers: { 'Content-Length': '5' } } },
      ['http.headers.Content-Length'],
    ],
    ['a header twice', { http: { headers: { 'X-A': '1', 'x-a': '2' } } }, ['http.headers.x-a']],
    ['a path with a blank', { http: { path: '/a b' } }, ['http.path']],
    [
      'an unknown placeholder',
      { http: { path: '/{device}', query: { a: '{{nothing}}' } } },
      ['http.path', 'http.query.a'],
    ],
    ['HTTP/2 that closes its connections', { http: { version: '2', keepAlive: false } }, ['http.keepAlive']],
    [
      'too many connections in a slice',
      { http: { connections: { perDevice: 4 } }, slices: { devicesPerSlice: 500 } },
      ['slices.devicesPerSlice'],
    ],
    ['a topic', { publish: { topic: 'a/b' } }, ['publish.topic']],
    [
      'settings of MQTT',
      { publish: { qos: 1 }, connect: { keepAlive: '1m' } },
      ['connect.keepAlive', 'publish.qos'],
    ],
    ['no status that succeeds', { http: { succeeds: [] } }, ['http.succeeds']],
    ['a status that is none', { http: { succeeds: [99, '2x'] } }, ['http.succeeds[0]', 'http.succeeds[1]']],
  ])('reports %s', (_name, input, paths) => {
    expect(
      errorsOf({ ...least, ...input })
        .map((each) => each.split(' ')[0])
        .sort(),
    ).toEqual(paths);
  });

  it('reports an unknown placeholder of its target', () => {
    expect(errorsOf({ ...least, target: 'http://localhost/{device}' })).toEqual([
      'target {device} is not a placeholder → did you mean "deviceId"?',
    ]);
  });

  it('is the only one that may say http', () => {
    const { target: _, ...rest } = least;
    expect(errorsOf({ ...rest, http: { method: 'GET' } })).toEqual([
      'http has no meaning for this target → remove it, or name a target whose URL begins with http:// or https://',
    ]);
  });
});
