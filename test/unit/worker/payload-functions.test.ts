import { expect, it } from '@jest/globals';
import type { InputError } from '../../../src/shared/errors.ts';
import { InvalidInputError } from '../../../src/shared/errors.ts';
import { parseProfile } from '../../../src/targets/parse-profile.ts';
import { readEnvironment } from '../../../src/worker/environment.ts';
import { withPayloadSamples } from '../../../src/worker/payload-functions.ts';

async function errorsOf(file: string, directory?: string): Promise<readonly InputError[]> {
  const encoding = { module: { file } };
  const profile = parseProfile({
    duration: '10s',
    ratePerSecond: 1,
    publish: { encoding },
    groups: {
      a: { devices: 1 },
      b: { devices: 1, messages: { x: {}, y: { encoding: 'text', payload: 'y' } } },
    },
  });
  try {
    await withPayloadSamples(profile, directory);
  } catch (error) {
    if (error instanceof InvalidInputError) return error.errors;
    throw error;
  }
  return [];
}

it('on AWS a module has to be in a layer, wherever its path leads', async () => {
  expect(readEnvironment({ RUN_BUCKET: 'b' }).payloadModules).toBe('/opt');
  for (const file of [
    '/var/task/functions/plan.cjs',
    '../etc/x.mjs',
    '/opt/../tmp/x.mjs',
    '/optional/x.mjs',
  ]) {
    const errors = await errorsOf(file, '/opt');
    expect(errors).toMatchObject([
      { path: 'groups.a.publish.encoding.module', message: expect.stringContaining('which is not in /opt') },
    ]);
  }
});

it('in a rehearsal it is anywhere, but a relative path needs the file of a profile', async () => {
  expect(readEnvironment({ RUN_BUCKET: 'b', PAYLOAD_MODULES: '' }).payloadModules).toBeUndefined();
  expect(await errorsOf('./own.mjs')).toMatchObject([
    { message: expect.stringContaining('is relative to the file of a profile'), hint: expect.any(String) },
  ]);
});

it('leaves profiles without one as they are', async () => {
  const profile = parseProfile({
    devices: 1,
    ratePerSecond: 1,
    duration: '1s',
    publish: { encoding: 'cbor' },
  });
  expect(await withPayloadSamples(profile)).toEqual(profile);
});
