// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policies spell their variables like this.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Permissions } from '../../../../../src/embedded/iot-core/policies/permissions.ts';
import { PolicyError, parsePolicy } from '../../../../../src/embedded/iot-core/policies/policy.ts';
import type { PolicyClient } from '../../../../../src/embedded/iot-core/policies/policy-variables.ts';
import { randomCases } from '../../../../support/effort.ts';

const arn = (resource: string) => `arn:aws:iot:us-east-1:123456789012:${resource}`;
const device: PolicyClient = { clientId: 'device-1', sourceIp: '127.0.0.1' };

function policyOf(...statements: object[]) {
  return parsePolicy('test', { Version: '2012-10-17', Statement: statements });
}

function permissionsOf(statement: object, client: PolicyClient = device) {
  return new Permissions([policyOf({ Effect: 'Allow', ...statement })], client);
}

describe('policies', () => {
  it('allow what a statement names, and nothing else', () => {
    const access = permissionsOf({
      Action: ['iot:Connect', 'iot:Publish', 'iot:Subscribe', 'iot:Receive'],
      Resource: [arn('client/device-1'), arn('topic/a/b'), arn('topicfilter/a/+')],
    });
    expect(access.mayConnect('device-1')).toBe(true);
    expect(access.mayConnect('device-2')).toBe(false);
    expect(access.mayPublish('a/b')).toBe(true);
    expect(access.mayPublish('a/c')).toBe(false);
    expect(access.mayRetain('a/b')).toBe(false);
    expect(access.mayReceive('a/b')).toBe(true);
    expect(access.mayReceive('a/c')).toBe(false);
    // `+` and `#` stand for themselves in a policy.
    expect(access.maySubscribe('a/+')).toBe(true);
    expect(access.maySubscribe('a/b')).toBe(false);
    expect(access.mayGetRetained('a/b')).toBe(false);
    expect(access.mayListRetained()).toBe(false);
  });

  it('let a denial outweigh every permission, whatever their order', () => {
    const everything = { Effect: 'Allow', Action: 'iot:*', Resource: '*' };
    const secret = { Effect: 'Deny', Action: 'iot:Publish', Resource: arn('topic/secret/*') };
    for (const policies of [
      [policyOf(everything, secret)],
      [policyOf(secret), policyOf(everything)],
      [policyOf(everything), policyOf(secret)],
    ]) {
      const access = new Permissions(policies, device);
      expect(access.mayPublish('open')).toBe(true);
      expect(access.mayPublish('secret/listener')).toBe(false);
      expect(access.mayReceive('secret/listener')).toBe(true);
      expect(access.mayListRetained()).toBe(true);
    }
  });

  it.each([
    ['topic/*', 'a/b', true],
    ['topic/a/*/c', 'a/b/b/c', true],
    ['topic/a?', 'ab', true],
    ['topic/a?', 'a', false],
    ['topic/a?', 'abc', false],
    ['topic/a.b', 'axb', false],
    ['topic/a/${*}', 'a/*', true],
    ['topic/a/${*}', 'a/b', false],
    ['topic/${$}aws/${?}', '$aws/?', true],
    ['topic/${iot:ClientId}/*', 'device-1/t', true],
    ['topic/${iot:ClientId}/*', 'device-2/t', false],
  ])('match %s with %s: %s', (pattern, topic, expected) => {
    const access = permissionsOf({ Action: 'iot:Publish', Resource: arn(pattern) });
    expect(access.mayPublish(topic)).toBe(expected);
  });

  it('put a client id in as it is: its wildcards are characters', () => {
    const access = permissionsOf(
      { Action: 'iot:Subscribe', Resource: arn('topicfilter/my/${iot:ClientId}/topic') },
      { ...device, clientId: '*' },
    );
    expect(access.maySubscribe('my/*/topic')).toBe(true);
    expect(access.maySubscribe('my/other/topic')).toBe(false);
  });

  it('match any text without wildcards and dollars with itself as a pattern', () => {
    fc.assert(
      fc.property(
        fc.string().map((text) => text.replace(/[*?$]/g, '')),
        (text) => {
          const access = permissionsOf({ Action: 'iot:Publish', Resource: arn(`topic/${text}`) });
          expect(access.mayPublish(text)).toBe(true);
          expect(access.mayPublish(`${text}x`)).toBe(false);
        },
      ),
      randomCases(),
    );
  });

  it('match as the regular expression of the same wildcards does', () => {
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 9 });
    const topic = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 });
    fc.assert(
      fc.property(pattern, topic, (wanted, text) => {
        const expression = new RegExp(`^${wanted.replaceAll('*', '.*').replaceAll('?', '.')}$`);
        const access = permissionsOf({ Action: 'iot:Publish', Resource: arn(`topic/${wanted}`) });
        expect(access.mayPublish(text)).toBe(expression.test(text));
      }),
      randomCases(1_000),
    );
    const one = permissionsOf({ Action: 'iot:Publish', Resource: arn('topic/a?c') });
    expect([one.mayPublish('a🚀c'), one.mayPublish('ac')]).toEqual([true, false]);
  });

  // As a regular expression, the first takes 100 s on 256 characters.
  it.each(['*a*a*a*a*b', `${'*a'.repeat(100)}*b`, `${'*?'.repeat(100)}b`])(
    'look at a text a bounded number of times: %s',
    (wanted) => {
      const access = permissionsOf({
        Action: [`iot:${'*u*b*l'.repeat(20)}*x`, 'iot:Publish'],
        Resource: arn(`topic/${wanted}`),
      });
      expect(access.mayPublish('a'.repeat(256))).toBe(false);
      expect(access.mayPublish(`${'a'.repeat(255)}b`)).toBe(true);
    },
  );

  it('know the certificate, and leave out statements about one for a client that has none', () => {
    const statement = {
      Action: 'iot:Connect',
      Resource: arn('client/${iot:Certificate.Subject.CommonName}-${iot:Certificate.Issuer.Organization}'),
    };
    const certificate = { serialNumber: '01', subject: { CN: 'fleet' }, issuer: { O: 'Acme' } };
    expect(permissionsOf(statement, { ...device, certificate }).mayConnect('fleet-Acme')).toBe(true);
    expect(permissionsOf(statement).mayConnect('fleet-Acme')).toBe(false);
    const allBut = { Action: 'iot:Connect', NotResource: statement.Resource };
    expect(permissionsOf(allBut, { ...device, certificate }).mayConnect('other')).toBe(true);
    expect(permissionsOf(allBut).mayConnect('other')).toBe(false);
  });

  it('read NotAction, NotResource, and actions in any case', () => {
    const allBut = permissionsOf({ NotAction: 'iot:Publish', NotResource: arn('topic/secret') });
    expect(allBut.mayReceive('open')).toBe(true);
    expect(allBut.mayReceive('secret')).toBe(false);
    expect(allBut.mayPublish('open')).toBe(false);
    expect(permissionsOf({ Action: 'IOT:PUB*', Resource: '*' }).mayPublish('open')).toBe(true);
  });

  it.each([
    [{}, /Version.*\n.*Statement: is missing/],
    [{ Version: '2008-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } }, /Version/],
    ['{', /Version/],
  ])('refuse what is no policy: %j', (document, message) => {
    expect(() => parsePolicy('test', document)).toThrow(PolicyError);
    expect(() => parsePolicy('test', document)).toThrow(message);
  });

  it.each([
    [
      { Effect: 'Allow', Action: 'iot:Connect', Resource: '*', Condition: {} },
      /Statement\[0\].Condition: is not supp/,
    ],
    [{ Effect: 'allow', Action: 'iot:Connect', Resource: '*' }, /Effect/],
    [{ Effect: 'Allow', Resource: '*' }, /Action/],
    [
      { Effect: 'Deny', Action: 'iot:Connect', NotAction: 'iot:Publish', Resource: '*' },
      /NotAction: stands beside Action/,
    ],
    [{ Effect: 'Allow', Action: 'iot:Connect', Resource: [7] }, /Resource/],
    [
      { Effect: 'Allow', Action: 'iot:Connect', Resource: arn('client/${iot:Connection.Thing.ThingName}') },
      /\$\{iot:Connection.Thing.ThingName\} is not supported; known are iot:ClientId/,
    ],
  ])('refuse a statement that cannot be kept: %j', (statement, message) => {
    expect(() => policyOf(statement)).toThrow(message);
  });
});
