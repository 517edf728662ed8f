import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { Permissions } from '../../../../src/embedded/iot-core/policies/permissions.ts';
import { parsePolicy } from '../../../../src/embedded/iot-core/policies/policy.ts';
import { readStack } from '../../../../src/embedded/stack/stack.ts';
import { iotPoliciesOf } from '../../../../src/embedded/stack/stack-roles.ts';

const { functions } = await readStack(fileURLToPath(new URL('../../../../serverless.yml', import.meta.url)));

function accessOf(functionKey: string) {
  const documents = functions.find(({ key }) => key === functionKey)?.policies ?? [];
  const policies = documents.map((document) => parsePolicy(functionKey, document));
  return new Permissions(policies, { sourceIp: undefined });
}

describe('what the roles of the deployed stack allow', () => {
  it('publish-mqtt: its own clients, the rule’s topics, the stop message', () => {
    const access = accessOf('publish-mqtt');
    expect(access.mayConnect('stampede-run-000001')).toBe(true);
    expect(access.mayConnect('other-client')).toBe(false);
    expect(access.mayPublish('stampede/dev/run/d1/telemetry')).toBe(true);
    expect(access.mayPublish('stampede/dev2/run/d1/telemetry')).toBe(false);
    expect(access.mayPublish('other/run')).toBe(false);
    expect(access.maySubscribe('stampede-control/run')).toBe(true);
    expect(access.mayReceive('stampede-control/run')).toBe(true);
    expect(access.mayPublish('stampede-control/run')).toBe(false);
    expect(access.mayRetain('stampede-control/run')).toBe(false);
  });

  it('publish-http: the rule’s topics, the stop message', () => {
    const access = accessOf('publish-http');
    expect(access.mayPublish('stampede/dev/run/d1/telemetry')).toBe(true);
    expect(access.mayPublish('stampede/dev2/run/d1/telemetry')).toBe(false);
    expect(access.mayGetRetained('stampede-control/run')).toBe(true);
    expect(access.mayConnect('stampede-run-000001')).toBe(false);
  });

  it('measure-latency: nothing of IoT', () => {
    expect(functions.find(({ key }) => key === 'measure-latency')?.policies).toEqual([]);
    expect(accessOf('measure-latency').mayPublish('stampede/dev/x')).toBe(false);
  });
});

describe('iotPoliciesOf', () => {
  const statement = {
    Effect: 'Allow',
    Action: 's3:GetObject',
    Resource: { 'Fn::GetAtt': ['Bucket', 'Arn'] },
  };
  const resources = new Map([
    [
      'Role',
      { Properties: { Policies: [{ PolicyDocument: { Version: '2012-10-17', Statement: [statement] } }] } },
    ],
  ]);
  const resolve = (value: unknown) => value;

  it('is undefined without a role of the stack, and empty where the role does not speak of IoT', () => {
    expect(iotPoliciesOf(undefined, resources, resolve)).toBeUndefined();
    expect(iotPoliciesOf('arn:aws:iam::1:role/elsewhere', resources, resolve)).toBeUndefined();
    expect(iotPoliciesOf({ 'Fn::GetAtt': ['Role', 'Arn'] }, resources, resolve)).toEqual([]);
  });
});
