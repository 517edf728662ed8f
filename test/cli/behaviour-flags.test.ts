import { describe, expect, it } from '@jest/globals';
import { Command } from 'commander';
import { addBehaviourFlags, type BehaviourFlags, behaviourOf } from '../../src/cli/behaviour-flags.ts';

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

  it.each(['--throttle-answer', '--denied-publish', '--denied-subscribe'])('%s knows its answers', (flag) => {
    expect(() => given(flag, 'shout')).toThrow(/Allowed choices/);
  });
});
