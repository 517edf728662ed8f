/**
 * CloudWatch's metrics of AWS IoT Core's message broker, as AWS spells them: those that come by protocol, so that a run
 * finds its own. One value a minute, summed over the account.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/metrics_dimensions.html
 */
export const iotMetricNames = [
  'Connect.Success',
  'Connect.AuthError',
  'Connect.ClientError',
  'Connect.ServerError',
  'Connect.Throttle',
  'Connect.ClientIDThrottle',
  'PublishIn.Success',
  'PublishIn.AuthError',
  'PublishIn.ClientError',
  'PublishIn.ServerError',
  'PublishIn.Throttle',
  'PublishOut.Success',
  'PublishOut.AuthError',
  'PublishOut.ClientError',
  'PublishOut.Throttle',
  'PublishRetained.Success',
  'PublishRetained.AuthError',
  'PublishRetained.ServerError',
  'PublishRetained.Throttle',
  'Subscribe.Success',
  'Subscribe.AuthError',
  'Subscribe.ClientError',
  'Subscribe.ServerError',
  'Subscribe.Throttle',
  'Unsubscribe.Success',
  'Unsubscribe.ClientError',
  'Unsubscribe.ServerError',
  'Unsubscribe.Throttle',
  'Ping.Success',
  'Queued.Success',
  'Queued.ServerError',
  'Queued.Throttle',
  'Throttle.Exceeded',
] as const;

/** Those of the rules engine that come by rule: what a run asks of its own. */
export const ruleMetricNames = ['RuleMessageThrottled'] as const;

export type IotMetricName = (typeof iotMetricNames)[number] | (typeof ruleMetricNames)[number];
