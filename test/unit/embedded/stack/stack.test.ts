import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { defaultQueue, defaultStream } from '../../../../src/embedded/iot-core/settings.ts';
import { readStack, StackError } from '../../../../src/embedded/stack/stack.ts';

const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'stampede-stack-'));
});
afterAll(() => rm(directory, { recursive: true }));

const read = async (yaml: string) => {
  const file = path.join(directory, 'serverless.yml');
  await writeFile(file, yaml);
  return readStack(file);
};

describe('the stack', () => {
  it('names the reader of the stream to the plan function, where there is a stream', async () => {
    for (const [subscriber, reader] of [
      ['stream', 'stampede-dev-measure-latency'],
      ['queue', ''],
    ] as const) {
      const { functions } = await readStack(pathOf('../../../../serverless.yml'), { subscriber });
      expect(functions.find(({ key }) => key === 'plan')?.environment.STREAM_READER).toBe(reader);
    }
  });

  it('has what embedded AWS needs of it', async () => {
    const { prefix, functions, environment, ruleSql, queue } = await readStack(
      pathOf('../../../../serverless.yml'),
    );
    expect(prefix).toBe('stampede-dev');
    expect(functions.map(({ name }) => name)).toContain('stampede-dev-measure-latency');
    expect(functions.find(({ key }) => key === 'publish-mqtt')).toMatchObject({
      handler: 'functions/publish-mqtt.handler',
      timeoutSeconds: 900,
    });
    expect(environment.TOPIC_FILTER).toBe('stampede/dev/#');
    expect(environment).not.toHaveProperty('NODE_OPTIONS');
    expect(ruleSql).toMatch(/FROM 'stampede\/dev\/#'/);
    // AWS recommends six times the time-out of the function that reads.
    const subscriber = functions.find(({ key }) => key === 'measure-latency');
    expect(queue).toEqual({
      visibilityTimeoutMs: 6_000 * subscriber!.timeoutSeconds,
      maxReceiveCount: 3,
      batchSize: 350,
      maximumBatchingWindowMs: 1_000,
      readers: { mode: 'standard', maximumConcurrency: 300 },
    });
  });

  it('gives reader and queue as little time as the work allows, the emulator as the stack', async () => {
    const timeouts = async (subscriber: string) => {
      const stack = await readStack(pathOf('../../../../serverless.yml'), { subscriber });
      const { timeoutSeconds } = stack.functions.find(({ key }) => key === 'measure-latency')!;
      return { ...stack, timeoutSeconds };
    };
    // A batch takes milliseconds, an InfluxDB that does not answer two seconds.
    const ofQueue = await timeouts('queue');
    expect(ofQueue.timeoutSeconds).toBe(5);
    expect(ofQueue.queue.visibilityTimeoutMs).toBe(30_000);
    // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html: six times the function's timeout.
    expect(ofQueue.queue.visibilityTimeoutMs).toBe(6 * 1_000 * ofQueue.timeoutSeconds);
    expect(ofQueue.queue).toMatchObject({
      visibilityTimeoutMs: defaultQueue.visibilityTimeoutMs,
      maxReceiveCount: defaultQueue.maxReceiveCount,
    });
    const { timeoutSeconds, stream } = await timeouts('stream');
    const { name: _, maximumConcurrency: __, ...asDefault } = defaultStream;
    expect(timeoutSeconds).toBe(5);
    expect(stream).toEqual(asDefault);
    expect((await timeouts('direct')).timeoutSeconds).toBe(5);
  });

  it("has the framework's defaults, and leaves out what only a deployment has", async () => {
    const { functions } = await readStack(
      pathOf('../../../support/embedded/fixtures/package/serverless.yml'),
    );
    expect(functions.find(({ key }) => key === 'publish')).toEqual({
      key: 'publish',
      name: 'tiny-dev-publish',
      handler: 'functions/tiny.publish',
      memoryMb: 256,
      timeoutSeconds: 60,
      environment: { TOPIC_FILTER: 'stampede/#', MESSAGES: '5' },
    });
    expect(functions[0]).toMatchObject({ memoryMb: 1024, timeoutSeconds: 6 });
  });

  it('resolves variables within variables, lists and files', async () => {
    await writeFile(
      path.join(directory, 'rule.yml'),
      'Resources:\n  R:\n    Type: AWS::IoT::TopicRule\n    Properties:\n      TopicRulePayload: { Sql: "'.concat(
        '$',
        '{self:custom.sql}" }\n',
      ),
    );
    const { environment, ruleSql } = await read(`
service: x
params: { default: { kind: arm64, topic: a/#, empty: '' } }
provider:
  environment:
    FILE: ../\${self:custom.files.\${param:kind}}
    EMPTY: \${param:empty}
    FALLBACK: \${param:none, opt:none, 'last'}
    STAGE: \${self:service}-\${sls:stage}
    REGION: \${AWS::Region}
    UNKNOWN: \${env:NEVER_SET}
    REFERENCE: { Ref: Bucket }
custom:
  files: { arm64: one.node }
  sql: SELECT * FROM '\${param:topic}'
functions: { a: { handler: a.b } }
resources:
  - \${file(rule.yml)}
`);
    expect(environment).toEqual({
      FILE: '../one.node',
      EMPTY: '',
      FALLBACK: 'last',
      STAGE: 'x-dev',
      REGION: '$'.concat('{AWS::Region}'),
    });
    expect(ruleSql).toBe("SELECT * FROM 'a/#'");
  });

  it.each([
    ['service: x', 'has no functions'],
    ['service: x\nfunctions:\n  a: {}', 'functions.a has no handler'],
    ['service: x\nfunctions:\n  a: { handler: a.b }', 'has no AWS::IoT::TopicRule'],
  ])('names what is missing in %j', async (yaml, message) => {
    await expect(read(yaml)).rejects.toThrow(StackError);
    await expect(read(yaml)).rejects.toThrow(message);
  });
});
