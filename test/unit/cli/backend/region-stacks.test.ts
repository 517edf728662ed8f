import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import manifest from '../../../../package.json' with { type: 'json' };
import { NoSuchStackError } from '../../../../src/aws/find-stack.ts';
import { openRegionStacks, RegionsNotReadyError } from '../../../../src/cli/backend/region-stacks.ts';
import type { OpenStack } from '../../../../src/cli/backend/stack-backend.ts';
import { accountOf } from '../../../../src/plan/account.ts';

const names = ['eu-west-1', 'us-east-1', 'ap-south-1'];

/** A stack that was found; nothing of it is started by opening it. */
function stackOf(region: string, version: string | undefined): OpenStack {
  const stack = { name: 'stampede-dev', stage: 'dev', region, version } as OpenStack['stack'];
  return {
    stack,
    endpoint: async () => `${region}.example.com`,
    account: async () => ({ ...accountOf({}), region }),
    runIdOf: (text) => text,
    get backend(): never {
      throw new Error('no run is started');
    },
  };
}

async function refusalOf(open: (name: string) => Promise<OpenStack>): Promise<RegionsNotReadyError> {
  const error = await openRegionStacks(names, open, '1.2.0').then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(RegionsNotReadyError);
  return error as RegionsNotReadyError;
}

describe('stacks of several Regions', () => {
  it('are opened, each with its endpoint and its account', async () => {
    const stacks = await openRegionStacks(names, async (name) => stackOf(name, '1.2.0'), '1.2.0');
    expect(stacks.map(({ name, endpoint, account }) => [name, endpoint, account.region])).toEqual(
      names.map((name) => [name, `${name}.example.com`, name]),
    );
  });

  it('are refused before anything starts where one is missing or of another version, all at once', async () => {
    const { message, errors, exitCode } = await refusalOf(async (name) => {
      if (name === 'us-east-1') throw new NoSuchStackError({ stage: 'dev' }, name, []);
      return stackOf(name, name === 'eu-west-1' ? '1.1.0' : undefined);
    });
    expect(exitCode).toBe(2);
    expect(errors.map(({ path }) => path)).toEqual(names.map((name) => `regions.${name}`));
    expect(message).toContain('was deployed by Stampede 1.1.0, and this is Stampede 1.2.0');
    expect(message).toContain('there is no stack stampede-dev in us-east-1');
    expect(message).toContain('deployed by an earlier Stampede');
    expect(message).toContain('npx stampede deploy --stage dev --region eu-west-1');
  });

  it('may be of any version for a run that has begun', async () => {
    expect(await openRegionStacks(names, async (name) => stackOf(name, '0.9'), undefined)).toHaveLength(3);
  });

  it('say their version as this package is called', () => {
    const { custom } = parse(readFileSync(new URL('../../../../serverless.yml', import.meta.url), 'utf8'), {
      logLevel: 'silent',
    }) as { readonly custom: { readonly deployment: string } };
    expect(custom.deployment).toContain(`"version":"${manifest.version}"`);
  });
});
