import { CloudFormationClient, ListStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { DeleteObjectsCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { clearStopMessages, controlTopicPrefix } from '../cleanup/stop-messages.js';

/**
 * `sls remove` takes the stack away, and a bucket that holds anything stays behind with an error. What runs have left, and
 * the stack does not know, goes first: the run store's objects, and stop messages that were never cleared.
 */
export default class Cleanup {
  constructor(serverless, _options, { log, progress }) {
    const provider = serverless.getProvider('aws');
    this.hooks = {
      'before:remove:remove': async () => {
        const config = await provider.getAwsSdkV3Config();
        const bucket = await findRunBucket(new CloudFormationClient(config), provider.naming.getStackName());
        if (bucket === undefined) return;
        const working = progress.get('run-store');
        working.notice('Emptying the run store');
        const runIds = await emptyRunStore(new S3Client(config), bucket);
        working.notice('Clearing stop messages');
        await clearStopMessages(new IoTDataPlaneClient(config), runIds).catch((error) =>
          log.warning(`stop messages under ${controlTopicPrefix} may be left: ${error.message}`),
        );
        working.remove();
        log.notice(`Run store emptied (${runIds.size} runs)`);
      },
    };
  }
}

/** Undefined: there is no such stack, or it failed before it had a bucket. */
async function findRunBucket(client, stackName) {
  let token;
  try {
    do {
      const page = await client.send(
        new ListStackResourcesCommand({ StackName: stackName, NextToken: token }),
      );
      const found = page.StackResourceSummaries?.find(
        ({ LogicalResourceId }) => LogicalResourceId === 'RunBucket',
      );
      if (found !== undefined) {
        return found.ResourceStatus === 'DELETE_COMPLETE' ? undefined : found.PhysicalResourceId;
      }
      token = page.NextToken;
    } while (token !== undefined);
  } catch (error) {
    if (error.name !== 'ValidationError') throw error;
  }
  return undefined;
}

/** @returns ids of the runs whose objects were there */
async function emptyRunStore(client, bucket) {
  const runIds = new Set();
  for await (const { Contents } of paginateListObjectsV2({ client }, { Bucket: bucket })) {
    const keys = (Contents ?? []).map(({ Key }) => Key);
    if (keys.length === 0) continue;
    for (const key of keys) runIds.add(key.split('/')[1]);
    const Objects = keys.map((Key) => ({ Key }));
    const { Errors } = await client.send(
      new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
    );
    if (Errors?.length > 0)
      throw new Error(`${Errors[0].Key} of ${bucket} was not deleted: ${Errors[0].Message}`);
  }
  return runIds;
}
