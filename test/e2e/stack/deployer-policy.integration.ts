import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { actionsOf, callsIn, compareWithPolicy, reachableFrom } from '../../support/stack/aws-calls.ts';
import { sharedStack } from '../../support/stack/shared-stacks.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/**
 * What CloudFormation calls, with the deployer's permissions, to create, change, read and delete a resource of this type with
 * the properties that the stack sets, tags among them.
 * @see https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html (handlers' permissions)
 */
const actionsOfTypes: Readonly<Record<string, string>> = {
  'AWS::CloudWatch::Dashboard': 'cloudwatch: PutDashboard GetDashboard DeleteDashboards',
  'AWS::IAM::ManagedPolicy':
    'iam: CreatePolicy GetPolicy GetPolicyVersion ListPolicyVersions CreatePolicyVersion DeletePolicyVersion DeletePolicy',
  'AWS::IAM::Policy': 'iam: PutRolePolicy GetRolePolicy DeleteRolePolicy',
  'AWS::IAM::Role':
    'iam: CreateRole GetRole UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy DeleteRole PutRolePolicy GetRolePolicy ' +
    'ListRolePolicies DeleteRolePolicy AttachRolePolicy ListAttachedRolePolicies DetachRolePolicy TagRole UntagRole ' +
    'PutRolePermissionsBoundary DeleteRolePermissionsBoundary',
  'AWS::IoT::TopicRule':
    'iot: CreateTopicRule GetTopicRule ReplaceTopicRule DeleteTopicRule TagResource UntagResource ListTagsForResource ' +
    'iam: PassRole',
  'AWS::Kinesis::Stream':
    'kinesis: CreateStream DescribeStream DescribeStreamSummary UpdateShardCount UpdateStreamMode ' +
    'IncreaseStreamRetentionPeriod DecreaseStreamRetentionPeriod StartStreamEncryption StopStreamEncryption ' +
    'AddTagsToStream RemoveTagsFromStream ListTagsForStream DeleteStream',
  'AWS::Lambda::EventSourceMapping':
    'lambda: CreateEventSourceMapping GetEventSourceMapping UpdateEventSourceMapping DeleteEventSourceMapping',
  'AWS::Lambda::EventInvokeConfig':
    'lambda: PutFunctionEventInvokeConfig GetFunctionEventInvokeConfig UpdateFunctionEventInvokeConfig ' +
    'DeleteFunctionEventInvokeConfig',
  'AWS::Lambda::Function':
    'lambda: CreateFunction GetFunction GetFunctionConfiguration UpdateFunctionCode UpdateFunctionConfiguration ' +
    'PutFunctionConcurrency DeleteFunctionConcurrency GetFunctionCodeSigningConfig GetFunctionRecursionConfig ' +
    'GetRuntimeManagementConfig TagResource UntagResource ListTags DeleteFunction iam: PassRole s3: GetObject',
  'AWS::Lambda::Permission': 'lambda: AddPermission GetPolicy RemovePermission',
  'AWS::Logs::LogGroup':
    'logs: CreateLogGroup DescribeLogGroups PutRetentionPolicy DeleteRetentionPolicy TagResource UntagResource ' +
    'ListTagsForResource DeleteLogGroup',
  'AWS::S3::Bucket':
    's3: CreateBucket DeleteBucket PutEncryptionConfiguration GetEncryptionConfiguration PutBucketPublicAccessBlock ' +
    'GetBucketPublicAccessBlock PutBucketOwnershipControls GetBucketOwnershipControls PutLifecycleConfiguration ' +
    'GetLifecycleConfiguration PutBucketTagging GetBucketTagging',
  'AWS::S3::BucketPolicy': 's3: PutBucketPolicy GetBucketPolicy DeleteBucketPolicy',
  'AWS::SQS::Queue':
    'sqs: CreateQueue GetQueueUrl GetQueueAttributes SetQueueAttributes TagQueue UntagQueue ListQueueTags DeleteQueue',
  'AWS::StepFunctions::StateMachine':
    'states: CreateStateMachine DescribeStateMachine UpdateStateMachine DeleteStateMachine TagResource UntagResource ' +
    'ListTagsForResource iam: PassRole',
};

/** Calls that the framework makes of a service which has what this one has not. */
const callsOfOtherServices: Readonly<Record<string, RegExp>> = {
  'images: no repository, and a denial is taken for none': /^ecr\//,
  'API Gateway': /^(api-gateway|apigatewayv2)\/|^cloudformation\/(DescribeStackResources|ListExports)$/,
  'events of CloudWatch Logs': /^cloudwatch-logs\//,
  'deploymentMethod: direct': /^cloudformation\/(CreateStack|UpdateStack)$/,
  'a stack policy': /^cloudformation\/SetStackPolicy$/,
  'a bucket of its own before': /^cloudformation\/GetTemplate$/,
  deletionProtection: /^cloudformation\/UpdateTerminationProtection$/,
};

function filesOfFramework(): string[] {
  const base = 'node_modules/serverless/lib/plugins/aws';
  const parts = ['deploy', 'lib', 'remove', 'info', 'utils'].flatMap((directory) =>
    readdirSync(path.join(root, base, directory), { recursive: true, encoding: 'utf8' }).map(
      (file) => `${base}/${directory}/${file}`,
    ),
  );
  return [...parts, `${base}/provider.js`, `${base}/deletion-protection.js`].filter((file) =>
    file.endsWith('.js'),
  );
}

function actionsOfType(type: string): string[] {
  const row = actionsOfTypes[type];
  if (row === undefined) throw new Error(`${type} has no row in actionsOfTypes, and docs/iam/deployer.json`);
  let service = '';
  return row.split(' ').flatMap((word) => {
    if (word.endsWith(':')) service = word;
    return word.endsWith(':') ? [] : [`${service}${word}`];
  });
}

it('deployer.json allows what sls deploy and remove call, and CloudFormation for them, and no more', async () => {
  const types = new Set<string>();
  const actionsOfProperties = new Set<string>();
  for (const variant of ['default', 'stream', 'direct'] as const) {
    const { template } = await sharedStack(variant);
    for (const { Type, Properties } of Object.values(template.Resources)) {
      types.add(Type);
      // Lambda reads the layers of a function with the permissions of the user who sets them.
      if (Properties?.Layers !== undefined) actionsOfProperties.add('lambda:GetLayerVersion');
    }
  }
  // Each row is of a type that the stack has.
  expect(Object.keys(actionsOfTypes).sort()).toEqual([...types].sort());

  const framework = [...callsIn(filesOfFramework())];
  expect(framework).toEqual(expect.arrayContaining(['cloudformation/CreateChangeSet', 's3/HeadBucket']));
  for (const [reason, calls] of Object.entries(callsOfOtherServices)) {
    expect({ reason, isCalled: framework.some((call) => calls.test(call)) }).toEqual({
      reason,
      isCalled: true,
    });
  }
  const ofThisService = framework.filter(
    (call) => !Object.values(callsOfOtherServices).some((calls) => calls.test(call)),
  );
  const plugin = callsIn(reachableFrom(['stack/plugins/cleanup.js']));
  expect(plugin).toContain('lambda/UpdateEventSourceMapping');

  const needed = [
    ...[...ofThisService, ...plugin].flatMap(actionsOf),
    ...[...types].flatMap(actionsOfType),
    ...actionsOfProperties,
  ];
  expect(compareWithPolicy('deployer', needed)).toEqual({ missing: [], unneeded: [] });
});

it('a type of resource without a row is not overlooked', () => {
  expect(() => actionsOfType('AWS::DynamoDB::Table')).toThrow('has no row');
});
