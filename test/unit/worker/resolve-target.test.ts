import { describe, expect, it } from '@jest/globals';
import { iotCoreEndpointsOf } from '../../../src/targets/aws-iot/endpoints.ts';
import type { MqttEndpoint } from '../../../src/targets/mqtt-endpoint.ts';
import { RefusedTargetError } from '../../../src/targets/target-check.ts';
import { mqttEndpointsOf, traitsOf } from '../../../src/targets/traits-of.ts';
import { resolveTarget } from '../../../src/worker/resolve-target.ts';

const own = 'abc-ats.iot.eu-west-1.amazonaws.com';
const endpointTo = (host: string): MqttEndpoint => ({ scheme: 'mqtt', host, port: 1883, auth: 'none' });
const noEndpoint = async (): Promise<string> => {
  throw new Error('asked');
};

describe('resolveTarget', () => {
  it('sends no request on loopback', async () => {
    const environment = {
      iotEndpoints: [endpointTo('127.0.0.1')],
      iotDataUrl: new URL('http://127.0.0.1:8080'),
    };
    const target = await resolveTarget({ environment, allowedHosts: [], describe: noEndpoint });
    expect(mqttEndpointsOf(target)).toEqual(environment.iotEndpoints);
    expect(traitsOf(target).isCharged(target)).toBe(false);
  });

  it('takes the account’s own endpoint, named or not', async () => {
    for (const iotEndpoints of [[], iotCoreEndpointsOf(own)]) {
      const target = await resolveTarget({
        environment: { iotEndpoints, iotDataUrl: undefined },
        allowedHosts: [],
        describe: async () => own,
      });
      expect(mqttEndpointsOf(target)).toEqual(iotCoreEndpointsOf(own));
      expect(traitsOf(target).isCharged(target)).toBe(true);
    }
  });

  it.each([
    ['endpoints', { iotEndpoints: [endpointTo('iot.example.com')], iotDataUrl: undefined }],
    [
      'data plane',
      { iotEndpoints: [endpointTo('127.0.0.1')], iotDataUrl: new URL('https://iot.example.com') },
    ],
  ])('refuses %s of another owner, unless allowedHosts names them', async (_what, environment) => {
    const describeOwn = async (): Promise<string> => own;
    await expect(resolveTarget({ environment, allowedHosts: [], describe: describeOwn })).rejects.toThrow(
      RefusedTargetError,
    );
    await expect(
      resolveTarget({ environment, allowedHosts: ['iot.example.com'], describe: describeOwn }),
    ).resolves.toBeDefined();
  });

  it('refuses what it cannot compare', async () => {
    const environment = { iotEndpoints: [endpointTo(own)], iotDataUrl: undefined };
    await expect(resolveTarget({ environment, allowedHosts: [], describe: noEndpoint })).rejects.toThrow(
      'could not be read',
    );
  });
});
