import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse, type Tags } from 'yaml';

/** A mapping of YAML, no further known. */
export type Yaml = Readonly<Record<string, unknown>>;

/** Resolves a value of serverless.yml: strings, and whatever a variable that is the whole string stands for. */
export type ResolveVariables = (value: unknown) => unknown;

/** CloudFormation's functions in their short form: only a deployment resolves them. */
const customTags: Tags = ['Ref', 'GetAtt', 'Sub', 'Join', 'Select', 'ImportValue', 'If'].flatMap((name) => {
  const tag = `!${name}`;
  const resolve = () => ({ [name]: 'unknown' });
  return [
    { tag, resolve },
    { tag, collection: 'seq' as const, resolve },
    { tag, collection: 'map' as const, resolve },
  ];
});

export function parseYaml(text: string): unknown {
  return parse(text, { customTags });
}

/** The framework's sources; `${AWS::Region}` and `${Queue.Arn}` are CloudFormation's own and stay. */
const innermost =
  /\$\{((?:param|self|opt|sls|env|aws|cf|ssm|s3|git):(?!:)[^${}]*|file\([^${}]*\)(?::[^${}]*)?)\}/;
/** `source:address, fallback` */
const reference = /^(?:(file)\(([^)]*)\)|(\w+))(?::([^,]*))?(?:,\s*(.*))?$/s;

/** Deeper than any valid file; variables that refer to each other end here. */
const maxSteps = 100;

/**
 * The framework's variables, as far as a file alone decides them: options stand for their defaults, and so do
 * parameters that are not given. Undefined for values that only a deployment has.
 * @param stage of `opt:stage` and `sls:stage`
 * @see https://www.serverless.com/framework/docs/guides/variables
 */
export function makeResolver(
  directory: string,
  root: Yaml,
  stage: string,
  given: Yaml = {},
): ResolveVariables {
  const parameters = { ...asMap(asMap(root.params).default), ...given };

  const lookUp = (source: string, address: string): unknown => {
    if (source === 'param') return parameters[address];
    if (source === 'self') return valueAt(root, address);
    if (address === 'stage' && (source === 'opt' || source === 'sls')) return stage;
    return undefined;
  };

  const includeFile = (file: string, address: string | undefined): unknown => {
    const content = parseYaml(readFileSync(path.join(directory, file), 'utf8'));
    return address === undefined ? content : valueAt(asMap(content), address);
  };

  const evaluate = (expression: string): unknown => {
    const [, isFile, file = '', source = '', address, fallback] = reference.exec(expression.trim()) ?? [];
    const value =
      isFile === undefined ? lookUp(source, address?.trim() ?? '') : includeFile(file.trim(), address);
    if (value !== undefined || fallback === undefined) return value;
    const [, , literal] = /^(['"])(.*)\1$/s.exec(fallback.trim()) ?? [];
    if (literal !== undefined) return literal;
    return /^\w+[:(]/.test(fallback) ? evaluate(fallback) : parseYaml(fallback);
  };

  return (value) => {
    let current = value;
    for (let step = 0; typeof current === 'string' && step < maxSteps; step++) {
      const match = innermost.exec(current);
      if (match === null) return current;
      const found = evaluate(match[1] as string);
      if (found === undefined) return undefined;
      current = match[0] === current ? found : current.replace(match[0], () => String(found));
    }
    return current;
  };
}

export function asMap(value: unknown): Yaml {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Yaml) : {};
}

function valueAt(root: Yaml, address: string): unknown {
  return address.split('.').reduce<unknown>((at, key) => asMap(at)[key], root);
}
