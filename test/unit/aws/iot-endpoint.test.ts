import { describe, expect, it } from '@jest/globals';
import { findTarget, NoIotEndpointError } from '../../../src/aws/iot-endpoint.ts';
import { iotCoreEndpointsOf } from '../../../src/targets/aws-iot/endpoints.ts';

const host = 'abc-ats.iot.eu-west-1.amazonaws.com';

describe('findTarget', () => {
  it('takes the endpoints that are given, without a request', async () => {
    const iotEndpoints = [{ scheme: 'mqtt', host: '127.0.0.1', port: 1883, auth: 'none' }] as const;
    const requested = async (): Promise<string> => {
      throw new Error('asked');
    };
    const iotDataUrl = new URL('http://127.0.0.1:8080/');
    expect(await findTarget({ iotEndpoints, iotDataUrl }, requested)).toEqual({
      kind: 'aws-iot',
      endpoints: iotEndpoints,
      dataUrl: 'http://127.0.0.1:8080/',
    });
  });

  it("takes the account's own endpoint otherwise", async () => {
    expect(await findTarget({ iotEndpoints: [], iotDataUrl: undefined }, async () => host)).toEqual({
      kind: 'aws-iot',
      endpoints: iotCoreEndpointsOf(host),
      // Not data-ats.iot, which AWS calls a testing default.
      dataUrl: `https://${host}`,
    });
  });

  it('says what to do when the endpoint cannot be read', async () => {
    const denied = Object.assign(new Error('not authorized'), { name: 'AccessDeniedException' });
    await expect(
      findTarget({ iotEndpoints: [], iotDataUrl: undefined }, () => Promise.reject(denied)),
    ).rejects.toMatchObject({
      name: 'NoIotEndpointError',
      cause: denied,
    });
    await expect(
      findTarget({ iotEndpoints: [], iotDataUrl: undefined }, async () => undefined),
    ).rejects.toThrow(NoIotEndpointError);
  });
});
