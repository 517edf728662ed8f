import { accountId, partition, region } from '../gateway/arns.ts';
import { AwsError } from '../gateway/aws-error.ts';
import { makeJsonService, requiredString } from '../gateway/aws-json.ts';
import type { GatewayService } from '../gateway/gateway-service.ts';

const maxBodyBytes = 65_536;

/**
 * Secrets Manager, as far as functions read secrets.
 * @param secrets texts by name
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
 */
export function makeSecretsManager(secrets: () => Readonly<Record<string, string>>): GatewayService {
  return makeJsonService({
    service: 'Secrets Manager',
    version: '1.1',
    maxBodyBytes,
    operations: {
      GetSecretValue: (input) => {
        const id = requiredString(input, 'SecretId');
        const name = /:secret:(.+)$/.exec(id)?.[1] ?? id;
        const known = secrets();
        const SecretString = Object.hasOwn(known, name) ? known[name] : undefined;
        if (SecretString === undefined) {
          throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
        }
        return {
          ARN: `arn:${partition}:secretsmanager:${region}:${accountId}:secret:${name}`,
          Name: name,
          SecretString,
          VersionStages: ['AWSCURRENT'],
        };
      },
    },
  });
}
