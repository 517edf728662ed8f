import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  type ThrottleAnswer,
  throttleAnswers,
  type UnauthorizedSettings,
} from '../../embedded/iot-core/settings.ts';
import type { EmbeddedAwsOptions } from '../../embedded/process/start-embedded-aws.ts';
import { type Ceilings, ceilingNames, liftedCeilings, parseCeilings } from '../../plan/ceilings.ts';
import { type DeploymentParameters, defaultDeployment } from '../../plan/deployment.ts';

/** The flags as commander parses them. */
export interface EmulationFlags {
  readonly throttleAnswer?: ThrottleAnswer;
  readonly deniedPublish?: UnauthorizedSettings['publish'];
  readonly deniedSubscribe?: UnauthorizedSettings['subscribe'];
  readonly subscriber?: 'queue' | 'stream';
  readonly payloads?: 'json' | 'any';
  readonly streamShards?: number;
  readonly param?: GivenCeilings;
}

/** The flags that were given. A parameter that was not given is lifted. */
type GivenCeilings = Partial<Record<keyof Ceilings, string>>;

/** What embedded AWS does where it is not known what AWS does, and how its stack is deployed. */
export type Emulation = Pick<EmbeddedAwsOptions, 'throttleAnswer' | 'unauthorized' | 'parameters'>;

const deniedAnswers = ['disconnect', 'refuse'] as const;

export function addEmulationFlags(command: Command): Command {
  return command
    .optionsGroup('Where AWS documents no behaviour, embedded AWS:')
    .addOption(
      new Option(
        '--throttle-answer <how>',
        'answer to a QoS 1 publish above the account’s quota (default: silent)',
      ).choices(throttleAnswers),
    )
    .addOption(
      new Option(
        '--denied-publish <how>',
        'answer to a publish that no policy allows: disconnect, or refuse: drop the message and keep the connection; over MQTT 5 at QoS 1 its PUBACK has the reason (default: disconnect)',
      ).choices(deniedAnswers),
    )
    .addOption(
      new Option(
        '--denied-subscribe <how>',
        'answer to a subscription that no policy allows (default: refuse)',
      ).choices(deniedAnswers),
    )
    .optionsGroup('How the stack of embedded AWS is deployed:')
    .addOption(
      new Option(
        '--subscriber <which>',
        'queue or stream that the rule sends to (default: that of serverless.yml, queue)',
      ).choices(['queue', 'stream']),
    )
    .addOption(
      new Option(
        '--payloads <which>',
        'payloads that the rule reads (default: what the load profile takes)',
      ).choices(['json', 'any']),
    )
    .option('--stream-shards <n>', 'shards of the stream, 1 to 1,000', parseShards)
    .option(
      '--param <name=value>',
      `limit that the stack enforces, as at deployment; repeatable; one of ${ceilingNames.join(', ')} (default: none)`,
      parseParameter,
    )
    .optionsGroup('Options:');
}

function parseParameter(text: string, before: GivenCeilings = {}): GivenCeilings {
  const [, name = '', value = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
  if (!ceilingNames.some((each) => each === name)) {
    throw new InvalidArgumentError(`name=value, with one of ${ceilingNames.join(', ')}.`);
  }
  const given = { ...before, [name]: value };
  try {
    parseCeilings({ ...liftedCeilings, ...given });
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
  return given;
}

function parseShards(text: string): number {
  const shards = Number(text);
  if (/^\d+$/.test(text) && shards >= 1 && shards <= maxShards) return shards;
  throw new InvalidArgumentError(`a whole number from 1 to ${maxShards}.`);
}

/** Shards of one stream that one machine emulates. An account on AWS may have more. */
const maxShards = 1_000;

export function emulationOf({
  throttleAnswer,
  deniedPublish: publish,
  deniedSubscribe: subscribe,
  subscriber,
  payloads,
  streamShards,
  param,
}: EmulationFlags): Emulation {
  const unauthorized = { ...(publish && { publish }), ...(subscribe && { subscribe }) };
  const parameters = {
    ...(subscriber && { subscriber }),
    ...(payloads && { payloads }),
    ...(streamShards && { streamShards }),
    ...param,
  };
  return {
    ...(throttleAnswer && { throttleAnswer }),
    ...((publish ?? subscribe) && { unauthorized }),
    ...(Object.keys(parameters).length > 0 && { parameters }),
  };
}

/** The stack of embedded AWS, as a plan is checked against it. */
export function embeddedDeploymentOf({
  subscriber,
  payloads,
  streamShards,
  param,
}: EmulationFlags): DeploymentParameters {
  const { arrivals, stream } = defaultDeployment;
  const ceilings = param && parseCeilings({ ...liftedCeilings, ...param });
  return {
    subscriber: subscriber ?? defaultDeployment.subscriber,
    ...(payloads && { payloads }),
    arrivals,
    stream: streamShards === undefined ? stream : { mode: 'provisioned', shards: streamShards },
    ...(ceilings && { ceilings }),
  };
}
