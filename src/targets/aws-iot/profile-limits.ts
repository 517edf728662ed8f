import type { TargetLimits } from '../../profile/target-limits.ts';
import { iotMetricNames, ruleMetricNames } from './cloudwatch-metrics.ts';
import { iotCoreLimits } from './iot-core-limits.ts';

/** What a load profile is held against. */
export const iotProfileLimits: TargetLimits = {
  name: 'AWS IoT Core',
  payloadBytes: iotCoreLimits.payloadBytes,
  topicBytes: iotCoreLimits.topicBytes,
  topicSlashes: iotCoreLimits.topicSlashes,
  keepAliveMs: iotCoreLimits.keepAliveMs,
  publishesPerSecondPerConnection: iotCoreLimits.publishesPerSecondPerConnection,
  unacknowledgedPerClient: iotCoreLimits.unacknowledgedPerClient,
  serviceMetrics: [...iotMetricNames, ...ruleMetricNames],
};
