import { type InputError, StampedeError } from '../../../shared/errors.ts';
import {
  type ActionPattern,
  type LookUp,
  type Pattern,
  parseActionPattern,
  parsePattern,
} from './pattern.ts';

/** The policy is invalid or uses an unsupported element. It is rejected whole: half a policy would decide wrongly. */
export class PolicyError extends StampedeError {
  constructor(name: string, errors: readonly InputError[]) {
    const lines = errors.map(({ path, message }) => `  ${path}: ${message}`);
    super('PolicyUnsupported', `the policy ${name} is not supported:\n${lines.join('\n')}`, {
      hint: 'docs/iot-core-fidelity.md lists what policies may say to the embedded IoT Core',
    });
  }
}

/** What policies say of one action on one resource. */
export type Verdict = 'allowed' | 'denied' | 'silent';

/** A policy document, ready to be asked. */
export interface Policy {
  judge(action: string, resource: string, lookUp: LookUp): Verdict;
}

interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly ActionPattern[];
  /** `NotAction`: every action but these. */
  readonly actionsExcepted: boolean;
  readonly resources: readonly Pattern[];
  readonly resourcesExcepted: boolean;
}

const knownMembers = ['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource'];

/**
 * @param name for messages
 * @param document JSON, parsed or not
 * @throws PolicyError with every error: conditions, principals, variables that are not known
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-policies.html
 */
export function parsePolicy(name: string, document: unknown): Policy {
  const errors: InputError[] = [];
  const { Version, Statement: written } = objectOf(
    typeof document === 'string' ? parseJson(document) : document,
  );
  // Variables came with this version; in the one before they stand for themselves.
  if (Version !== '2012-10-17') errors.push({ path: 'Version', message: 'is not "2012-10-17"' });
  const listed = [written ?? []].flat();
  if (listed.length === 0) errors.push({ path: 'Statement', message: 'is missing' });
  const statements = listed.map((each, i) => parseStatement(objectOf(each), `Statement[${i}]`, errors));
  if (errors.length > 0) throw new PolicyError(name, errors);
  return { judge: (action, resource, lookUp) => judge(statements, action, resource, lookUp) };
}

/** A denial outweighs every permission. */
export function judgeAll(
  policies: readonly Policy[],
  action: string,
  resource: string,
  lookUp: LookUp,
): Verdict {
  let verdict: Verdict = 'silent';
  for (const policy of policies) {
    const one = policy.judge(action, resource, lookUp);
    if (one === 'denied') return one;
    if (one === 'allowed') verdict = one;
  }
  return verdict;
}

function judge(statements: readonly Statement[], action: string, resource: string, lookUp: LookUp): Verdict {
  let verdict: Verdict = 'silent';
  for (const { effect, actions, actionsExcepted, resources, resourcesExcepted } of statements) {
    if (actions.some((pattern) => pattern.matches(action)) === actionsExcepted) continue;
    const matches = resources.map((pattern) => pattern.matches(resource, lookUp));
    // What is excepted is not known of a client without the variable's value: of that one nothing is said.
    if (resourcesExcepted ? matches.some((match) => match !== false) : !matches.includes(true)) continue;
    if (effect === 'Deny') return 'denied';
    verdict = 'allowed';
  }
  return verdict;
}

function parseStatement(
  statement: Readonly<Record<string, unknown>>,
  path: string,
  errors: InputError[],
): Statement {
  for (const member of Object.keys(statement)) {
    if (!knownMembers.includes(member)) {
      errors.push({ path: `${path}.${member}`, message: 'is not supported' });
    }
  }
  const { Effect } = statement;
  if (Effect !== 'Allow' && Effect !== 'Deny') {
    errors.push({ path: `${path}.Effect`, message: 'is neither Allow nor Deny' });
  }
  const eitherOf = (member: 'Action' | 'Resource'): { texts: readonly string[]; excepted: boolean } => {
    const excepted = statement[member] === undefined;
    const texts = [statement[excepted ? `Not${member}` : member] ?? []].flat();
    if (!excepted && statement[`Not${member}`] !== undefined) {
      errors.push({ path: `${path}.Not${member}`, message: `stands beside ${member}` });
    }
    if (texts.length > 0 && texts.every((text) => typeof text === 'string')) return { texts, excepted };
    errors.push({ path: `${path}.${member}`, message: 'is neither text nor a list of texts' });
    return { texts: [], excepted };
  };
  const actions = eitherOf('Action');
  const resources = eitherOf('Resource');
  return {
    effect: Effect === 'Deny' ? 'Deny' : 'Allow',
    actions: actions.texts.map(parseActionPattern),
    actionsExcepted: actions.excepted,
    resources: resources.texts.flatMap((text) => {
      const pattern = parsePattern(text);
      if (typeof pattern !== 'string') return [pattern];
      errors.push({ path: `${path}.Resource`, message: pattern });
      return [];
    }),
    resourcesExcepted: resources.excepted,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}
