import { type Command, InvalidArgumentError } from 'commander';
import { InvalidInputError } from '../profile/errors.ts';

/** Which deployed stack is meant; without a stage it is embedded AWS. */
export interface StageFlags {
  readonly stage?: string;
  readonly region?: string;
}

/** One that names a stage. */
export type Stage = StageFlags & { readonly stage: string };

export function addStageFlags(command: Command): Command {
  return command
    .option('--stage <stage>', 'on AWS: in the deployed stack stampede-<stage>')
    .option('--region <region>', 'where it is deployed (default: that of your AWS profile)', parseRegion);
}

/** @throws InvalidInputError for a Region without a stage */
export function isStage(flags: StageFlags): flags is Stage {
  if (flags.stage !== undefined) return true;
  if (flags.region === undefined) return false;
  throw new InvalidInputError('The command line', [
    { path: '--region', message: 'is for a deployed stack', hint: 'name its stage as well: --stage dev' },
  ]);
}

/** To be found again with: `--stage dev --region eu-west-1`. */
export function stageArguments({ stage, region }: Stage): string {
  return region === undefined ? `--stage ${stage}` : `--stage ${stage} --region ${region}`;
}

function parseRegion(text: string): string {
  if (/^[a-z]{2,}(-[a-z0-9]+)+$/.test(text)) return text;
  throw new InvalidArgumentError('It is a Region’s code, such as eu-west-1.');
}
