import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DescribeEndpointCommand, IoTClient } from '@aws-sdk/client-iot';
import { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { disableEventSources, enableEventSources } from '../cleanup/event-sources.js';
import { findRunning, stopExecution } from '../cleanup/executions.js';
import { emptyRunBucket } from '../cleanup/run-bucket.js';
import { isProtected, readStackResources } from '../cleanup/stack-resources.js';
import { clearStopMessages, controlTopicPrefix, sendStopMessage } from '../cleanup/stop-messages.js';

/** Longer than the timeout of measure-latency (5 s), whose last batch may still be written. */
const quietSeconds = 6;
/** Longer than the interval of checkpoints (10 s), which slices write until they have stopped. */
const quietSecondsAfterRuns = 15;

/**
 * `sls remove` takes the stack away, and a bucket that holds anything stays behind with an error. So first the runs are
 * stopped, the readers of arrivals turned off, and the run store emptied; stop messages that runs left are cleared.
 */
export default class Cleanup {
  constructor(serverless, _options, { log, progress }) {
    const provider = serverless.getProvider('aws');
    this.hooks = {
      'before:remove:remove': async () => {
        const config = await provider.getAwsSdkV3Config();
        const working = progress.get('cleanup');
        try {
          await cleanUp(config, provider.naming.getStackName(), {
            log,
            notice: (text) => working.notice(text),
          });
        } finally {
          working.remove();
        }
      },
    };
  }
}

async function cleanUp(config, stackName, { log, notice }) {
  const cloudFormation = new CloudFormationClient(config);
  const resourcesOf = await readStackResources(cloudFormation, stackName);
  const bucket = resourcesOf('AWS::S3::Bucket').get('RunBucket');
  // No bucket: there is no such stack, or it failed before it had one.
  if (bucket === undefined || (await isProtected(cloudFormation, stackName))) return;

  const lambda = new LambdaClient(config);
  const controlTopics = new IoTDataPlaneClient({ ...config, ...(await dataEndpoint(config)) });
  const stopped = await stopRuns(config, { resourcesOf, controlTopics, log, notice });
  notice('Turning off the readers of arrivals');
  const mappings = [...resourcesOf('AWS::Lambda::EventSourceMapping').values()];
  const disabled = await disableEventSources(lambda, mappings);
  const runIds = await emptyRunBucket(new S3Client(config), bucket, {
    quietSeconds: stopped.length === 0 ? quietSeconds : quietSecondsAfterRuns,
    notice,
  }).catch(async (error) => {
    // The stack stays, and so do its readers.
    await enableEventSources(lambda, disabled);
    throw error;
  });
  log.notice(`Run store emptied (${runIds.size} runs)`);

  notice('Clearing stop messages');
  await clearStopMessages(controlTopics, new Set([...runIds, ...stopped])).catch((error) =>
    log.warning(`stop messages under ${controlTopicPrefix} may be left: ${error.message}`),
  );
}

/** @returns ids of the runs that it stopped */
async function stopRuns(config, { resourcesOf, controlTopics, log, notice }) {
  const sfn = new SFNClient(config);
  const stopped = [];
  for (const stateMachineArn of resourcesOf('AWS::StepFunctions::StateMachine').values()) {
    for (const { name, executionArn } of await findRunning(sfn, stateMachineArn)) {
      notice(`Stopping the run ${name}`);
      await sendStopMessage(controlTopics, name).catch((error) =>
        log.warning(`the slices of ${name} were not asked to stop: ${error.message}`),
      );
      await stopExecution(sfn, executionArn);
      log.notice(`Stopped the run ${name}`);
      stopped.push(name);
    }
  }
  return stopped;
}

/** The account's own endpoint; without one the SDK takes a testing default. Endpoints in variables come first. */
async function dataEndpoint(config) {
  if (process.env.AWS_ENDPOINT_URL_IOT_DATA_PLANE ?? process.env.AWS_ENDPOINT_URL) return {};
  const { endpointAddress } = await new IoTClient(config).send(
    new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }),
  );
  return { endpoint: `https://${endpointAddress}` };
}
