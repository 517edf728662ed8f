/** Whose devices may do what. */
export interface DevicePolicyScope {
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
  /** What the stack's IoT rule reads: `stampede/dev/#`. */
  readonly topicFilter: string;
  /** Name of that rule, for Basic Ingest. */
  readonly ruleName: string;
}

interface Statement {
  readonly Effect: 'Allow';
  readonly Action: string;
  readonly Resource: readonly string[];
}

/**
 * The IoT policy of the test's devices and subscribers: what PublishMqttRole and SubscribeRole in stack/function-roles.yml together
 * allow clients that connect with the functions' roles, and a test holds the two equal. A shared subscription is a resource of its own:
 * the filter as it is written, `$share/{name}/` included; its name holds the run id.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/pub-sub-policy.html
 */
export function devicePolicy({ partition, region, accountId, topicFilter, ruleName }: DevicePolicyScope): {
  readonly Version: string;
  readonly Statement: readonly Statement[];
} {
  const arn = (resource: string): string => `arn:${partition}:iot:${region}:${accountId}:${resource}`;
  // The topic filter as a policy pattern: in a policy # and + are letters like any other.
  const topics = topicFilter.replaceAll(/[#+]/g, '*');
  const commands = 'topic/stampede-commands/*';
  const presence = '$aws/events/presence/*';
  const allow = (action: string, ...resources: string[]): Statement => ({
    Effect: 'Allow',
    Action: action,
    Resource: resources.map(arn),
  });
  return {
    Version: '2012-10-17',
    Statement: [
      allow('iot:Connect', 'client/stampede-*'),
      allow('iot:Publish', `topic/${topics}`, `topic/$aws/rules/${ruleName}/*`, commands),
      allow('iot:RetainPublish', `topic/${topics}`, commands),
      allow(
        'iot:Subscribe',
        `topicfilter/${topics}`,
        'topicfilter/stampede-control/*',
        'topicfilter/stampede-commands/*',
        `topicfilter/$share/stampede-*/${topics}`,
        `topicfilter/${presence}`,
        `topicfilter/$share/stampede-*/${presence}`,
      ),
      allow('iot:Receive', `topic/${topics}`, 'topic/stampede-control/*', commands, `topic/${presence}`),
    ],
  };
}
