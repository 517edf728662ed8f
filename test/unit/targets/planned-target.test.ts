import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { iotCoreEndpointsOf } from '../../../src/targets/aws-iot/endpoints.ts';
import { ForgedTargetError } from '../../../src/targets/known-target.ts';
import type { MqttEndpoint } from '../../../src/targets/mqtt-endpoint.ts';
import { checkPlannedTarget } from '../../../src/targets/planned-target.ts';
import type { AwsIotTarget, MqttTarget, Target } from '../../../src/targets/target.ts';
import { namesOf } from '../../../src/targets/traits-of.ts';
import { randomCases } from '../../support/effort.ts';

const own = 'abc123-ats.iot.eu-west-1.amazonaws.com';
const targetOf = (host: string): AwsIotTarget => ({
  kind: 'aws-iot',
  endpoints: iotCoreEndpointsOf(host),
  dataUrl: `https://${host}`,
});
/** A deployed function: its environment names nothing, the state machine hands it the host. */
const deployed = { iotEndpoints: [], iotDataUrl: undefined, region: 'eu-west-1', hosts: [own] };
const loopback: MqttEndpoint = { scheme: 'mqtt', host: '127.0.0.1', port: 1883, auth: 'none' };
const rehearsed = {
  iotEndpoints: [loopback],
  iotDataUrl: new URL('http://127.0.0.1:8080'),
  region: 'us-east-1',
  hosts: ['127.0.0.1'],
};

describe('checkPlannedTarget', () => {
  it('lets the account’s endpoint through, and what the environment names', () => {
    expect(checkPlannedTarget(targetOf(own), deployed)).toEqual(targetOf(own));
    const planned = { kind: 'aws-iot' as const, endpoints: [loopback], dataUrl: 'http://127.0.0.1:8080/' };
    expect(checkPlannedTarget(planned, rehearsed)).toEqual(planned);
    // sls invoke local passes no hosts.
    expect(checkPlannedTarget(planned, { ...rehearsed, hosts: undefined })).toEqual(planned);
    expect(checkPlannedTarget(undefined, rehearsed)).toEqual(planned);
  });

  it.each<[string, Target, typeof deployed]>([
    ['another host', targetOf('iot.example.com'), deployed],
    [
      'another host that the input claims',
      targetOf('iot.example.com'),
      { ...deployed, hosts: ['iot.example.com'] },
    ],
    ['another account’s endpoint', targetOf('zzz-ats.iot.eu-west-1.amazonaws.com'), deployed],
    ['another Region’s endpoint', targetOf(own), { ...deployed, region: 'us-east-1' }],
    ['no host of the state machine’s', targetOf(own), { ...deployed, hosts: [] }],
    [
      'a second host behind the right one',
      { kind: 'aws-iot' as const, endpoints: [...iotCoreEndpointsOf(own), loopback] },
      deployed,
    ],
    [
      'plain MQTT at the right host',
      { kind: 'aws-iot' as const, endpoints: [{ scheme: 'mqtt', host: own, port: 1883, auth: 'none' }] },
      deployed,
    ],
    [
      'another way to authenticate',
      { ...targetOf(own), endpoints: [{ ...iotCoreEndpointsOf(own)[0]!, auth: 'none' }] },
      deployed,
    ],
    ['another HTTPS API', { ...targetOf(own), dataUrl: 'https://iot.example.com' }, deployed],
    ['the HTTPS API in clear', { ...targetOf(own), dataUrl: `http://${own}` }, deployed],
    [
      'user information before another host',
      { ...targetOf(own), dataUrl: `https://${own}@iot.example.com` },
      deployed,
    ],
    [
      'loopback on AWS',
      { kind: 'aws-iot' as const, endpoints: [loopback], dataUrl: 'http://127.0.0.1:9001' },
      deployed,
    ],
    [
      'an HTTPS API alone',
      { kind: 'aws-iot' as const, endpoints: [], dataUrl: 'https://iot.example.com' },
      deployed,
    ],
  ])('refuses %s', (_what, planned, known) => {
    expect(() => checkPlannedTarget(planned, known)).toThrow(ForgedTargetError);
  });

  it('refuses another port of loopback in a rehearsal', () => {
    const planned = {
      kind: 'aws-iot' as const,
      endpoints: [{ ...loopback, port: 1884 }],
      dataUrl: 'http://127.0.0.1:8080/',
    };
    expect(() => checkPlannedTarget(planned, rehearsed)).toThrow('mqtt://127.0.0.1:1884');
  });

  it('never lets another host through, however it is written', () => {
    const host = fc.oneof(
      fc.webAuthority(),
      fc.string(),
      fc.domain().map((name) => `${own}.${name}`),
    );
    fc.assert(
      fc.property(host, fc.nat(65_535), (other, port) => {
        fc.pre(other !== own);
        for (const planned of [
          targetOf(other),
          {
            kind: 'aws-iot' as const,
            endpoints: [{ scheme: 'wss' as const, host: other, port, auth: 'sigv4' as const }],
          },
        ]) {
          expect(() => checkPlannedTarget(planned, { ...deployed, hosts: [own] })).toThrow(ForgedTargetError);
          expect(() => checkPlannedTarget(planned, { ...deployed, hosts: [own, other] })).toThrow(
            ForgedTargetError,
          );
        }
      }),
      randomCases(),
    );
  });

  it('takes what the plan function found as the hosts of the state machine', () => {
    expect(namesOf(targetOf(own))).toEqual([own]);
    expect(namesOf(undefined)).toEqual([]);
  });

  it('takes a broker only as the state machine names it, with port and authentication', () => {
    const broker: MqttTarget = { kind: 'mqtt', endpoints: [{ ...loopback, port: 1884 }] };
    const known = { ...deployed, hosts: namesOf(broker) };
    expect(checkPlannedTarget(broker, known)).toEqual(broker);
    const forgeries: MqttTarget[] = [
      { kind: 'mqtt', endpoints: [loopback] },
      { kind: 'mqtt', endpoints: [...broker.endpoints, loopback] },
      { kind: 'mqtt', endpoints: [{ ...loopback, port: 1884, auth: 'custom' }] },
    ];
    for (const forged of forgeries)
      expect(() => checkPlannedTarget(forged, known)).toThrow(ForgedTargetError);
    // Nor does AWS IoT Core become a broker by its plan.json.
    const renamed: MqttTarget = { kind: 'mqtt', endpoints: iotCoreEndpointsOf(own) };
    expect(() => checkPlannedTarget(renamed, deployed)).toThrow(ForgedTargetError);
    const service: Target = { kind: 'http', url: 'https://api.example.com/x' };
    expect(() => checkPlannedTarget(service, deployed)).toThrow(ForgedTargetError);
    expect(checkPlannedTarget(service, { ...deployed, hosts: namesOf(service) })).toEqual(service);
  });
});
