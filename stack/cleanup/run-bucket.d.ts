import type { S3Client } from '@aws-sdk/client-s3';

export function emptyRunBucket(
  client: Pick<S3Client, 'send'>,
  bucket: string,
  options: {
    readonly quietSeconds: number;
    readonly pause?: () => Promise<unknown>;
    readonly notice: (text: string) => void;
  },
): Promise<Set<string>>;
