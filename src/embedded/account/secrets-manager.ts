import { randomUUID } from 'node:crypto';
import { accountId, partition, region } from '../gateway/arns.ts';
import { AwsError } from '../gateway/aws-error.ts';
import { makeJsonService, requiredString } from '../gateway/aws-json.ts';
import type { GatewayService } from '../gateway/gateway-service.ts';

const maxBodyBytes = 131_072;

/**
 * Secrets Manager, as far as functions read secrets and users store those of a target. Secrets end with this process.
 * @param ownSecrets texts by name, which are there without being created
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
 */
export function makeSecretsManager(ownSecrets: () => Readonly<Record<string, string>>): GatewayService {
  const created = new Map<string, string>();
  const textOf = (name: string): string | undefined => {
    const own = ownSecrets();
    return Object.hasOwn(own, name) ? own[name] : created.get(name);
  };
  const describe = (name: string) => ({
    ARN: `arn:${partition}:secretsmanager:${region}:${accountId}:secret:${name}`,
    Name: name,
  });
  return makeJsonService({
    service: 'Secrets Manager',
    version: '1.1',
    maxBodyBytes,
    operations: {
      CreateSecret(input) {
        const name = requiredString(input, 'Name');
        const text = requiredString(input, 'SecretString');
        if (textOf(name) !== undefined)
          throw new AwsError(
            'ResourceExistsException',
            `The operation failed because the secret ${name} already exists.`,
          );
        created.set(name, text);
        return { ...describe(name), VersionId: randomUUID() };
      },
      GetSecretValue(input) {
        const id = requiredString(input, 'SecretId');
        const name = /:secret:(.+)$/.exec(id)?.[1] ?? id;
        const SecretString = textOf(name);
        if (SecretString === undefined)
          throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
        return { ...describe(name), SecretString, VersionStages: ['AWSCURRENT'] };
      },
    },
  });
}
