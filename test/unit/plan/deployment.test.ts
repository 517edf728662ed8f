// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the framework spells its variables like this.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { readStack } from '../../../src/embedded/stack/stack.ts';
import { defaultCeilings, liftedCeilings } from '../../../src/plan/ceilings.ts';
import { defaultDeployment, parseDeployment } from '../../../src/plan/deployment.ts';
import { streamBatches } from '../../../src/plan/stream-reading.ts';
import { readEnvironment } from '../../../src/worker/environment.ts';

interface Stack {
  readonly params: { readonly default: Readonly<Record<string, unknown>> };
  readonly custom: {
    readonly deployment: string;
    readonly arrivalBatches: { readonly size: number; readonly windowSeconds: number };
  };
}

function read(path: string) {
  return parse(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8'), { logLevel: 'silent' });
}

describe('defaultDeployment', () => {
  const stack = read('serverless.yml');

  it('is the stack without parameters', async () => {
    const memoryMb = Object.entries(stack.functions as Record<string, { memorySize: number }>).map(
      ([name, { memorySize }]) => [name, memorySize],
    );
    expect(defaultDeployment.memoryMb).toEqual(Object.fromEntries(memoryMb));
    const { environment } = await readStack(
      fileURLToPath(new URL('../../../serverless.yml', import.meta.url)),
    );
    expect(defaultDeployment.topicFilter).toBe(environment.TOPIC_FILTER);
    expect(stack.params.default.architecture).toBe('arm64');
    // The functions read these where the stack sets none.
    const { coldStartLeadMs, lambdaEnvironmentsPerSecond, topicFilter } = readEnvironment({
      RUN_BUCKET: 'runs',
    });
    expect(defaultDeployment.topicFilter).toBe(topicFilter);
    expect(defaultDeployment.coldStart).toEqual({
      leadMs: coldStartLeadMs,
      environmentsPerSecond: lambdaEnvironmentsPerSecond,
    });
    const { subscriber, arrivals, stream, publishConcurrency, sliceSeconds } = defaultDeployment;
    expect([publishConcurrency, sliceSeconds]).toEqual([undefined, undefined]);
    expect(parseDeployment(deploymentText(stack))).toEqual({
      subscriber,
      payloads: 'json',
      arrivals,
      stream,
      retentionDays: 14,
      ceilings: defaultCeilings,
    });
  });

  it('is what the event source mapping is made with', () => {
    const { Properties: source } = read('stack/arrivals-queue.yml').Resources.ArrivalsEventSource;
    const { Properties: ofStream } = read('stack/arrivals-stream.yml').Resources.ArrivalsEventSource;
    expect({
      size: ofStream.BatchSize,
      windowSeconds: ofStream.MaximumBatchingWindowInSeconds,
      retries: ofStream.MaximumRetryAttempts,
      maximumAgeSeconds: ofStream.MaximumRecordAgeInSeconds,
    }).toEqual(streamBatches);
    expect([source.BatchSize, source.MaximumBatchingWindowInSeconds]).toEqual([
      '${self:custom.arrivalBatches.size}',
      '${self:custom.arrivalBatches.windowSeconds}',
    ]);
    const { standard, provisioned } = stack.custom.queueReaders;
    expect(standard).toEqual({
      scalingConfig: { MaximumConcurrency: '${param:measureConcurrency}' },
      provisionedPollerConfig: { Ref: 'AWS::NoValue' },
    });
    expect(provisioned).toEqual({
      scalingConfig: { Ref: 'AWS::NoValue' },
      provisionedPollerConfig: {
        MinimumPollers: '${param:minimumPollers}',
        MaximumPollers: '${param:maximumPollers}',
      },
    });
  });
});

describe('parseDeployment', () => {
  const written = {
    subscriber: 'queue',
    batchSize: 2_000,
    batchWindowSeconds: 1,
    readers: 'provisioned',
    maximumConcurrency: 50,
    minimumPollers: 2,
    maximumPollers: 250,
    streamMode: 'provisioned',
    streamShards: 25,
  };

  it('reads provisioned pollers', () => {
    expect(parseDeployment(JSON.stringify(written)).arrivals.readers).toEqual({
      mode: 'provisioned',
      minimumPollers: 2,
      maximumPollers: 250,
    });
  });

  it('reads what the stream takes', () => {
    const read = (change: object) => parseDeployment(JSON.stringify({ ...written, ...change }));
    expect(read({ subscriber: 'stream', streamShards: 4 })).toMatchObject({
      subscriber: 'stream',
      stream: { mode: 'provisioned', shards: 4 },
    });
    expect(read({ streamMode: 'on-demand' }).stream).toEqual({ mode: 'on-demand' });
  });

  it('reads what is reserved for slices, if anything is', () => {
    const read = (change: object) =>
      parseDeployment(JSON.stringify({ ...written, ...change })).publishConcurrency;
    expect([{}, { publishConcurrency: null }, { publishConcurrency: 50 }].map(read)).toEqual([
      undefined,
      undefined,
      50,
    ]);
  });

  it('reads how long slices may run, if that is less than Lambda gives', () => {
    const read = (change: object) => parseDeployment(JSON.stringify({ ...written, ...change })).sliceSeconds;
    expect([{}, { sliceSeconds: 900 }, { sliceSeconds: 60 }].map(read)).toEqual([undefined, undefined, 60]);
  });

  it.each([
    [{ sliceSeconds: 901 }, 'sliceSeconds is not a whole number from 30 to 900: 901'],
    [{ sliceSeconds: '60' }, 'sliceSeconds is not a whole number from 30 to 900: "60"'],
    [{ readers: 'many' }, 'readers is not standard or provisioned: "many"'],
    [{ subscriber: 'mail' }, 'subscriber is not queue or direct or stream: "mail"'],
    [{ maximumPollers: '250' }, 'maximumPollers is not a number: "250"'],
    [{ batchSize: undefined }, 'batchSize is not a number: undefined'],
    [{ publishConcurrency: 0 }, 'publishConcurrency is not a whole number of at least 1: 0'],
    [{ retentionDays: 0.5 }, 'retentionDays is not a whole number of at least 1: 0.5'],
    [{ publishConcurrency: '50' }, 'publishConcurrency is not a whole number of at least 1: "50"'],
    [{ ...liftedCeilings, maxDevices: '0' }, 'maxDevices is neither a number above 0 nor none: "0"'],
    [{ ...liftedCeilings, maxCostUsd: '1e9' }, 'maxCostUsd is neither a number above 0 nor none: "1e9"'],
    [{ maxCostUsd: '100' }, 'allowForce is neither true nor false: undefined'],
    [{ ...liftedCeilings, allowForce: 'yes' }, 'allowForce is neither true nor false: "yes"'],
  ])('refuses %j', (change, message) => {
    expect(() => parseDeployment(JSON.stringify({ ...written, ...change }))).toThrow(message);
  });
});

/** With the parameters' defaults put in, as the framework does. */
function deploymentText({ custom, params }: Stack): string {
  const values: Record<string, unknown> = {
    'self:custom.arrivalBatches.size': custom.arrivalBatches.size,
    'self:custom.arrivalBatches.windowSeconds': custom.arrivalBatches.windowSeconds,
    ...Object.fromEntries(Object.entries(params.default).map(([name, value]) => [`param:${name}`, value])),
  };
  return custom.deployment.replace(
    /\$\{([^},]+)(?:, '(.*?)')?\}/g,
    (_whole, name: string, otherwise: string) => String(values[name] ?? otherwise),
  );
}
