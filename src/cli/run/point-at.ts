/**
 * Points this process's SDK clients at an endpoint, and at nothing else: variables of the user's own (a profile, a
 * service's endpoint, a session token) would win over ours in the SDK's eyes and take the run to a real account.
 */
export function pointAt(
  environment: Readonly<Record<string, string>>,
  variables: NodeJS.ProcessEnv = process.env,
): void {
  for (const name of Object.keys(variables)) if (name.startsWith('AWS_')) delete variables[name];
  // The SDK reads a default region, retries and endpoints from the user's files as well.
  Object.assign(variables, { AWS_CONFIG_FILE: noFile, AWS_SHARED_CREDENTIALS_FILE: noFile }, environment);
}

const noFile = process.platform === 'win32' ? 'NUL' : '/dev/null';
