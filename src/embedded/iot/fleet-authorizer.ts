import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * The custom authorizer of a rehearsal whose stack deploys none: a function like any other, in an execution environment
 * of its own. It accepts one user, and returns the fleet's policy.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/custom-auth-lambda.html
 */
export async function handler({ protocolData }: FleetAuthorizerEvent): Promise<object> {
  const { AUTHORIZER_USERNAME = '', AUTHORIZER_PASSWORD = '', AUTHORIZER_POLICIES = '[]' } = process.env;
  const { username = '', password = '' } = protocolData.mqtt ?? {};
  const given = `${username.split('?')[0]}:${Buffer.from(password, 'base64').toString()}`;
  return {
    isAuthenticated: isSame(given, `${AUTHORIZER_USERNAME}:${AUTHORIZER_PASSWORD}`),
    principalId: 'fleet',
    disconnectAfterInSeconds: 86_400,
    refreshAfterInSeconds: 86_400,
    policyDocuments: JSON.parse(AUTHORIZER_POLICIES) as object[],
  };
}

interface FleetAuthorizerEvent {
  readonly protocolData: { readonly mqtt?: { readonly username?: string; readonly password?: string } };
}

function isSame(a: string, b: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}
