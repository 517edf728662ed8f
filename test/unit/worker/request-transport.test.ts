import { expect, it } from '@jest/globals';
import { groupsOf } from '../../../src/plan/groups.ts';
import { makeTransportOverHttp } from '../../../src/worker/request-transport.ts';
import { makeTestPlan } from '../../support/device/make-run.ts';

it('refuses a target that names no host to publish to', async () => {
  const [group] = groupsOf(makeTestPlan());
  const target = { kind: 'aws-iot', endpoints: [] } as const;
  const loaded = { ...group!, target, devices: 1, connections: undefined };
  const signing = {
    region: () => Promise.resolve('eu-central-1'),
    credentials: () => Promise.reject(new Error('not asked for')),
  };
  const access = {
    ...signing,
    signing,
    secret: () => Promise.reject(new Error('not asked for')),
    variables: {},
    authorityFile: undefined,
  };
  await expect(makeTransportOverHttp(loaded, access)).rejects.toThrow(RangeError);
});
