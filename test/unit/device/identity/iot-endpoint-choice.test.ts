import { describe, expect, it } from '@jest/globals';
import { chooseDoor, NoDoorError } from '../../../../src/device/identity/iot-endpoint-choice.ts';
import { iotCoreDoorsOf } from '../../../../src/targets/target.ts';

const host = 'abc-ats.iot.eu-west-1.amazonaws.com';
const doors = iotCoreDoorsOf(host);

describe('chooseDoor', () => {
  it.each([
    [undefined, 'wss', 443, 'sigv4'],
    ['sigv4', 'wss', 443, 'sigv4'],
    ['x509', 'mqtts', 8883, 'x509'],
    ['custom', 'mqtts', 443, 'custom'],
  ] as const)('finds AWS IoT Core’s for %s', (asked, scheme, port, auth) => {
    expect(chooseDoor(doors, asked)).toEqual({ door: expect.objectContaining({ scheme, host, port }), auth });
  });

  it('takes the first where none is asked for', () => {
    const loopback = { scheme: 'mqtt', host: '127.0.0.1', port: 1883 } as const;
    expect(chooseDoor([loopback, ...doors], undefined)).toEqual({ door: loopback, auth: 'none' });
  });

  it('names the doors there are', () => {
    expect(() => chooseDoor(doors, 'none')).toThrow(NoDoorError);
    expect(() => chooseDoor(doors, 'none')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('sigv4, x509, custom') }),
    );
  });
});
