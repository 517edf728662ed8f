import { describe, expect, it } from '@jest/globals';
import { type IotDoor, iotCoreDoorsOf } from '../../../src/targets/target.ts';
import { RefusedTargetError } from '../../../src/targets/target-check.ts';
import { isCharged, takeAim } from '../../../src/worker/resolve-target.ts';

const own = 'abc-ats.iot.eu-west-1.amazonaws.com';
const doorTo = (host: string): IotDoor => ({ scheme: 'mqtt', host, port: 1883 });
const nobody = async (): Promise<string> => {
  throw new Error('asked');
};

describe('takeAim', () => {
  it('asks nobody on loopback', async () => {
    const environment = {
      iotDoors: [doorTo('127.0.0.1')],
      iotDataUrl: new URL('http://127.0.0.1:8080'),
    };
    const target = await takeAim(environment, [], nobody);
    expect(target.doors).toEqual(environment.iotDoors);
    expect(isCharged(target)).toBe(false);
  });

  it('takes the account’s own endpoint, named or not', async () => {
    for (const iotDoors of [[], iotCoreDoorsOf(own)]) {
      const target = await takeAim({ iotDoors, iotDataUrl: undefined }, [], async () => own);
      expect(target.doors).toEqual(iotCoreDoorsOf(own));
      expect(isCharged(target)).toBe(true);
    }
  });

  it.each([
    ['doors', { iotDoors: [doorTo('iot.example.com')], iotDataUrl: undefined }],
    ['data plane', { iotDoors: [doorTo('127.0.0.1')], iotDataUrl: new URL('https://iot.example.com') }],
  ])('refuses %s of somebody else, unless the user vouches for them', async (_what, environment) => {
    const describeOwn = async (): Promise<string> => own;
    await expect(takeAim(environment, [], describeOwn)).rejects.toThrow(RefusedTargetError);
    await expect(takeAim(environment, ['iot.example.com'], describeOwn)).resolves.toBeDefined();
  });

  it('refuses what it cannot compare', async () => {
    const environment = { iotDoors: [doorTo(own)], iotDataUrl: undefined };
    await expect(takeAim(environment, [], nobody)).rejects.toThrow('could not be read');
  });
});
