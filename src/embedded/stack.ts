import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { StampedeError } from '../profile/errors.ts';

/** What embedded AWS needs of `serverless.yml`: the one description of the stack, deployed and rehearsed. */
export interface Stack {
  /** `{service}-{stage}`, as the framework prefixes function names. */
  readonly prefix: string;
  readonly functions: readonly FunctionDefinition[];
  /** SQL of the first IoT rule among the resources. */
  readonly ruleSql: string;
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
  /** Values that are CloudFormation references are left to whoever deploys: embedded AWS sets those itself. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The framework's defaults: https://www.serverless.com/framework/docs/providers/aws/guide/functions */
const defaults = { memoryMb: 1024, timeoutSeconds: 6, stage: 'dev' } as const;

type Yaml = Readonly<Record<string, unknown>>;

export class StackError extends StampedeError {
  constructor(file: string, message: string) {
    super('StackUnreadable', `${file}: ${message}`, {
      hint: 'embedded AWS reads its functions and its rule from this file',
    });
  }
}

/**
 * @param file path of serverless.yml
 * @throws StackError where something embedded AWS needs is missing
 */
export async function readStack(file: string): Promise<Stack> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new StackError(file, error.message);
  });
  const root = asMap(parse(text, { logLevel: 'silent' }));
  const provider = asMap(root.provider);
  const shared = asMap(provider.environment);
  const prefix = `${resolve(root.service)}-${resolve(provider.stage) ?? defaults.stage}`;
  const functions = Object.entries(asMap(root.functions)).map(([key, value]): FunctionDefinition => {
    const definition = asMap(value);
    const handler = resolve(definition.handler);
    if (handler === undefined) throw new StackError(file, `functions.${key} has no handler`);
    return {
      key,
      name: resolve(definition.name) ?? `${prefix}-${key}`,
      handler,
      memoryMb: Number(resolve(definition.memorySize ?? provider.memorySize) ?? defaults.memoryMb),
      timeoutSeconds: Number(resolve(definition.timeout ?? provider.timeout) ?? defaults.timeoutSeconds),
      environment: resolveAll({ ...shared, ...asMap(definition.environment) }),
    };
  });
  if (functions.length === 0) throw new StackError(file, 'has no functions');
  return { prefix, functions, ruleSql: findRuleSql(file, root) };
}

function findRuleSql(file: string, root: Yaml): string {
  for (const resource of Object.values(asMap(asMap(root.resources).Resources))) {
    const { Type, Properties } = asMap(resource);
    if (Type !== 'AWS::IoT::TopicRule') continue;
    const sql = resolve(asMap(asMap(Properties).TopicRulePayload).Sql);
    if (sql !== undefined) return sql;
  }
  throw new StackError(file, 'has no AWS::IoT::TopicRule with its SQL in plain text');
}

function resolveAll(values: Yaml): Record<string, string> {
  const resolved: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    const text = resolve(value);
    if (text !== undefined) resolved[name] = text;
  }
  return resolved;
}

/**
 * The framework's variables (`${param:topicFilter, 'stampede/#'}`) stand for their defaults: nothing overrides them here.
 * Undefined for what only a deployment can know.
 */
function resolve(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return undefined;
  let known = true;
  const text = value.replace(/\$\{[^{},]+(?:,\s*([^{}]*))?\}/g, (_whole, fallback: string | undefined) => {
    if (fallback === undefined) known = false;
    return unquote(fallback?.trim() ?? '');
  });
  return known ? text : undefined;
}

function unquote(text: string): string {
  const quoted = /^(['"])(.*)\1$/.exec(text);
  return quoted?.[2] ?? text;
}

function asMap(value: unknown): Yaml {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Yaml) : {};
}
