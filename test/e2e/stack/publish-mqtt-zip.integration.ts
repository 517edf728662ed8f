import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type EmbeddedAws, startEmbeddedAws } from '../../../src/embedded/process/start-embedded-aws.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import { invokeOnce, type LambdaAnswer } from '../../support/stack/lambda-host.ts';
import type { PackagedStack } from '../../support/stack/packaged-stack.ts';
import { sharedStack } from '../../support/stack/shared-stacks.ts';

const profile = {
  name: 'zipped',
  devices: 20,
  stages: [{ duration: '2s', target: 100 }],
  slices: { devicesPerSlice: 10 },
};

let stack: PackagedStack;
let aws: EmbeddedAws;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'stampede-zips-'));
  stack = await sharedStack('ofThisMachine');
  aws = await startEmbeddedAws({ runsDirectory: path.join(directory, 'runs') });
});
afterAll(async () => {
  await aws.close();
  await rm(directory, { recursive: true, force: true });
});

/** The function from its zip, in a folder with nothing else in it or above it. */
async function invoke(name: string, event: unknown): Promise<LambdaAnswer> {
  const { files } = stack.zips.get(name)!;
  const taskRoot = path.join(directory, name);
  for (const [file, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(taskRoot, file)), { recursive: true });
    await writeFile(path.join(taskRoot, file), content);
  }
  return invokeOnce({
    taskRoot,
    handler: `functions/${name}.handler`,
    variables: { ...stack.variablesOf(name), ...aws.environment },
    event,
  });
}

describe('publish-mqtt, from its zip', () => {
  // The Device SDK is the packaged native file; the others are what devices show at AWS's endpoints, over TLS.
  it.each([
    { client: 'device-sdk', auth: 'x509' },
    { client: 'device-sdk', auth: 'sigv4' },
    { client: 'dense', auth: 'custom' },
  ])('runs a slice of the plan that the zipped plan function made: %o', async (connect) => {
    const runId = `zipped-${connect.auth}`;
    const planned = await invoke('plan', { runId, profile: { ...profile, connect } });
    expect(planned).toMatchObject({ failed: false, payload: { runId, mqttSlices: 2, slices: [0, 1] } });

    const published = await invoke('publish-mqtt', { runId, slice: 1 });
    expect(published).toMatchObject({ failed: false, payload: { slice: 1 } });
    const file = path.join(directory, 'runs', runId, 'slices', '1', '0.json');
    const result = JSON.parse(await readFile(file, 'utf8')) as SliceResult;
    expect(result).toMatchObject({
      devices: { planned: 10, connected: 10 },
      messages: { intended: 50, sent: 50, acked: 50 },
    });
  });

  it('names the line of the source where it failed', async () => {
    const failed = await invoke('publish-mqtt', { runId: 'nobody-planned-this', slice: 0 });
    expect(failed).toMatchObject({ failed: true, payload: { errorType: 'RunNotFoundError' } });
    expect(failed.log).toMatch(/src\/aws\/run-store\.ts:\d+/);
  });
});
