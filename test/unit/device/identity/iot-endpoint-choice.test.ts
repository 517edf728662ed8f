import { describe, expect, it } from '@jest/globals';
import { chooseEndpoint, NoEndpointError } from '../../../../src/device/identity/iot-endpoint-choice.ts';
import { iotCoreEndpointsOf } from '../../../../src/targets/aws-iot/endpoints.ts';

const host = 'abc-ats.iot.eu-west-1.amazonaws.com';
const endpoints = iotCoreEndpointsOf(host);

describe('chooseEndpoint', () => {
  it.each([
    [undefined, 'wss', 443, 'sigv4'],
    ['sigv4', 'wss', 443, 'sigv4'],
    ['x509', 'mqtts', 8883, 'x509'],
    ['custom', 'mqtts', 443, 'custom'],
  ] as const)('finds AWS IoT Core’s for %s', (requested, scheme, port, auth) => {
    expect(chooseEndpoint(endpoints, requested)).toMatchObject({ scheme, host, port, auth });
  });

  it('takes the first where none is asked for', () => {
    const loopback = { scheme: 'mqtt', host: '127.0.0.1', port: 1883, auth: 'none' } as const;
    expect(chooseEndpoint([loopback, ...endpoints], undefined)).toEqual(loopback);
  });

  it('names the endpoints there are', () => {
    expect(() => chooseEndpoint(endpoints, 'none')).toThrow(NoEndpointError);
    expect(() => chooseEndpoint(endpoints, 'none')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('sigv4, x509, custom') }),
    );
  });
});
