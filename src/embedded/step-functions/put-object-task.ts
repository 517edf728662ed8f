import type { S3Client } from '@aws-sdk/client-s3';
import { region } from '../gateway/arns.ts';
import type { Credentials } from '../gateway/request-signature.ts';
import type { PutObject } from './machine.ts';
import { StateError } from './state-error.ts';

interface Parameters {
  readonly Bucket: string;
  readonly Key: string;
  /** As it stands where it is text, as JSON otherwise. */
  readonly Body?: unknown;
  readonly ContentType?: string;
}

/**
 * PutObject as Step Functions calls it.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
 */
export function makePutObjectTask(gatewayUrl: () => string, accountKey: Credentials): PutObject {
  let client: Promise<S3Client> | undefined;
  return async (parameters) => {
    const { PutObjectCommand } = await import('@aws-sdk/client-s3');
    client ??= connect(gatewayUrl(), accountKey);
    const { Bucket, Key, Body, ContentType } = parameters as unknown as Parameters;
    const body = typeof Body === 'string' ? Body : JSON.stringify(Body);
    try {
      const { ETag } = await (await client).send(
        new PutObjectCommand({ Bucket, Key, Body: body, ContentType }),
      );
      return { ETag: ETag ?? '' };
    } catch (error) {
      const { name, message } = error as Error;
      throw new StateError(`S3.${name}`, message);
    }
  };
}

async function connect(endpoint: string, credentials: Credentials): Promise<S3Client> {
  const { S3Client } = await import('@aws-sdk/client-s3');
  return new S3Client({ endpoint, region, credentials, forcePathStyle: true });
}
