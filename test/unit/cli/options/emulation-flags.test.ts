import { describe, expect, it } from '@jest/globals';
import { Command } from 'commander';
import {
  addEmulationFlags,
  type EmulationFlags,
  embeddedDeploymentOf,
  emulationOf,
} from '../../../../src/cli/options/emulation-flags.ts';

function given(...args: string[]): EmulationFlags {
  const command = addEmulationFlags(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  return command.parse(args, { from: 'user' }).opts();
}

describe('what embedded AWS does where AWS does not say', () => {
  it('is left to its defaults', () => {
    expect(emulationOf(given())).toEqual({});
  });

  it('is what the flags say', () => {
    expect(emulationOf(given('--throttle-answer', 'puback'))).toEqual({ throttleAnswer: 'puback' });
    expect(emulationOf(given('--denied-publish', 'refuse'))).toEqual({
      unauthorized: { publish: 'refuse' },
    });
    expect(emulationOf(given('--denied-subscribe', 'disconnect', '--denied-publish', 'disconnect'))).toEqual({
      unauthorized: { publish: 'disconnect', subscribe: 'disconnect' },
    });
  });

  it('deploys its stack as they say, and holds plans against that', () => {
    const flags = given('--subscriber', 'stream', '--stream-shards', '4');
    expect(emulationOf(flags)).toEqual({ parameters: { subscriber: 'stream', streamShards: 4 } });
    expect(embeddedDeploymentOf(flags)).toMatchObject({
      subscriber: 'stream',
      stream: { mode: 'provisioned', shards: 4 },
    });
    expect(embeddedDeploymentOf(given())).toMatchObject({ subscriber: 'queue' });
    expect(() => given('--stream-shards', '0')).toThrow(/a whole number from 1 to 1000/);
    expect(() => given('--subscriber', 'direct')).toThrow(/Allowed choices are queue, stream/);
  });

  it.each(['--throttle-answer', '--denied-publish', '--denied-subscribe'])(
    '%s accepts its answers',
    (flag) => {
      expect(() => given(flag, 'shout')).toThrow(/Allowed choices/);
    },
  );
});
