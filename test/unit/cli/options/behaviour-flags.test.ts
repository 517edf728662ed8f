import { describe, expect, it } from '@jest/globals';
import { Command } from 'commander';
import {
  addBehaviourFlags,
  type BehaviourFlags,
  behaviourOf,
  embeddedDeploymentOf,
} from '../../../../src/cli/options/behaviour-flags.ts';

function given(...args: string[]): BehaviourFlags {
  const command = addBehaviourFlags(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  return command.parse(args, { from: 'user' }).opts();
}

describe('what embedded AWS does where AWS does not say', () => {
  it('is left to its defaults', () => {
    expect(behaviourOf(given())).toEqual({});
  });

  it('is what the flags say', () => {
    expect(behaviourOf(given('--throttle-answer', 'puback'))).toEqual({ throttleAnswer: 'puback' });
    expect(behaviourOf(given('--denied-publish', 'refuse'))).toEqual({
      unauthorized: { publish: 'refuse' },
    });
    expect(behaviourOf(given('--denied-subscribe', 'disconnect', '--denied-publish', 'disconnect'))).toEqual({
      unauthorized: { publish: 'disconnect', subscribe: 'disconnect' },
    });
  });

  it('deploys its stack as they say, and holds plans against that', () => {
    const flags = given('--subscriber', 'stream', '--stream-shards', '4');
    expect(behaviourOf(flags)).toEqual({ parameters: { subscriber: 'stream', streamShards: 4 } });
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
