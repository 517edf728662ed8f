import { accountId } from '../gateway/arns.ts';
import {
  deadLetterQueueName,
  defaultQueue,
  defaultRuleName,
  defaultStream,
  ruleErrorQueueName,
} from '../iot-core/settings.ts';
import type { EmbeddedStack } from './cloudformation.ts';
import type { Stack } from './stack.ts';

export const runBucket = 'stampede-runs';

/** By logical id in the stack. */
const queueNames = {
  ArrivalsQueue: defaultQueue.name,
  DeadLetterQueue: deadLetterQueueName,
  RuleErrorQueue: ruleErrorQueueName,
} as const;

function queueUrl(gatewayUrl: string, name: string): string {
  return `${gatewayUrl}/${accountId}/${name}`;
}

/** Where summarize finds them. */
export function queueVariables(gatewayUrl: string, { stream }: Stack): Record<string, string> {
  return {
    ...(stream === undefined
      ? { ARRIVALS_QUEUE_URL: queueUrl(gatewayUrl, queueNames.ArrivalsQueue) }
      : { ARRIVALS_STREAM: defaultStream.name }),
    DEAD_LETTER_QUEUE_URL: queueUrl(gatewayUrl, queueNames.DeadLetterQueue),
    RULE_ERROR_QUEUE_URL: queueUrl(gatewayUrl, queueNames.RuleErrorQueue),
  };
}

/** The stack that `sls deploy` would make from serverless.yml, as far as CloudFormation is queried for it. */
export function deployedStack(
  { prefix, environment, functions, stream }: Stack,
  stateMachineArn: string,
  gatewayUrl: () => string,
): EmbeddedStack {
  const deployment = functions.find((each) => each.environment.DEPLOYMENT !== undefined)?.environment
    .DEPLOYMENT;
  return {
    name: prefix,
    outputs: {
      RunBucketName: runBucket,
      StateMachineArn: stateMachineArn,
      ...(environment.TOPIC_FILTER === undefined ? {} : { TopicFilter: environment.TOPIC_FILTER }),
      RuleName: defaultRuleName,
      ...(deployment === undefined ? {} : { Deployment: deployment }),
    },
    // Queues are known by their URLs, and those once the gateway has its port.
    get resources() {
      return [
        ...Object.entries(queueNames).map(([logicalId, name]) => ({
          logicalId,
          physicalId: queueUrl(gatewayUrl(), name),
          type: 'AWS::SQS::Queue',
        })),
        ...(stream === undefined
          ? []
          : [{ logicalId: 'ArrivalsStream', physicalId: defaultStream.name, type: 'AWS::Kinesis::Stream' }]),
        { logicalId: 'RunBucket', physicalId: runBucket, type: 'AWS::S3::Bucket' },
        { logicalId: 'ArrivalsRule', physicalId: defaultRuleName, type: 'AWS::IoT::TopicRule' },
        {
          logicalId: 'LoadTestStateMachine',
          physicalId: stateMachineArn,
          type: 'AWS::StepFunctions::StateMachine',
        },
      ];
    },
  };
}
