import {
  CloudFormationClient,
  DeleteStackCommand,
  DescribeStacksCommand,
  ListStackResourcesCommand,
} from '@aws-sdk/client-cloudformation';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Gateway, startGateway } from '../../../../src/embedded/gateway/gateway.ts';
import { makeCloudFormation } from '../../../../src/embedded/stack/cloudformation.ts';
import { clientSettingsOf, testKey } from '../../../support/embedded/test-key.ts';

const bucket = { logicalId: 'RunBucket', physicalId: 'stampede-runs', type: 'AWS::S3::Bucket' };
let gateway: Gateway;
let client: CloudFormationClient;

beforeAll(async () => {
  const cloudformation = makeCloudFormation({
    name: 'stampede-dev',
    outputs: { RunBucketName: 'stampede-runs', Escaped: '<&>' },
    resources: [bucket],
  });
  gateway = await startGateway({ accessKeys: [testKey], signed: { cloudformation }, unsigned: [] });
  client = new CloudFormationClient(clientSettingsOf(gateway));
});
afterAll(async () => {
  client.destroy();
  await gateway.close();
});

describe('embedded CloudFormation', () => {
  it('describes the stack with its outputs', async () => {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: 'stampede-dev' }));
    expect(Stacks).toEqual([
      expect.objectContaining({
        StackName: 'stampede-dev',
        StackStatus: 'CREATE_COMPLETE',
        CreationTime: expect.any(Date),
        Outputs: [
          { OutputKey: 'RunBucketName', OutputValue: 'stampede-runs' },
          { OutputKey: 'Escaped', OutputValue: '<&>' },
        ],
      }),
    ]);
  });

  it('lists what it is made of', async () => {
    const { StackResourceSummaries } = await client.send(
      new ListStackResourcesCommand({ StackName: 'stampede-dev' }),
    );
    expect(StackResourceSummaries).toEqual([
      expect.objectContaining({
        LogicalResourceId: bucket.logicalId,
        PhysicalResourceId: bucket.physicalId,
        ResourceType: bucket.type,
      }),
    ]);
  });

  it('has no other stack', async () => {
    await expect(
      client.send(new DescribeStacksCommand({ StackName: 'stampede-prod' })),
    ).rejects.toMatchObject({
      name: 'ValidationError',
      message: 'Stack with id stampede-prod does not exist',
    });
  });

  it('names what it does not do', async () => {
    await expect(client.send(new DeleteStackCommand({ StackName: 'stampede-dev' }))).rejects.toMatchObject({
      name: 'NotSupportedByEmbeddedAws',
    });
  });
});
