import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeAccessKey, makeToken } from '../gateway/account-key.ts';
import type { Credentials } from '../gateway/request-signature.ts';
import type { CertificateFiles } from '../iot-core/auth/certificates.ts';
import type { AccessKeySettings, ListenerSettings } from '../iot-core/settings.ts';
import type { FunctionDefinition, Stack } from '../stack/stack.ts';

/** Who may come in to the embedded IoT Core, and what they are given for it: as a deployment would. */
export interface FleetIdentities {
  readonly listeners: Partial<ListenerSettings>;
  /** The account's and every role's: good for all services. */
  readonly accessKeys: readonly Credentials[];
  /** Functions beside those of the stack. */
  readonly functions: readonly FunctionDefinition[];
  /** A role's credentials, as Lambda puts them into a function's environment. */
  credentialsOf(definition: FunctionDefinition): Readonly<Record<string, string>>;
  /** By name, in Secrets Manager. @param files of the fleet's certificate */
  secretsOf(files: CertificateFiles): Readonly<Record<string, string>>;
}

/** Secrets that devices' credentials lie in, as serverless.yml names them to the functions. */
export function secretNamesOf({ prefix }: Pick<Stack, 'prefix'>): {
  certificate: string;
  authorizer: string;
} {
  return { certificate: `${prefix}/fleet-certificate`, authorizer: `${prefix}/fleet-authorizer` };
}

/** The functions whose roles say what clients of the test may do: devices, and those that count what arrives. */
const fleetKeys: readonly string[] = ['publish-mqtt', 'subscribe'];
const fleetAuthorizer = 'stampede-fleet';
const username = 'stampede';
const authorizerModule = fileURLToPath(new URL('./fleet-authorizer', import.meta.url));

export interface FleetIdentityOptions {
  readonly stack: Stack;
  /** Where functions' handlers are found. */
  readonly packageRoot: string;
  /** Where the fleet's certificate is written. */
  readonly certificatesDirectory: string;
  /** May do everything. */
  readonly accountKey: Credentials;
}

/**
 * Each function signs as its role, and may do with IoT what its role's policies say. The fleet's certificate, and the user
 * of the custom authorizer, may do what publish-mqtt and subscribe may: they stand for the same clients.
 */
export function makeFleetIdentities(options: FleetIdentityOptions): FleetIdentities {
  const { stack, packageRoot, certificatesDirectory, accountKey } = options;
  const ofFleet = stack.functions.filter(({ key }) => fleetKeys.includes(key));
  const fleetPolicies = ofFleet.some(({ policies }) => policies === undefined)
    ? undefined
    : ofFleet.flatMap(({ policies = [] }) => policies);
  const secretNames = secretNamesOf(stack);
  const password = randomUUID();
  const ownAuthorizer: FunctionDefinition = {
    key: 'fleet-authorizer',
    name: `${stack.prefix}-fleet-authorizer`,
    handler: `${path.relative(packageRoot, authorizerModule)}.handler`,
    memoryMb: 128,
    timeoutSeconds: 5,
    environment: {
      AUTHORIZER_USERNAME: username,
      AUTHORIZER_PASSWORD: password,
      AUTHORIZER_POLICIES: JSON.stringify(fleetPolicies ?? [everything]),
    },
  };
  /** Temporary credentials come with a token, and so it is known here whether a client passes it on. */
  const roleKeyOf = ({ policies }: FunctionDefinition): AccessKeySettings => ({
    ...makeAccessKey(),
    sessionToken: makeToken(),
    ...(policies && { policies }),
  });
  const roleKeys = new Map([...stack.functions, ownAuthorizer].map((each) => [each.key, roleKeyOf(each)]));
  const accessKeys = [accountKey, ...roleKeys.values()];
  return {
    listeners: {
      accessKeys,
      fleetPolicies,
      authorizers: [...stack.authorizers, { name: fleetAuthorizer, functionName: ownAuthorizer.name }],
      defaultAuthorizer: stack.authorizers[0]?.name ?? fleetAuthorizer,
      certificatesDirectory,
    },
    accessKeys,
    functions: [ownAuthorizer],
    credentialsOf({ key }) {
      const role = roleKeys.get(key);
      if (role === undefined) throw new RangeError(`there is no function ${key}`);
      const { accessKeyId, secretAccessKey, sessionToken = '' } = role;
      return {
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        AWS_SESSION_TOKEN: sessionToken,
      };
    },
    secretsOf: ({ certificateFile, keyFile }) => ({
      [secretNames.certificate]: JSON.stringify({
        certificate: readFileSync(certificateFile, 'utf8'),
        privateKey: readFileSync(keyFile, 'utf8'),
      }),
      [secretNames.authorizer]: JSON.stringify({ authorizerName: fleetAuthorizer, username, password }),
    }),
  };
}

/** Where the stack says nothing of roles. */
const everything = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }],
};
