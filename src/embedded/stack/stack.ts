import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseDeployment } from '../../plan/deployment.ts';
import { StampedeError } from '../../shared/errors.ts';
import { onDemandShards } from '../../targets/aws-iot/shard-limits.ts';
import type { AuthorizerSettings, QueueSettings, StreamSettings } from '../iot-core/settings.ts';
import { iotPoliciesOf } from './stack-roles.ts';
import { asMap, makeResolver, parseYaml, type ResolveVariables, type Yaml } from './stack-variables.ts';

/** What embedded AWS needs of `serverless.yml`: the one description of the stack, deployed and rehearsed. */
export interface Stack {
  /** `{service}-{stage}`, as the framework prefixes names. */
  readonly prefix: string;
  readonly functions: readonly FunctionDefinition[];
  /** Custom authorizers among the resources that are active. */
  readonly authorizers: readonly AuthorizerSettings[];
  /** Of every function: the provider's, without NODE_OPTIONS. */
  readonly environment: Readonly<Record<string, string>>;
  /** SQL of the first IoT rule among the resources. */
  readonly ruleSql: string;
  /** Of the queue with a dead-letter queue, the arrivals queue, and of its readers; what the stack does not say is absent. */
  readonly queue: Partial<QueueSettings>;
  /** Of the stream in the queue's place, where the subscriber is `stream`. */
  readonly stream: Omit<StreamSettings, 'name' | 'maximumConcurrency'> | undefined;
}

export interface FunctionDefinition {
  /** Its key in the file: `publish-mqtt`. */
  readonly key: string;
  /** As deployed: `stampede-dev-publish-mqtt`. */
  readonly name: string;
  /** Module path and export: `functions/publish-mqtt.handler`. */
  readonly handler: string;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  /** Concurrency that is its own, and all it gets; absent: from the account's pool. */
  readonly reservedConcurrency?: number;
  /** Without values that are CloudFormation references: the deployment sets those, or embedded AWS. */
  readonly environment: Readonly<Record<string, string>>;
  /** What its role says of IoT, as policy documents; absent: it has no role of its own. */
  readonly policies?: readonly unknown[];
}

/** The framework's defaults: https://www.serverless.com/framework/docs/providers/aws/guide/functions */
const defaults = { memoryMb: 1024, timeoutSeconds: 6 } as const;
/** Embedded AWS is always this stage. */
const stage = 'dev';

/** The stack (serverless.yml) cannot be read, or uses what embedded AWS does not have. */
export class StackError extends StampedeError {
  constructor(file: string, message: string) {
    super('StackUnreadable', `${file}: ${message}`, {
      hint: 'embedded AWS reads its functions and its rule from this file',
    });
  }
}

/**
 * @param file path of serverless.yml
 * @param parameters in place of their defaults, as `--param` has them
 * @throws StackError where something embedded AWS needs is missing
 */
export async function readStack(
  file: string,
  parameters: Readonly<Record<string, string | number>> = {},
): Promise<Stack> {
  const root = asMap(await parseFile(file));
  const resolve = makeResolver(path.dirname(file), root, stage, parameters);
  const provider = asMap(root.provider);
  // Node's options are meant for the bundles that are deployed; here the sources run as they are written.
  const { NODE_OPTIONS: _, ...shared } = asMap(resolve(provider.environment));
  const prefix = `${textOf(resolve(root.service))}-${textOf(resolve(provider.stage)) ?? stage}`;
  const resources = resourcesOf(root, resolve);
  const functions = Object.entries(asMap(resolve(root.functions))).map(([key, value]): FunctionDefinition => {
    const definition = asMap(resolve(value));
    const text = (member: string): string | undefined =>
      textOf(resolve(definition[member])) ?? textOf(resolve(provider[member]));
    const handler = textOf(resolve(definition.handler));
    if (handler === undefined) throw new StackError(file, `functions.${key} has no handler`);
    const reserved = text('reservedConcurrency');
    const policies = iotPoliciesOf(resolve(definition.role), resources, resolve);
    return {
      key,
      name: textOf(resolve(definition.name)) ?? `${prefix}-${key}`,
      handler,
      memoryMb: Number(text('memorySize') ?? defaults.memoryMb),
      timeoutSeconds: Number(text('timeout') ?? defaults.timeoutSeconds),
      environment: textsOf({ ...shared, ...asMap(resolve(definition.environment)) }, resolve),
      ...(reserved !== undefined && { reservedConcurrency: Number(reserved) }),
      ...(policies && { policies }),
    };
  });
  if (functions.length === 0) throw new StackError(file, 'has no functions');
  return {
    prefix,
    functions,
    authorizers: authorizersOf(resources, functions, resolve),
    environment: textsOf(shared, resolve),
    ruleSql: findRuleSql(file, resources, resolve),
    queue: { ...queueOf(resources, resolve), ...readersOf(file, functions) },
    stream: streamOf(resources, resolve),
  };
}

async function parseFile(file: string): Promise<unknown> {
  try {
    return parseYaml(await readFile(file, 'utf8'));
  } catch (error) {
    throw new StackError(file, (error as Error).message);
  }
}

/** By logical id. */
function resourcesOf(root: Yaml, resolve: ResolveVariables): ReadonlyMap<string, Yaml> {
  const parts = [resolve(root.resources)]
    .flat()
    .map((part) => asMap(resolve(asMap(resolve(part)).Resources)));
  const entries = parts.flatMap((part) => Object.entries(part));
  return new Map(entries.map(([name, resource]) => [name, asMap(resolve(resource))]));
}

/** Those whose function is one of the stack's. */
function authorizersOf(
  resources: ReadonlyMap<string, Yaml>,
  functions: readonly FunctionDefinition[],
  resolve: ResolveVariables,
): AuthorizerSettings[] {
  const active = [...resources.values()].filter(
    ({ Type, Properties }) => Type === 'AWS::IoT::Authorizer' && asMap(Properties).Status !== 'INACTIVE',
  );
  return active.flatMap(({ Properties }) => {
    const { AuthorizerName, AuthorizerFunctionArn, SigningDisabled, TokenKeyName, TokenSigningPublicKeys } =
      asMap(Properties);
    const definition = functions.find(({ key }) => logicalIdOf(key) === arnOwnerOf(AuthorizerFunctionArn));
    const name = textOf(resolve(AuthorizerName));
    const tokenKeyName = textOf(resolve(TokenKeyName));
    if (definition === undefined || name === undefined) return [];
    return [
      {
        name,
        functionName: definition.name,
        ...(tokenKeyName !== undefined && { tokenKeyName }),
        ...(SigningDisabled !== true && {
          publicKeys: Object.values(textsOf(asMap(TokenSigningPublicKeys), resolve)),
        }),
      },
    ];
  });
}

/** As the framework names a function's resource: https://www.serverless.com/framework/docs/providers/aws/guide/resources */
function logicalIdOf(functionKey: string): string {
  const name = functionKey.replaceAll('-', 'Dash').replaceAll('_', 'Underscore');
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}LambdaFunction`;
}

/** Of `{ 'Fn::GetAtt': [X, Arn] }` and `{ 'Fn::Sub': '${X.Arn}' }`. */
function arnOwnerOf(arn: unknown): string | undefined {
  const { 'Fn::GetAtt': attribute, 'Fn::Sub': text } = asMap(arn);
  return Array.isArray(attribute) ? String(attribute[0]) : /^\$\{(\w+)\.Arn\}$/.exec(String(text))?.[1];
}

function findRuleSql(file: string, resources: ReadonlyMap<string, Yaml>, resolve: ResolveVariables): string {
  for (const { Type, Properties } of resources.values()) {
    if (Type !== 'AWS::IoT::TopicRule') continue;
    const sql = textOf(resolve(asMap(asMap(Properties).TopicRulePayload).Sql));
    if (sql !== undefined) return sql;
  }
  throw new StackError(file, 'has no AWS::IoT::TopicRule with its SQL in plain text');
}

/** As the plan function receives them in DEPLOYMENT. */
function readersOf(file: string, functions: readonly FunctionDefinition[]): Partial<QueueSettings> {
  const json = functions.find(({ environment }) => environment.DEPLOYMENT !== undefined)?.environment
    .DEPLOYMENT;
  if (json === undefined) return {};
  try {
    const { batchSize, batchWindowSeconds, readers } = parseDeployment(json).arrivals;
    return { batchSize, maximumBatchingWindowMs: batchWindowSeconds * 1_000, readers };
  } catch (error) {
    throw new StackError(file, `DEPLOYMENT: ${(error as Error).message}`);
  }
}

/** SQS's default visibility timeout is 30 s. */
function queueOf(resources: ReadonlyMap<string, Yaml>, resolve: ResolveVariables): Stack['queue'] {
  for (const { Type, Properties } of resources.values()) {
    const { RedrivePolicy, VisibilityTimeout } = asMap(Properties);
    if (Type !== 'AWS::SQS::Queue' || RedrivePolicy === undefined) continue;
    return {
      visibilityTimeoutMs: Number(resolve(VisibilityTimeout) ?? 30) * 1_000,
      maxReceiveCount: Number(resolve(asMap(RedrivePolicy).maxReceiveCount)),
    };
  }
  return {};
}

/** Where the rule puts its messages into a stream: that, and its event source mapping. */
function streamOf(resources: ReadonlyMap<string, Yaml>, resolve: ResolveVariables): Stack['stream'] {
  const propertiesOf = (type: string): Yaml | undefined => {
    const found = [...resources.values()].find(({ Type }) => Type === type);
    return found && asMap(found.Properties);
  };
  const stream = propertiesOf('AWS::Kinesis::Stream');
  const mapping = propertiesOf('AWS::Lambda::EventSourceMapping');
  if (stream === undefined || mapping === undefined) return undefined;
  const shards = Number(textOf(resolve(stream.ShardCount)) ?? onDemandShards);
  return {
    shards,
    batchSize: Number(resolve(mapping.BatchSize)),
    maximumBatchingWindowMs: Number(resolve(mapping.MaximumBatchingWindowInSeconds)) * 1_000,
    maximumRetryAttempts: Number(resolve(mapping.MaximumRetryAttempts)),
    maximumRecordAgeMs: Number(resolve(mapping.MaximumRecordAgeInSeconds)) * 1_000,
    bisectBatchOnFunctionError: resolve(mapping.BisectBatchOnFunctionError) === true,
  };
}

function textsOf(values: Yaml, resolve: ResolveVariables): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    const text = textOf(resolve(value));
    if (text !== undefined) texts[name] = text;
  }
  return texts;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' ? value : undefined;
}
