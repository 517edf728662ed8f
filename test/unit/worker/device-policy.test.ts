import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { readStack } from '../../../src/embedded/stack/stack.ts';
import { devicePolicy } from '../../../src/worker/device-policy.ts';

interface Document {
  readonly Statement: readonly { readonly Action: string | string[]; readonly Resource: unknown }[];
}

it('allows a certificate what the role of publish-mqtt allows', async () => {
  const stack = await readStack(fileURLToPath(new URL('../../../serverless.yml', import.meta.url)));
  const { policies = [] } = stack.functions.find(({ key }) => key === 'publish-mqtt') ?? {};
  const ofRole = (policies as readonly Document[])
    .flatMap(({ Statement }) => Statement)
    .map(({ Action, Resource }) => ({ action: [Action].flat(), resources: [Resource].flat() }))
    .filter(({ action }) => action.some((each) => each.startsWith('iot:')));
  const ofCertificate = devicePolicy({
    partition: 'aws',
    region: 'us-east-1',
    accountId: '123456789012',
    topicFilter: 'stampede/dev/#',
  }).Statement.map(({ Action, Resource }) => ({ action: [Action], resources: [...Resource] }));
  expect(ofCertificate).toEqual(ofRole);
});
