/**
 * Completes the target of a plan.json that was stored before a target had a kind and an endpoint said how clients authenticate: it
 * was AWS IoT Core's, and its endpoints had one way each. Anything else stays as it is, for the check of its type to judge.
 */
export function completeStoredTarget(plan: unknown): void {
  if (!isRecord(plan) || !isRecord(plan.target) || 'kind' in plan.target) return;
  plan.target.kind = 'aws-iot';
  const { endpoints } = plan.target;
  if (!Array.isArray(endpoints)) return;
  for (const endpoint of endpoints) {
    if (isRecord(endpoint) && !('auth' in endpoint)) endpoint.auth = authThen(endpoint);
  }
}

/** What each endpoint of AWS IoT Core, and of the embedded one, required then. */
function authThen({ scheme, alpn }: Record<string, unknown>): string {
  if (scheme === 'mqtt') return 'none';
  if (scheme === 'wss') return 'sigv4';
  return alpn === 'mqtt' ? 'custom' : 'x509';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
