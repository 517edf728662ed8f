import { type CloudFormationClient, DescribeStacksCommand, type Stack } from '@aws-sdk/client-cloudformation';
import { type DeploymentParameters, parseDeployment } from '../plan/deployment.ts';
import { exitCodes, InvalidInputError, StampedeError } from '../profile/errors.ts';

/** A deployed stack as its outputs tell it. */
export interface DeployedStack {
  /** `stampede-{stage}`. */
  readonly name: string;
  readonly stage: string;
  readonly region: string;
  /** Who pays. */
  readonly accountId: string;
  /** `aws`, `aws-cn`, … */
  readonly partition: string;
  readonly stateMachineArn: string;
  readonly runBucket: string;
  /** What the IoT rule reads; undefined for a stack deployed before it had this output. */
  readonly topicFilter: string | undefined;
  /** Its parameters; undefined for a stack deployed before it had this output. */
  readonly deployment: DeploymentParameters | undefined;
}

/** The framework deploys here unless told otherwise: `provider.region` of serverless.yml. */
export const defaultRegion = 'us-east-1';

export class NoSuchStackError extends StampedeError {
  constructor(name: string, region: string, others: readonly string[]) {
    const stages = others.map((other) => other.slice(prefix.length)).join(', ');
    super('NoSuchStack', `there is no stack ${name} in ${region}`, {
      hint:
        stages === ''
          ? `deploy it (npx sls deploy --stage ${name.slice(prefix.length)} --region ${region}), or name the Region it is in: --region; without one the framework deploys to ${defaultRegion}`
          : `here ${others.length === 1 ? 'is stage' : 'are stages'} ${stages}: --stage; or name another Region: --region`,
      exitCode: exitCodes.badUsage,
    });
  }
}

export class StackNotReadyError extends StampedeError {
  constructor(name: string, region: string, why: string, stage: string) {
    super('StackNotReady', `stack ${name} in ${region} is not ready: ${why}`, {
      hint: `npx sls deploy --stage ${stage} --region ${region}`,
      exitCode: exitCodes.badUsage,
    });
  }
}

const prefix = 'stampede-';

/**
 * Finds a deployed stack by its name, and what a run needs of it by its outputs.
 * @throws NoSuchStackError, StackNotReadyError; InvalidInputError for what cannot be a stage
 */
export async function findStack(
  stage: string,
  region: string,
  client: CloudFormationClient,
): Promise<DeployedStack> {
  const name = stackNameOf(stage);
  const stack = await describe(name, region, client);
  const outputs = new Map(stack.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  const notReady = (why: string): StackNotReadyError => new StackNotReadyError(name, region, why, stage);
  const need = (output: string): string => {
    const value = outputs.get(output);
    if (value !== undefined && value !== '') return value;
    throw notReady(`it is ${stack.StackStatus ?? 'unknown'} and has no output ${output}`);
  };
  const stateMachineArn = need('StateMachineArn');
  const [, partition = 'aws', , , accountId = ''] = stateMachineArn.split(':');
  return {
    name,
    stage,
    region,
    accountId,
    partition,
    stateMachineArn,
    runBucket: need('RunBucketName'),
    topicFilter: outputs.get('TopicFilter'),
    deployment: readDeployment(outputs.get('Deployment'), notReady),
  };
}

function readDeployment(
  json: string | undefined,
  notReady: (why: string) => StackNotReadyError,
): DeploymentParameters | undefined {
  if (json === undefined) return undefined;
  try {
    return parseDeployment(json);
  } catch (error) {
    throw notReady(`its output Deployment cannot be read: ${(error as Error).message}`);
  }
}

/** @throws InvalidInputError: CloudFormation's names are letters, digits and hyphens */
export function stackNameOf(stage: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9-]{0,99}$/.test(stage)) return `${prefix}${stage}`;
  throw new InvalidInputError('The command line', [
    { path: `--stage ${stage}`, message: 'cannot be a stage', hint: 'letters, digits and hyphens: dev' },
  ]);
}

async function describe(name: string, region: string, client: CloudFormationClient): Promise<Stack> {
  try {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: name }));
    const [stack] = Stacks ?? [];
    if (stack !== undefined) return stack;
  } catch (error) {
    if (!(error instanceof Error) || !/does not exist/.test(error.message)) throw error;
  }
  throw new NoSuchStackError(name, region, await otherStacks(client));
}

/** Of Stampede's; none where nobody says. */
async function otherStacks(client: CloudFormationClient): Promise<string[]> {
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({}));
    return Stacks.flatMap(({ StackName = '', Outputs = [] }) =>
      StackName.startsWith(prefix) && Outputs.some(({ OutputKey }) => OutputKey === 'StateMachineArn')
        ? [StackName]
        : [],
    );
  } catch {
    return [];
  }
}
