import { type Command, InvalidArgumentError } from 'commander';
import { InvalidInputError } from '../../shared/errors.ts';

/** Which deployed stack is meant; without a stage it is embedded AWS. */
export interface StageFlags {
  readonly stage?: string;
  readonly region?: string;
  /** Of the stack's name, where it was deployed with one: `acme-`. */
  readonly namePrefix?: string;
}

/** One that names a stage. */
export type Stage = StageFlags & { readonly stage: string };

export function addStageFlags(command: Command): Command {
  return command
    .option('--stage <stage>', 'on AWS: in the deployed stack stampede-<stage>')
    .option(
      '--name-prefix <prefix>',
      'what the stack’s name begins with (--param namePrefix of its deployment)',
    )
    .option('--region <region>', 'where it is deployed (default: that of your AWS profile)', parseRegion);
}

/** @throws InvalidInputError for a Region or a name's prefix without a stage */
export function isStage(flags: StageFlags): flags is Stage {
  if (flags.stage !== undefined) return true;
  const given = Object.entries({ '--region': flags.region, '--name-prefix': flags.namePrefix });
  const orphans = given.flatMap(([flag, value]) => (value === undefined ? [] : [flag]));
  if (orphans.length === 0) return false;
  throw new InvalidInputError(
    'The command line',
    orphans.map((flag) => ({
      path: flag,
      message: 'is for a deployed stack',
      hint: 'name its stage as well: --stage dev',
    })),
  );
}

/** To be found again with: `--stage dev --region eu-west-1`. */
export function stageArguments({ stage, region, namePrefix }: Stage): string {
  const optional = { 'name-prefix': namePrefix, region };
  const given = Object.entries(optional).flatMap(([flag, value]) =>
    value === undefined ? [] : [`--${flag} ${value}`],
  );
  return [`--stage ${stage}`, ...given].join(' ');
}

function parseRegion(text: string): string {
  if (/^[a-z]{2,}(-[a-z0-9]+)+$/.test(text)) return text;
  throw new InvalidArgumentError('It is a Region’s code, such as eu-west-1.');
}
