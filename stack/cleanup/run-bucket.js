import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteObjectsCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';

/** How long a bucket may be written to after it was empty for the first time, in seconds. */
const waitSeconds = 300;

/**
 * Deletes all objects of a bucket, with earlier versions and delete markers, until it stays empty: CloudFormation deletes
 * no bucket that holds anything, and functions that still run may write after the first look.
 *
 * @param client of S3
 * @param options quietSeconds: for so long nothing may appear; pause: waits a second; notice: takes the progress
 * @returns ids of the runs whose objects were there
 * @throws if an object cannot be deleted, or objects still appear after five minutes
 */
export async function emptyRunBucket(client, bucket, { quietSeconds, pause = () => sleep(1_000), notice }) {
  const runIds = new Set();
  let deleted = 0;
  let quiet = 0;
  for (let waited = 0; ; waited++) {
    let isEmpty = true;
    for (;;) {
      const keys = await deletePage(client, bucket);
      if (keys.length === 0) break;
      isEmpty = false;
      for (const key of keys) runIds.add(key.split('/')[1]);
      deleted += keys.length;
      notice(`Emptying the run store (${deleted} objects)`);
    }
    quiet = isEmpty ? quiet + 1 : 0;
    if (quiet > quietSeconds) return runIds;
    if (waited >= waitSeconds) {
      throw new Error(
        `The run store ${bucket} is still written to, ${waitSeconds} s after it was emptied. ` +
          'Stop what writes to it (npx stampede stop RUN), and remove the stack again.',
      );
    }
    await pause();
  }
}

/** @returns keys of up to 1,000 versions that it deleted */
async function deletePage(client, bucket) {
  const page = await client.send(new ListObjectVersionsCommand({ Bucket: bucket }));
  const versions = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])];
  if (versions.length === 0) return [];
  const Objects = versions.map(({ Key, VersionId }) => ({ Key, VersionId }));
  const { Errors } = await client.send(
    new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
  );
  if (Errors?.length > 0) {
    throw new Error(`${Errors[0].Key} of ${bucket} was not deleted: ${Errors[0].Message}`);
  }
  return versions.map(({ Key }) => Key);
}
