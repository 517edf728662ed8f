import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  CloudFormationClient,
  DescribeStacksCommand,
  ListStackResourcesCommand,
} from '@aws-sdk/client-cloudformation';
import { IoTClient, ListTopicRulesCommand } from '@aws-sdk/client-iot';
import {
  GetFunctionCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  ListFunctionsCommand,
} from '@aws-sdk/client-lambda';
import { ListBucketsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  ListStateMachinesCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readProfileFile } from '../../src/cli/profile-file.ts';
import { copyService, packageStack, type ServiceCopy } from './packaged-stack.ts';
import { type Moto, pythonTools, startMoto } from './python-tools.ts';

const run = promisify(execFile);
const profileFile = fileURLToPath(new URL('../../profiles/smoke.json', import.meta.url));
const stateMachineArn = 'arn:aws:states:us-east-1:123456789012:stateMachine:stampede-dev';
const stackName = 'stampede-dev';

describe('cfn-lint', () => {
  it.each([
    [[]],
    [['subscriber=stream']],
    [['subscriber=stream', 'streamMode=on-demand']],
    [['subscriber=direct', 'tracing=true', 'publishConcurrency=50', 'architecture=x86_64']],
  ])(
    'finds nothing in the packaged template with %j',
    async (parameters) => {
      const stack = await packageStack(parameters);
      try {
        const { stdout } = await run(path.join(await pythonTools(), 'cfn-lint'), [stack.templateFile]);
        expect(stdout).toBe('');
      } finally {
        await stack.remove();
      }
    },
    300_000,
  );
});

describe('the stack, deployed to moto', () => {
  let moto: Moto;
  let service: ServiceCopy;
  let deployed: Awaited<ReturnType<ServiceCopy['sls']>>;
  const settings = () => ({
    endpoint: moto.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'moto', secretAccessKey: 'moto' },
  });
  const resources = async () => {
    const client = new CloudFormationClient(settings());
    const { StackResourceSummaries } = await client.send(
      new ListStackResourcesCommand({ StackName: stackName }),
    );
    return StackResourceSummaries ?? [];
  };

  beforeAll(async () => {
    moto = await startMoto();
    service = await copyService();
    deployed = await service.sls(['deploy'], moto.environment);
  }, 600_000);
  afterAll(async () => {
    moto.close();
    await service.remove();
  });

  it('is created by sls deploy', async () => {
    expect(deployed).toMatchObject({ code: 0, output: expect.stringContaining('Service deployed') });
    const { Functions } = await new LambdaClient(settings()).send(new ListFunctionsCommand({}));
    expect(Functions?.map(({ FunctionName, Runtime }) => [FunctionName, Runtime]).sort()).toEqual(
      ['measure-latency', 'plan', 'publish-http', 'publish-mqtt', 'summarize'].map((name) => [
        `${stackName}-${name}`,
        'nodejs24.x',
      ]),
    );
    const { EventSourceMappings } = await new LambdaClient(settings()).send(
      new ListEventSourceMappingsCommand({}),
    );
    expect(EventSourceMappings).toEqual([
      expect.objectContaining({
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ScalingConfig: { MaximumConcurrency: 50 },
      }),
    ]);
  });

  it('starts an execution with a load profile as its input', async () => {
    const client = new SFNClient(settings());
    const input = JSON.stringify(await readProfileFile(profileFile));
    const { executionArn } = await client.send(
      new StartExecutionCommand({ stateMachineArn, name: 'smoke-1', input }),
    );
    const execution = await client.send(new DescribeExecutionCommand({ executionArn }));
    expect(execution).toMatchObject({ name: 'smoke-1', input, status: 'RUNNING' });
  });

  /** One by one, so that a later moto that can do more is noticed. */
  it('lacks what moto lacks, and nothing else', async () => {
    const template = await packageStack();
    await template.remove();
    const made = new Set((await resources()).map(({ LogicalResourceId }) => LogicalResourceId));
    const missing = Object.entries(template.template.Resources)
      .filter(([id]) => !made.has(id))
      .map(([, { Type }]) => Type);
    const sfn = new SFNClient(settings());
    const { definition } = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }));
    const { Configuration } = await new LambdaClient(settings()).send(
      new GetFunctionCommand({ FunctionName: `${stackName}-plan` }),
    );
    const { rules } = await new IoTClient(settings()).send(new ListTopicRulesCommand({}));
    const { Stacks } = await new CloudFormationClient(settings()).send(
      new DescribeStacksCommand({ StackName: stackName }),
    );
    expect({
      resourcesItCannotMake: [...new Set(missing)].sort(),
      iotRules: rules?.length,
      substitutesInTheDefinition: !definition?.includes('$'.concat('{PlanFunctionArn}')),
      architectures: Configuration?.Architectures,
      outputsAfterAnUpdate: Stacks?.[0]?.Outputs ?? [],
    }).toEqual({
      resourcesItCannotMake: ['AWS::IoT::TopicRule', 'AWS::S3::BucketPolicy'],
      iotRules: 0,
      substitutesInTheDefinition: false,
      architectures: ['x86_64'],
      outputsAfterAnUpdate: [],
    });
  });

  it('is gone after sls remove, with all that runs have left', async () => {
    const s3 = new S3Client({ ...settings(), forcePathStyle: true });
    const bucket = (await resources()).find(({ LogicalResourceId }) => LogicalResourceId === 'RunBucket');
    for (let n = 0; n < 1_100; n++) {
      const Key = `runs/smoke-1/slices/${n}.json`;
      await s3.send(new PutObjectCommand({ Bucket: bucket?.PhysicalResourceId, Key, Body: '{}' }));
    }

    const removed = await service.sls(['remove'], moto.environment);

    expect(removed).toMatchObject({ code: 0, output: expect.stringContaining('Run store emptied (1 runs)') });
    const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
    const { stateMachines } = await new SFNClient(settings()).send(new ListStateMachinesCommand({}));
    const { Functions } = await new LambdaClient(settings()).send(new ListFunctionsCommand({}));
    expect({ Buckets, stateMachines, Functions }).toEqual({ Buckets: [], stateMachines: [], Functions: [] });
  }, 600_000);
});
