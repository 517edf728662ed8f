/**
 * List prices in us-east-1 as of 2026-09, from secondary sources, in US dollars. Other Regions cost up to half more.
 * Free tiers, savings plans and what else the account used in the month are left out, so that the first tier begins
 * with the run.
 */
export const prices = {
  pricedAt: '2026-09',
  region: 'us-east-1',
  /**
   * A message of up to 5 KB: CONNECT, SUBSCRIBE, PUBLISH each way, a device's PUBACK, an HTTP request. By how many the
   * account has had in the month.
   * @see https://aws.amazon.com/iot-core/pricing/
   */
  iotMessage: [
    { upTo: 1e9, usdPerUnit: 1.0e-6 },
    { upTo: 5e9, usdPerUnit: 0.8e-6 },
    { upTo: Number.POSITIVE_INFINITY, usdPerUnit: 0.7e-6 },
  ],
  iotConnectionMinute: 0.08e-6,
  /** A rule that a message of up to 5 KB triggered, and each of its actions. */
  iotRuleTriggered: 0.15e-6,
  iotRuleAction: 0.15e-6,
  /** A request of up to 64 KB to a standard queue. @see https://aws.amazon.com/sqs/pricing/ */
  sqsRequest: 0.4e-6,
  /**
   * Provisioned: a shard, used or not, and a record of up to 25 KB. On demand: a stream, used or not, data in (each record
   * as 1 KB at least) and out. @see https://aws.amazon.com/kinesis/data-streams/pricing/
   */
  kinesisShardHour: 0.015,
  kinesisPutUnit: 0.014e-6,
  kinesisOnDemandHour: 0.04,
  kinesisOnDemandGbIn: 0.08,
  kinesisOnDemandGbOut: 0.04,
  /** arm64. @see https://aws.amazon.com/lambda/pricing/ */
  lambdaGbSecond: 0.0000133334,
  lambdaRequest: 0.2e-6,
  /** Standard workflows. @see https://aws.amazon.com/step-functions/pricing/ */
  stateTransition: 0.025e-3,
  /** @see https://aws.amazon.com/s3/pricing/ */
  s3Put: 0.005e-3,
} as const;

/**
 * AWS IoT Core meters messages, and the rules they trigger, in steps of 5 KB.
 * @see https://aws.amazon.com/iot-core/pricing/additional-details/
 */
export const meteredStepBytes = 5_120;
