import { describe, expect, it } from '@jest/globals';
import { iotCoreEndpointsOf } from '../../../src/targets/aws-iot/endpoints.ts';
import { formatMqttEndpoint, parseMqttEndpoint } from '../../../src/targets/mqtt-endpoint.ts';

describe('parseMqttEndpoint', () => {
  it('reads what formatMqttEndpoint writes', () => {
    for (const endpoint of iotCoreEndpointsOf('abc-ats.iot.eu-west-1.amazonaws.com')) {
      expect(parseMqttEndpoint(formatMqttEndpoint(endpoint))).toEqual(endpoint);
    }
  });

  it.each([
    ['mqtt://broker?auth=none', 1883],
    ['mqtts://broker?auth=none', 8883],
    ['wss://broker?auth=x509', 443],
  ])('takes the registered port for %s', (text, port) => {
    expect(parseMqttEndpoint(text)).toMatchObject({ port });
  });

  it.each([
    ['mqtts://broker:8883', 'must say how clients authenticate over mqtts'],
    ['mqtt://broker?auth=x509', '?auth=none, ?auth=password, ?auth=custom'],
    ['mqtts://broker?auth=sigv4', '?auth=none, ?auth=password, ?auth=x509, ?auth=custom'],
    ['mqtts://broker?auth=kerberos', 'must say how'],
    ['https://broker?auth=none', 'scheme'],
    ['broker', 'not a URL'],
  ])('derives nothing for %s', (text, wrong) => {
    expect(parseMqttEndpoint(text)).toEqual({ wrong: expect.stringContaining(wrong) });
  });
});
