import { type CloudFormationClient, DescribeStacksCommand, type Stack } from '@aws-sdk/client-cloudformation';
import { type DeploymentParameters, parseDeployment } from '../plan/deployment.ts';
import { exitCodes, type InputError, InvalidInputError, StampedeError } from '../shared/errors.ts';

/** Which stack is meant, by the parameters that its name is made of. */
export interface StackId {
  readonly stage: string;
  /** `namePrefix` of the deployment; absent: none. */
  readonly namePrefix?: string;
}

/** A deployed stack, read from its outputs. */
export interface DeployedStack {
  /** `{namePrefix}stampede-{stage}`. */
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
  /** Name of the IoT rule; undefined for a stack deployed before it had this output. */
  readonly ruleName: string | undefined;
  /** Its parameters; undefined for a stack deployed before it had this output. */
  readonly deployment: DeploymentParameters | undefined;
  /** Of the Stampede that deployed it; undefined for one that did not say it. */
  readonly version: string | undefined;
}

/** The default Region of the deployment: `provider.region` of serverless.yml. */
export const defaultRegion = 'us-east-1';

/** CloudFormation has no stack for that stage. */
export class NoSuchStackError extends StampedeError {
  constructor(id: StackId, region: string, others: readonly string[]) {
    super('NoSuchStack', `there is no stack ${stackNameOf(id)} in ${region}`, {
      hint:
        others.length === 0
          ? `deploy it (${deployCommand(id, region)}), or name the Region it is in: --region; without one the framework deploys to ${defaultRegion}`
          : `here ${others.length === 1 ? 'is' : 'are'} ${others.map(describeStack).join(', ')}; or name another Region: --region`,
      exitCode: exitCodes.badUsage,
    });
  }
}

/** CloudFormation is creating, changing or removing the stack, or failed to. */
export class StackNotReadyError extends StampedeError {
  constructor(id: StackId, region: string, why: string) {
    super('StackNotReady', `stack ${stackNameOf(id)} in ${region} is not ready: ${why}`, {
      hint: deployCommand(id, region),
      exitCode: exitCodes.badUsage,
    });
  }
}

const service = 'stampede-';

function deployCommand({ stage, namePrefix }: StackId, region: string): string {
  const parameter = namePrefix === undefined ? '' : ` --param namePrefix=${namePrefix}`;
  return `npx sls deploy --stage ${stage} --region ${region}${parameter}`;
}

/** `acme-stampede-dev` → `--stage dev --name-prefix acme-` */
function describeStack(name: string): string {
  const at = name.indexOf(service);
  const prefix = at === 0 ? '' : ` --name-prefix ${name.slice(0, at)}`;
  return `--stage ${name.slice(at + service.length)}${prefix}`;
}

/**
 * Finds a deployed stack by its name, and what a run needs of it by its outputs.
 * @throws NoSuchStackError, StackNotReadyError; InvalidInputError for what cannot be a stage
 */
export async function findStack(
  id: StackId,
  region: string,
  client: CloudFormationClient,
): Promise<DeployedStack> {
  const name = stackNameOf(id);
  const stack = await describe(id, region, client);
  const outputs = new Map(stack.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  const notReady = (why: string): StackNotReadyError => new StackNotReadyError(id, region, why);
  const need = (output: string): string => {
    const value = outputs.get(output);
    if (value !== undefined && value !== '') return value;
    throw notReady(`it is ${stack.StackStatus ?? 'unknown'} and has no output ${output}`);
  };
  const stateMachineArn = need('StateMachineArn');
  const [, partition = 'aws', , , accountId = ''] = stateMachineArn.split(':');
  return {
    name,
    stage: id.stage,
    region,
    accountId,
    partition,
    stateMachineArn,
    runBucket: need('RunBucketName'),
    topicFilter: outputs.get('TopicFilter'),
    ruleName: outputs.get('RuleName'),
    deployment: readDeployment(outputs.get('Deployment'), notReady),
    version: versionIn(outputs.get('Deployment')),
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

/** @param json that has been read as parameters */
function versionIn(json = '{}'): string | undefined {
  const { version } = JSON.parse(json) as { readonly version?: unknown };
  return typeof version === 'string' ? version : undefined;
}

/** @throws InvalidInputError: CloudFormation's names are letters, digits and hyphens */
export function stackNameOf({ stage, namePrefix = '' }: StackId): string {
  const errors: InputError[] = [];
  if (!/^[A-Za-z0-9][A-Za-z0-9-]{0,99}$/.test(stage)) {
    const hint = 'letters, digits and hyphens: dev';
    errors.push({ path: `--stage ${stage}`, message: 'cannot be a stage', hint });
  }
  if (!/^([A-Za-z][A-Za-z0-9-]{0,27})?$/.test(namePrefix)) {
    const hint = 'a letter, then letters, digits and hyphens, 28 at most: acme-';
    errors.push({ path: `--name-prefix ${namePrefix}`, message: 'cannot begin a stack’s name', hint });
  }
  if (errors.length > 0) throw new InvalidInputError('The command line', errors);
  return `${namePrefix}${service}${stage}`;
}

async function describe(id: StackId, region: string, client: CloudFormationClient): Promise<Stack> {
  try {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: stackNameOf(id) }));
    const [stack] = Stacks ?? [];
    if (stack !== undefined) return stack;
  } catch (error) {
    if (!(error instanceof Error) || !/does not exist/.test(error.message)) throw error;
  }
  throw new NoSuchStackError(id, region, await otherStacks(client));
}

/** Other stacks of Stampede; none if they cannot be listed. */
async function otherStacks(client: CloudFormationClient): Promise<string[]> {
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({}));
    return Stacks.flatMap(({ StackName = '', Outputs = [] }) =>
      StackName.includes(service) && Outputs.some(({ OutputKey }) => OutputKey === 'StateMachineArn')
        ? [StackName]
        : [],
    );
  } catch {
    return [];
  }
}
