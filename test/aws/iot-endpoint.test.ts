import { describe, expect, it } from '@jest/globals';
import { findTarget, NoIotEndpointError } from '../../src/aws/iot-endpoint.ts';
import { iotCoreDoorsOf } from '../../src/plan/target.ts';

const host = 'abc-ats.iot.eu-west-1.amazonaws.com';

describe('findTarget', () => {
  it('takes the doors that are given, and asks nobody', async () => {
    const iotDoors = [{ scheme: 'mqtt', host: '127.0.0.1', port: 1883 }] as const;
    const asked = async (): Promise<string> => {
      throw new Error('asked');
    };
    expect(await findTarget({ iotDoors }, asked)).toEqual({ doors: iotDoors });
  });

  it("takes the account's own endpoint otherwise", async () => {
    expect(await findTarget({ iotDoors: [] }, async () => host)).toEqual({ doors: iotCoreDoorsOf(host) });
  });

  it('says what to do when the endpoint cannot be read', async () => {
    const denied = Object.assign(new Error('not authorized'), { name: 'AccessDeniedException' });
    await expect(findTarget({ iotDoors: [] }, () => Promise.reject(denied))).rejects.toMatchObject({
      name: 'NoIotEndpointError',
      cause: denied,
    });
    await expect(findTarget({ iotDoors: [] }, async () => undefined)).rejects.toThrow(NoIotEndpointError);
  });
});
