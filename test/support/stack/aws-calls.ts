import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

/** Files that these load, with themselves: relative imports, but for those of types. */
export function reachableFrom(entries: readonly string[]): Set<string> {
  const found = new Set<string>();
  const visit = (file: string): void => {
    if (found.has(file)) return;
    found.add(file);
    const source = read(file).replaceAll(/import type [^;]*;/g, '');
    for (const [, from, lazily] of source.matchAll(/from '(\.[^']*)'|import\('(\.[^']*)'\)/g)) {
      const next = path.join(path.dirname(file), from ?? lazily ?? '');
      if (/\.[jt]s$/.test(next)) visit(next);
    }
  };
  entries.forEach(visit);
  return found;
}

const importOrRequire =
  /(?:import \{([^}]*)\} from|(?:const|let) \{([^}]*)\} = require\()\s*'@aws-sdk\/(?:client-)?([a-z0-9-]+)'/g;

/** Operations that these files call, as `client/Operation`: commands that they construct, and pages that they iterate. */
export function callsIn(files: Iterable<string>): Set<string> {
  const calls = new Set<string>();
  for (const file of files) {
    const source = read(file);
    for (const [, imported, required, client] of source.matchAll(importOrRequire)) {
      for (const name of (imported ?? required ?? '').split(',').map((each) => each.trim())) {
        const [, command, paginated] = /^(?:(\w+)Command|paginate(\w+))$/.exec(name) ?? [];
        const operation = command ?? paginated ?? (name === 'Upload' ? name : undefined);
        const isUsed = new RegExp(`(new ${name}|\\b${name})\\(`).test(source);
        if (operation !== undefined && isUsed) calls.add(`${client}/${operation}`);
      }
    }
  }
  return calls;
}

/** Where the action's service is not called as the SDK's client. */
const services: Readonly<Record<string, string>> = {
  'cloudwatch-logs': 'logs',
  'iot-data-plane': 'iot',
  'secrets-manager': 'secretsmanager',
  'service-quotas': 'servicequotas',
  sfn: 'states',
};

/**
 * Where the actions are not called as the operation.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 */
const otherActions: Readonly<Record<string, readonly string[]>> = {
  's3/ListObjectsV2': ['s3:ListBucket'],
  's3/ListObjectVersions': ['s3:ListBucketVersions'],
  's3/DeleteObjects': ['s3:DeleteObject', 's3:DeleteObjectVersion'],
  's3/HeadBucket': ['s3:ListBucket'],
  's3/HeadObject': ['s3:GetObject'],
  'lib-storage/Upload': ['s3:PutObject'],
  // All that the command line and the plugin publish is retained.
  'iot-data-plane/Publish': ['iot:Publish', 'iot:RetainPublish'],
  // Allowed to everybody.
  'sts/GetCallerIdentity': [],
};

export function actionsOf(call: string): readonly string[] {
  const [client = '', operation] = call.split('/');
  return otherActions[call] ?? [`${services[client] ?? client}:${operation}`];
}

export interface PolicyDocument {
  readonly Version: string;
  readonly Statement: readonly {
    readonly Sid: string;
    readonly Effect: string;
    readonly Action: readonly string[];
    readonly Resource: readonly string[] | '*';
    readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
  }[];
}

export const policyNames = ['deployer', 'runner', 'ci'] as const;

export function readPolicy(name: (typeof policyNames)[number]): PolicyDocument {
  return JSON.parse(read(`docs/iam/${name}.json`)) as PolicyDocument;
}

/** What is called and not allowed, and what is allowed and never called. */
export function compareWithPolicy(
  name: (typeof policyNames)[number],
  needed: Iterable<string>,
): { readonly missing: string[]; readonly unneeded: string[] } {
  const allowed = new Set(readPolicy(name).Statement.flatMap(({ Action }) => Action));
  const wanted = new Set(needed);
  return {
    missing: [...wanted].filter((action) => !allowed.has(action)).sort(),
    unneeded: [...allowed].filter((action) => !wanted.has(action)).sort(),
  };
}
