import { describe, expect, it } from '@jest/globals';
import { checkTargetHosts, isLoopback, RefusedTargetError } from '../../../src/targets/target-check.ts';

const own = ['a1b2c3-ats.iot.eu-west-1.amazonaws.com'];

describe('checkTargetHosts', () => {
  it.each([
    [['127.0.0.1', 'localhost', '[::1]', '::1', '127.8.9.1'], { own: [], allowedHosts: [] }],
    [['A1B2C3-ats.iot.eu-west-1.amazonaws.com.'], { own, allowedHosts: [] }],
    [['broker.example.com', '127.0.0.1'], { own, allowedHosts: ['Broker.Example.com'] }],
    [[], { own: [], allowedHosts: [] }],
  ])('takes %j', (hosts, check) => {
    expect(() => checkTargetHosts(hosts, check)).not.toThrow();
  });

  it.each([
    ['iot.example.com'],
    ['10.0.0.1'],
    ['127.example.com'],
    ['localhost.example.com'],
    ['127.999.999.999'],
    ['127.0.0.256'],
    ['127.1'],
    ['localhost..'],
    ['..localhost'],
    ['127.0.0.1..'],
    ['x-ats.iot.eu-west-1.amazonaws.com'],
  ])('refuses %s, with exit 3 and what to say if it is yours', (host) => {
    const fire = () => checkTargetHosts([host, '127.0.0.1', host], { own, allowedHosts: [] });
    expect(fire).toThrow(RefusedTargetError);
    try {
      fire();
    } catch (error) {
      expect(error).toMatchObject({ exitCode: 3, name: 'RefusedByPreflight' });
      expect((error as RefusedTargetError).message).toContain(`--allow-host ${host}`);
      expect((error as RefusedTargetError).message).toContain(own[0]);
    }
  });

  it('vouches for a host, not for all below it', () => {
    expect(() => checkTargetHosts(['a.example.com'], { own: [], allowedHosts: ['example.com'] })).toThrow(
      RefusedTargetError,
    );
    expect(isLoopback('127.0.0.1.nip.io')).toBe(false);
    expect(isLoopback('127.0.0.1:8443')).toBe(true);
    expect(isLoopback('example.com:127')).toBe(false);
  });
});
