import { Readable } from 'node:stream';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { checkSize } from '../report/stored/checked-file.ts';
import { StampedeError } from '../shared/errors.ts';
import type { RunObjects } from './run-objects.ts';
import { openRunStore, type RunStore } from './run-store.ts';

const jsonType = 'application/json';
/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
const maxKeysPerDelete = 1_000;

/** The run store holds nothing of that run. */
export class RunNotFoundError extends StampedeError {
  constructor(runId: string, bucket: string) {
    super('RunNotFound', `there is no run ${runId} in the run store ${bucket}`, {
      hint: 'check the run id, the stage and the Region; runs expire with the bucket’s lifecycle',
      exitCode: 2,
    });
  }
}

/** The run store on S3. */
export function makeRunStore(bucket: string, client: S3Client = new S3Client({})): RunStore {
  return openRunStore(makeBucket(bucket, client));
}

/** The bucket of runs. */
export function makeBucket(bucket: string, client: S3Client): RunObjects {
  const nameOf = (key: string): string => `s3://${bucket}/${key}`;
  return {
    parallelReads: 64,
    nameOf,
    notFound: (runId) => new RunNotFoundError(runId, bucket),
    async put(key, body, contentType = jsonType) {
      await client.send(
        new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: contentType }),
      );
    },
    async putIfNew(key, body) {
      const object = { Bucket: bucket, Key: key, Body: body, ContentType: jsonType };
      for (;;) {
        try {
          await client.send(new PutObjectCommand({ ...object, IfNoneMatch: '*' }));
          return true;
        } catch (error) {
          if (!(error instanceof S3ServiceException)) throw error;
          if (error.name === 'PreconditionFailed') return false;
          // Another request for this key was in progress; only another attempt shows which of the two was stored.
          // https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
          if (error.name !== 'ConditionalRequestConflict') throw error;
        }
      }
    },
    async get(key) {
      try {
        const { Body, ContentLength = 0 } = await client.send(
          new GetObjectCommand({ Bucket: bucket, Key: key }),
        );
        try {
          checkSize(ContentLength, nameOf(key));
        } catch (error) {
          // Its connection serves the next request only once it is read, or closed.
          if (Body instanceof Readable) Body.destroy();
          throw error;
        }
        return await Body?.transformToString();
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    },
    async *list(prefix) {
      let token: string | undefined;
      do {
        const page = await client.send(
          new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }),
        );
        for (const { Key, LastModified } of page.Contents ?? [])
          if (Key !== undefined) yield { key: Key, modifiedAt: async () => LastModified && +LastModified };
        token = page.NextContinuationToken;
      } while (token !== undefined);
    },
    async delete(...keys) {
      for (let i = 0; i < keys.length; i += maxKeysPerDelete) {
        const Objects = keys.slice(i, i + maxKeysPerDelete).map((Key) => ({ Key }));
        const { Errors: [failed] = [] } = await client.send(
          new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
        );
        if (failed !== undefined) throw new Error(`${failed.Key} was not deleted: ${failed.Code}`);
      }
    },
  };
}
