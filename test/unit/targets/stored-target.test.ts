import { expect, it } from '@jest/globals';
import { iotCoreEndpointsOf } from '../../../src/targets/aws-iot/endpoints.ts';
import { completeStoredTarget } from '../../../src/targets/stored-target.ts';

const host = 'abc-ats.iot.eu-west-1.amazonaws.com';
const endpoints = iotCoreEndpointsOf(host);
const dataUrl = `https://${host}`;

it('completes the target of a plan of before', () => {
  const then = { target: { endpoints: endpoints.map(({ auth: _, ...rest }) => rest), dataUrl } };
  completeStoredTarget(then);
  expect(then).toEqual({ target: { kind: 'aws-iot', endpoints, dataUrl } });
});

it.each([
  [{ target: { kind: 'aws-iot', endpoints: [{ scheme: 'mqtt', host, port: 1 }] } }],
  [{ target: 7 }],
  [{}],
  [null],
  [{ target: { endpoints: 'none', kind: 'mqtt' } }],
])('leaves %j to the check of its type', (plan) => {
  const before = JSON.stringify(plan);
  completeStoredTarget(plan);
  expect(JSON.stringify(plan)).toBe(before);
});
