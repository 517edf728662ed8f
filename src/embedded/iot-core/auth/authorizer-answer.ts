import { StampedeError } from '../../../shared/errors.ts';
import { type Policy, parsePolicy } from '../policies/policy.ts';

/** A custom authorizer gave no valid answer: its client is refused. */
export class AuthorizerError extends StampedeError {
  constructor(name: string, message: string) {
    super('AuthorizerFailed', `the custom authorizer ${name}: ${message}`, {
      hint: 'what it has to answer: https://docs.aws.amazon.com/iot/latest/developerguide/custom-auth-lambda.html',
    });
  }
}

/** The function's answer for a client that it accepts. */
export interface AuthorizerAnswer {
  readonly principal: string;
  readonly policies: readonly Policy[];
  readonly lastsMs: number;
  readonly refreshAfterMs: number;
}

/** Of policy documents: how many, and characters of each. */
const maxDocuments = 10;
const maxDocumentChars = 2_048;
/** Seconds that a connection may last, and that its policies may stand before they are asked for again. */
const minSeconds = 300;
const maxSeconds = 86_400;

/**
 * @param payload JSON that the function returned
 * @returns undefined where the function rejects the client
 * @throws AuthorizerError, or PolicyError for a policy of its that is not supported
 */
export function parseAuthorizerAnswer(name: string, payload: string): AuthorizerAnswer | undefined {
  const answer = objectOf(payload);
  if (answer === undefined) throw new AuthorizerError(name, 'the answer is no object');
  const { isAuthenticated, principalId, policyDocuments } = answer;
  if (typeof isAuthenticated !== 'boolean')
    throw new AuthorizerError(name, 'isAuthenticated is neither true nor false');
  if (!isAuthenticated) return undefined;
  if (typeof principalId !== 'string' || !/^[a-zA-Z0-9]{1,128}$/.test(principalId)) {
    throw new AuthorizerError(name, 'principalId is not 1 to 128 letters and digits');
  }
  if (!Array.isArray(policyDocuments) || policyDocuments.length > maxDocuments) {
    throw new AuthorizerError(name, `policyDocuments is not a list of at most ${maxDocuments}`);
  }
  const seconds = (member: 'disconnectAfterInSeconds' | 'refreshAfterInSeconds'): number => {
    const value = answer[member];
    if (typeof value !== 'number' || !Number.isInteger(value)) {
      throw new AuthorizerError(name, `${member} is not a whole number`);
    }
    return Math.min(Math.max(value, minSeconds), maxSeconds);
  };
  return {
    principal: principalId,
    policies: policyDocuments.map((document) => policyOf(name, document)),
    lastsMs: seconds('disconnectAfterInSeconds') * 1000,
    refreshAfterMs: seconds('refreshAfterInSeconds') * 1000,
  };
}

function policyOf(name: string, document: unknown): Policy {
  const text = typeof document === 'string' ? document : (JSON.stringify(document) ?? '');
  if (text.length > maxDocumentChars) {
    throw new AuthorizerError(name, `a policy document has more than ${maxDocumentChars} characters`);
  }
  return parsePolicy(`of the custom authorizer ${name}`, text);
}

function objectOf(payload: string): Readonly<Record<string, unknown>> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    return undefined;
  }
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}
