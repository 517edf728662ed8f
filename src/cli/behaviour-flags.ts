import { type Command, Option } from 'commander';
import {
  type ThrottleAnswer,
  throttleAnswers,
  type UnauthorizedSettings,
} from '../embedded/iot-core/settings.ts';
import type { EmbeddedAwsOptions } from '../embedded/start.ts';

/** As commander hands them over. */
export interface BehaviourFlags {
  readonly throttleAnswer?: ThrottleAnswer;
  readonly deniedPublish?: UnauthorizedSettings['publish'];
  readonly deniedSubscribe?: UnauthorizedSettings['subscribe'];
}

/** What embedded AWS does where it is not known what AWS does. */
export type EmbeddedBehaviour = Pick<EmbeddedAwsOptions, 'throttleAnswer' | 'unauthorized'>;

const deniedAnswers = ['disconnect', 'refuse'] as const;

export function addBehaviourFlags(command: Command): Command {
  return command
    .optionsGroup('What embedded AWS does where AWS does not say:')
    .addOption(
      new Option(
        '--throttle-answer <how>',
        'what a QoS 1 publish past the account’s quota gets (default: silent)',
      ).choices(throttleAnswers),
    )
    .addOption(
      new Option(
        '--denied-publish <how>',
        'what a publish gets that no policy allows (default: disconnect)',
      ).choices(deniedAnswers),
    )
    .addOption(
      new Option(
        '--denied-subscribe <how>',
        'what a subscription gets that no policy allows (default: refuse)',
      ).choices(deniedAnswers),
    )
    .optionsGroup('Options:');
}

export function behaviourOf({
  throttleAnswer,
  deniedPublish: publish,
  deniedSubscribe: subscribe,
}: BehaviourFlags): EmbeddedBehaviour {
  const unauthorized = { ...(publish && { publish }), ...(subscribe && { subscribe }) };
  return {
    ...(throttleAnswer && { throttleAnswer }),
    ...((publish ?? subscribe) && { unauthorized }),
  };
}
