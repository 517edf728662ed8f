import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { defaultDeployment } from '../../src/plan/deployment.ts';

function read(path: string) {
  return parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'), { logLevel: 'silent' });
}

describe('defaultDeployment', () => {
  const stack = read('serverless.yml');

  it('is the stack without parameters', () => {
    const memoryMb = Object.entries(stack.functions as Record<string, { memorySize: number }>).map(
      ([name, { memorySize }]) => [name, memorySize],
    );
    expect(defaultDeployment.memoryMb).toEqual(Object.fromEntries(memoryMb));
    const parameters = stack.params.default;
    expect(defaultDeployment.subscriber).toBe(parameters.subscriber);
    expect(defaultDeployment.topicFilter).toBe(parameters.topicFilter);
    expect(parameters.architecture).toBe('arm64');
    const { Properties: source } = read('stack/arrivals-queue.yml').Resources.ArrivalsEventSource;
    expect(defaultDeployment.arrivals).toEqual({
      batchSize: source.BatchSize,
      batchWindowSeconds: source.MaximumBatchingWindowInSeconds,
      maximumConcurrency: parameters.measureConcurrency,
    });
  });
});
