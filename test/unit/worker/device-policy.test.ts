import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { readStack } from '../../../src/embedded/stack/stack.ts';
import { devicePolicy } from '../../../src/worker/device-policy.ts';

interface Document {
  readonly Statement: readonly { readonly Action: string | readonly string[]; readonly Resource: unknown }[];
}

it('allows a certificate what the roles of publish-mqtt and subscribe allow their clients', async () => {
  const stack = await readStack(fileURLToPath(new URL('../../../serverless.yml', import.meta.url)));
  const policies = stack.functions
    .filter(({ key }) => key === 'publish-mqtt' || key === 'subscribe')
    .flatMap((each) => each.policies ?? []);
  const grantsOf = (statements: Document['Statement']) =>
    statements.flatMap(({ Action, Resource }) =>
      [Action].flat().flatMap((action) => [Resource].flat().map((resource) => `${action} ${resource}`)),
    );
  // Over HTTPS, with the function's credentials: a subscriber polls for the stop message.
  const ofClients = grantsOf((policies as readonly Document[]).flatMap(({ Statement }) => Statement)).filter(
    (grant) => grant.startsWith('iot:') && !grant.startsWith('iot:GetRetainedMessage '),
  );
  const ofCertificate = devicePolicy({
    partition: 'aws',
    region: 'us-east-1',
    accountId: '123456789012',
    topicFilter: 'stampede/dev/#',
    ruleName: 'stampede_arrivals',
  }).Statement;
  expect(grantsOf(ofCertificate).toSorted()).toEqual([...new Set(ofClients)].toSorted());
  expect(grantsOf(ofCertificate)).toContain(
    'iot:Subscribe arn:aws:iot:us-east-1:123456789012:topicfilter/$share/stampede-*/stampede/dev/*',
  );
});
