import { execFile } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  CloudFormationClient,
  DescribeStacksCommand,
  ListStackResourcesCommand,
} from '@aws-sdk/client-cloudformation';
import { IoTClient, ListTopicRulesCommand } from '@aws-sdk/client-iot';
import {
  GetEventSourceMappingCommand,
  GetFunctionCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  ListFunctionsCommand,
} from '@aws-sdk/client-lambda';
import {
  DeleteObjectCommand,
  ListBucketsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  ListStateMachinesCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readProfileFile } from '../../../../src/cli/options/profile-file.ts';
import { copyService, type ServiceCopy } from '../../../support/stack/packaged-stack.ts';
import { type Moto, pythonTools, startMoto } from '../../../support/stack/python-tools.ts';
import { type StackVariant, sharedStack } from '../../../support/stack/shared-stacks.ts';

const run = promisify(execFile);
const profileFile = fileURLToPath(new URL('../../../../profiles/smoke.json', import.meta.url));
const stateMachineArn = 'arn:aws:states:us-east-1:123456789012:stateMachine:stampede-dev';
const stackName = 'stampede-dev';

describe('cfn-lint', () => {
  const variants: readonly StackVariant[] = [
    'default',
    'stream',
    'onDemandStream',
    'direct',
    'provisioned',
    'named',
  ];
  const templates = new Map<StackVariant, string>();
  let found: readonly { readonly Filename: string }[];
  // It loads the schemas of all resources for some seconds, so it reads all templates at once.
  beforeAll(async () => {
    for (const variant of variants) templates.set(variant, (await sharedStack(variant)).templateFile);
    const command = path.join(await pythonTools(), 'cfn-lint');
    const ended = run(command, ['--format', 'json', ...templates.values()]);
    // With findings it prints them, and its exit code is not 0.
    const { stdout } = await ended.catch((error: { readonly stdout: string }) => error);
    found = JSON.parse(stdout);
  }, 600_000);

  it.each(variants)('finds nothing in the packaged template: %s', (variant) => {
    expect(found.filter(({ Filename }) => Filename === templates.get(variant))).toEqual([]);
  });
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
      ['measure-latency', 'plan', 'publish-http', 'publish-mqtt', 'subscribe', 'summarize'].map((name) => [
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
        ScalingConfig: { MaximumConcurrency: 300 },
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
    const { template } = await sharedStack('default');
    const made = new Set((await resources()).map(({ LogicalResourceId }) => LogicalResourceId));
    const missing = Object.entries(template.Resources)
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

  it('is removed by sls remove while a run goes on and arrivals are still read', async () => {
    const s3 = new S3Client({ ...settings(), forcePathStyle: true });
    const physicalIdOf = async (id: string) =>
      (await resources()).find(({ LogicalResourceId }) => LogicalResourceId === id)?.PhysicalResourceId;
    const Bucket = await physicalIdOf('RunBucket');
    const keys = Array.from({ length: 1_100 }, (_, n) => `runs/smoke-1/slices/${n}.json`).values();
    const putRest = async () => {
      for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket, Key, Body: '{}' }));
    };
    await Promise.all([putRest(), putRest(), putRest(), putRest()]);
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    for (let n = 0; n < 3; n++) {
      await s3.send(new PutObjectCommand({ Bucket, Key: 'runs/smoke-1/report.json', Body: String(n) }));
    }
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'runs/smoke-1/report.json' }));
    const writer = startWriter(s3, Bucket!, (await physicalIdOf('ArrivalsEventSource'))!);

    const removed = await service.sls(['remove'], moto.environment);

    const written = await writer;
    expect(written.whileReading).toBeGreaterThan(0);
    expect(written.afterwards).toBeGreaterThan(0);
    expect(removed).toMatchObject({ code: 0 });
    expect(removed.output).toContain('Stopped the run smoke-1');
    expect(removed.output).toContain('Run store emptied (2 runs)');
    const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
    const { stateMachines } = await new SFNClient(settings()).send(new ListStateMachinesCommand({}));
    const { Functions } = await new LambdaClient(settings()).send(new ListFunctionsCommand({}));
    expect({ Buckets, stateMachines, Functions }).toEqual({ Buckets: [], stateMachines: [], Functions: [] });
  }, 600_000);

  /** As measure-latency: a window for each batch as long as the mapping is on, and of batches in flight some more. */
  async function startWriter(s3: S3Client, Bucket: string, UUID: string) {
    const lambda = new LambdaClient(settings());
    const isOn = async () => {
      try {
        const { State } = await lambda.send(new GetEventSourceMappingCommand({ UUID }));
        return State === 'Enabled';
      } catch {
        return false;
      }
    };
    let windows = 0;
    const write = async () => {
      const Key = `runs/late-1/arrivals/${windows++}.json`;
      await s3.send(new PutObjectCommand({ Bucket, Key, Body: '{}' })).catch(() => undefined);
      await sleep(50);
    };
    while (await isOn()) await write();
    const whileReading = windows;
    for (const until = Date.now() + 3_000; Date.now() < until; ) await write();
    return { whileReading, afterwards: windows - whileReading };
  }
});
