import type { TargetLimits } from '../../profile/target-limits.ts';
import { iotMetricNames, ruleMetricNames } from './cloudwatch-metrics.ts';
import { iotCoreLimits } from './iot-core-limits.ts';

/** The limits for a load profile. */
export const iotProfileLimits: TargetLimits = {
  name: 'AWS IoT Core',
  payloadBytes: iotCoreLimits.payloadBytes,
  topicBytes: iotCoreLimits.topicBytes,
  topicSlashes: iotCoreLimits.topicSlashes,
  keepAliveMs: iotCoreLimits.keepAliveMs,
  publishesPerSecondPerConnection: iotCoreLimits.publishesPerSecondPerConnection,
  unacknowledgedPerClient: iotCoreLimits.unacknowledgedPerClient,
  userPropertiesBytes: iotCoreLimits.userPropertiesBytes,
  messageExpiryMs: iotCoreLimits.messageExpiryMs,
  sessionExpiryMs: { min: 0, max: iotCoreLimits.maxSessionExpiryMs },
  serviceMetrics: [...iotMetricNames, ...ruleMetricNames],
};
