import type { WorkedProfile } from './worked-profile.ts';

/** What is the same in all of them stands in everyday.ts. */
export const edgeProfiles: readonly WorkedProfile[] = [
  /*
   * Echoes to the message. 7 devices in ⌈7/3⌉ = 3 slices: {0 1} {2 3} {4 5 6}. M = 20: ⌊20 × 2/7⌋ = 5, ⌊20 × 4/7⌋ = 11,
   * so the slices send 5, 6 and 9. ⌈0.3 × 7⌉ = 3 devices echo, where ⌊3i/7⌋ steps up: 2, 4 and 6. Of the second slice
   * device 2 sends 3 of 6; of the third, devices 4 and 6 send 3 each: 9 echoes, at QoS 0 and so without PUBACKs.
   * Start 5.03, connects 0.0175 and 1, rounded up to 1.018: publishing 6.048 … 8.048; deadline 33.048; L = 9.048: no
   * checkpoint. Connected 4.018 s: 1 min × 10. A device sends 10/7 a second, of 490 bytes.
   *   IoT messages  10 + (3 + 3) + 20 + 9 + 2 = 47                      0.000047
   *   connectivity  10                                                  0.000001
   *   rules, actions 20 each                                            0.000006
   *   SQS           20 + 2 + 2 = 24                                     0.000010
   *   batches       (5 × 2 − 0.0004)/1.1 = 9.1: 10
   *   Lambda        publish-mqtt 3 × 9.048 × 1.7275390625 = 46.892
   *                 measure-latency 1 + 0.0004 = 1.0004
   *                 summarize 180.013 × 1.7275390625 = 310.979; plan 1
   *                 359.872 GB-s                                        0.004798
   *                 15 requests                                         0.000003
   *   Step Functions 9 + 9 = 18                                         0.000450
   *   S3            3 + 3 + 10 = 16                                     0.000080
   *                                                                     0.005395
   */
  {
    name: 'seven devices, of which three receive their own messages',
    profile: {
      devices: 7,
      ratePerSecond: 10,
      duration: '2s',
      publish: { sizeBytes: 490 },
      echo: { fraction: 0.3 },
      slices: { devicesPerSlice: 3 },
    },
    peaks: {
      publishInPerSecond: 10,
      publishOutPerSecond: 10 + 30 / 7,
      connectsPerSecond: 7,
      connectsPerSecondPerClientId: 1,
      concurrentConnections: 10,
      // Three of the seven that connect in the second, as many as control channels before.
      subscribesPerSecond: 3,
      subscriptionsPerConnection: 1,
      publishesPerSecondPerConnection: 10 / 7,
      bytesPerSecondPerConnection: 700,
      unacknowledgedPerClient: 8,
      ruleEvaluationsPerSecond: 10,
      queueReadsPerSecond: 10,
      lambdaConcurrency: 8,
      lambdaSeconds: 33.048,
      fileDescriptors: 67,
      mapChildren: 3,
    },
    binding: 'lambdaSeconds',
    quantities: {
      'iot-connect': 10,
      'iot-subscribe': 6,
      'iot-publish-in': 20,
      'iot-publish-out': 9,
      'iot-control': 2,
      'iot-connectivity': 10,
      'iot-rules': 20,
      'iot-actions': 20,
      sqs: 24,
      'lambda-plan': 1,
      'lambda-publish-mqtt': 46.892,
      'lambda-measure-latency': 1.0004,
      'lambda-summarize': 310.979,
      'lambda-requests': 15,
      'step-functions': 18,
      's3-put': 16,
    },
    totalUsd: 0.005395,
  },

  /*
   * Raised quotas. Lambda's 3,000 × 80% hold ⌈1,000,000/500⌉ = 2,000 slices. M = 6,000,000. Start 25, connects 333.3̄ and
   * 1, rounded up to 334.334: publishing 359.334 … 659.334; deadline 684.334; L = 660.334: 66 checkpoints. Connected
   * 635.334 s: 11 min × 1,002,000. The slices' outputs: 2,000 × {"slice":N} of 10 bytes and the digits of N
   * (10 + 90 × 2 + 900 × 3 + 1,000 × 4 = 6,890), 1,999 commas, 2 brackets: 28,891 bytes.
   *   IoT messages  1,002,000 + 2,000 + 6,000,000 + 2 = 7,004,002       7.004002
   *   connectivity  11,022,000                                          0.881760
   *   rules, actions 6,000,000 each                                     1.800000
   *   SQS           7,200,000                                           2.880000
   *   batches       6,000,000/350 = 17,142.9: 17,143; by time (48 × 300 − 120)/1.1 = 12,981.8
   *   Lambda        publish-mqtt 2,000 × 660.334 × 1.7275390625 = 2,281,505.559
   *                 measure-latency 1,714.3 + 120 = 1,834.3
   *                 summarize 199.143 × 1.7275390625 = 344.027; plan 1
   *                 2,283,684.886 GB-s                                 30.449284
   *                 19,145 requests                                     0.003829
   *   Step Functions 9 + 6,000 = 6,009                                  0.150225
   *   S3            3 + 2,000 × 67 + 17,143 = 151,146                   0.755730
   *                                                                    43.924830
   */
  {
    name: 'a million devices on an account that was raised for them',
    profile: {
      devices: 1_000_000,
      ratePerSecond: 20_000,
      duration: '5m',
      connect: { ratePerSecond: 3_000 },
      publish: { sizeBytes: 300 },
    },
    limits: {
      publishInPerSecond: 25_000,
      publishOutPerSecond: 25_000,
      ruleEvaluationsPerSecond: 25_000,
      connectsPerSecond: 4_000,
      concurrentConnections: 1_500_000,
      lambdaConcurrency: 3_000,
    },
    peaks: {
      publishInPerSecond: 20_000,
      publishOutPerSecond: 20_000,
      connectsPerSecond: 3_000,
      connectsPerSecondPerClientId: 1,
      concurrentConnections: 1_002_000,
      // The control channels of 100 slices that Lambda starts in a second.
      subscribesPerSecond: 100,
      subscriptionsPerConnection: 1,
      publishesPerSecondPerConnection: 0.02,
      bytesPerSecondPerConnection: 6,
      unacknowledgedPerClient: 1,
      ruleEvaluationsPerSecond: 20_000,
      queueReadsPerSecond: 20_000,
      lambdaConcurrency: 2_300,
      lambdaSeconds: 684.334,
      fileDescriptors: 564,
      mapChildren: 2_000,
      statePayloadBytes: 28_891,
    },
    // 20% left; 24% of Lambda's time, 25% of the connects.
    binding: 'publishInPerSecond',
    quantities: {
      'iot-connect': 1_002_000,
      'iot-subscribe': 2_000,
      'iot-publish-in': 6_000_000,
      'iot-control': 2,
      'iot-connectivity': 11_022_000,
      'iot-rules': 6_000_000,
      'iot-actions': 6_000_000,
      sqs: 7_200_000,
      'lambda-plan': 1,
      'lambda-publish-mqtt': 2_281_505.559,
      'lambda-measure-latency': 1_834.3,
      'lambda-summarize': 344.027,
      'lambda-requests': 19_145,
      'step-functions': 6_009,
      's3-put': 151_146,
    },
    totalUsd: 43.92483,
  },

  /*
   * M = 10 × (30 + 90)/2 + 20 × 90/2 = 1,500. The topic tips the message over: 5,100 + 26 bytes are metered as 2, so
   * 3,000. Start 5.01, connects 60/10 = 6 and 1: publishing 12.01 … 42.01; deadline 67.01; L = 43.01. A threshold may end
   * it: a checkpoint every 5 s, 8 of them, and a look every 6 s of 42.01: 8, each with a poll of the control topic, three
   * states and 1 s + half of what the end takes for its objects. Connected 38 s: 1 min × 61. A device sends up to
   * 90/60 = 1.5/s.
   *   IoT messages  61 + 1 + 3,000 + 2 + 8 = 3,072                      0.003072
   *   connectivity  61                                                  0.000005
   *   rules, actions 3,000 each                                         0.000900
   *   SQS           1,500 + 150 + 150 = 1,800                           0.000720
   *   batches       (5 × 30 − 0.03)/1.1 = 136.3: 137
   *   Lambda        publish-mqtt 43.01 × 1.7275390625 = 74.301
   *                 measure-latency 13.7 + 0.03 = 13.73
   *                 summarize (180.138 + 8 × 1.0690) × 1.7275390625 = 325.969; plan 1
   *                 415.001 GB-s                                        0.005533
   *                 140 + 8 = 148 requests                              0.000030
   *   Step Functions 9 + 3 + 24 = 36                                    0.000900
   *   S3            3 + 9 + 137 = 149                                   0.000745
   *                                                                     0.011905
   */
  {
    name: 'a load that rises and ends in nothing, just over 5 KB a message, which a threshold may end',
    profile: {
      devices: 60,
      connect: { ratePerSecond: 10 },
      publish: { sizeBytes: 5_100 },
      startRate: 30,
      stages: [
        { duration: '10s', target: 90 },
        { duration: '20s', target: 0 },
      ],
      thresholds: { failed_messages: [{ threshold: 'rate<0.1', abortOnFail: true }] },
    },
    peaks: {
      publishInPerSecond: 90,
      publishOutPerSecond: 90,
      connectsPerSecond: 10,
      connectsPerSecondPerClientId: 1,
      concurrentConnections: 61,
      subscribesPerSecond: 1,
      subscriptionsPerConnection: 1,
      publishesPerSecondPerConnection: 1.5,
      bytesPerSecondPerConnection: 7_650,
      unacknowledgedPerClient: 8,
      ruleEvaluationsPerSecond: 90,
      queueReadsPerSecond: 90,
      lambdaConcurrency: 6,
      lambdaSeconds: 67.01,
      fileDescriptors: 124,
      mapChildren: 1,
    },
    binding: 'lambdaSeconds',
    quantities: {
      'iot-connect': 61,
      'iot-subscribe': 1,
      'iot-publish-in': 3_000,
      'iot-control': 10,
      'iot-connectivity': 61,
      'iot-rules': 3_000,
      'iot-actions': 3_000,
      sqs: 1_800,
      'lambda-plan': 1,
      'lambda-publish-mqtt': 74.301,
      'lambda-measure-latency': 13.73,
      'lambda-summarize': 325.969,
      'lambda-requests': 148,
      'step-functions': 36,
      's3-put': 149,
    },
    totalUsd: 0.011905,
  },

  /*
   * Past the first billion. Lambda's 1,000 × 80% would not hold 2,000 slices of 500, so ⌈1,000,000/900⌉ = 1,112 of at
   * most 900. M = 600 × 2,000,000 = 1,200,000,000. Start 16.12, connects 100 and 1: publishing 117.12 … 717.12;
   * deadline 742.12; L = 718.12: 71 checkpoints. Connected 702 s: 12 min × 1,001,112 = 12,013,344. At 2,000,000/s there
   * are all of the 300 readers that there may be. The slices' outputs:
   * 11,120 + (10 + 180 + 2,700 + 448) + 1,111 + 2 = 15,571 bytes.
   *   IoT CONNECT   1,001,112, SUBSCRIBE 1,112                          1.002224
   *   PUBLISH       1,000,000,000 − 1,002,224 = 998,997,776           998.997776
   *                 and 201,002,224 × $0.80/M                         160.801779
   *   control       2 × $0.80/M                                         0.000002
   *   connectivity  12,013,344                                          0.961068
   *   rules, actions 1,200,000,000 each                               360.000000
   *   SQS           1,200,000,000 + 2 × 120,000,000                   576.000000
   *   batches       1,200,000,000/350: 3,428,572; by time (300 × 600 − 24,000)/1.1 = 141,818
   *   Lambda        publish-mqtt 1,112 × 718.12 × 1.7275390625 = 1,379,525.351
   *                 measure-latency 342,857.2 + 24,000 = 366,857.2
   *                 summarize 3,609.684 × 1.7275390625 = 6,235.870; plan 1
   *                 1,752,619.421 GB-s                                 23.368376
   *                 3,429,686 requests                                  0.685937
   *   Step Functions 9 + 3,336 = 3,345                                  0.083625
   *   S3            3 + 1,112 × 72 + 3,428,572 = 3,508,639             17.543195
   *                                                                 2,139.443981
   */
  {
    name: 'more than a billion messages',
    profile: {
      devices: 1_000_000,
      ratePerSecond: 2_000_000,
      duration: '10m',
      connect: { ratePerSecond: 10_000 },
      publish: { sizeBytes: 200 },
    },
    peaks: {
      publishInPerSecond: 2_000_000,
      publishOutPerSecond: 2_000_000,
      connectsPerSecond: 10_000,
      connectsPerSecondPerClientId: 1,
      concurrentConnections: 1_001_112,
      subscribesPerSecond: 100,
      subscriptionsPerConnection: 1,
      publishesPerSecondPerConnection: 2,
      bytesPerSecondPerConnection: 400,
      unacknowledgedPerClient: 10,
      ruleEvaluationsPerSecond: 2_000_000,
      queueReadsPerSecond: 2_000_000,
      lambdaConcurrency: 1_412,
      lambdaSeconds: 742.12,
      fileDescriptors: 964,
      mapChildren: 1_112,
      statePayloadBytes: 15_571,
    },
    binding: 'publishInPerSecond',
    quantities: {
      'iot-connect': 1_001_112,
      'iot-subscribe': 1_112,
      'iot-publish-in': 1_200_000_000,
      'iot-control': 2,
      'iot-connectivity': 12_013_344,
      'iot-rules': 1_200_000_000,
      'iot-actions': 1_200_000_000,
      sqs: 1_440_000_000,
      'lambda-plan': 1,
      'lambda-publish-mqtt': 1_379_525.351,
      'lambda-measure-latency': 366_857.2,
      'lambda-summarize': 6_235.87,
      'lambda-requests': 3_429_686,
      'step-functions': 3_345,
      's3-put': 3_508_639,
    },
    totalUsd: 2_139.443981,
  },

  /*
   * No queue: an invocation a message. M = 300, S = 1. Start 5.01, connects 0.05 and 1: publishing 6.06 … 66.06;
   * deadline 91.06; L = 67.06: 6 checkpoints. Connected 62.05 s: 2 min × 21 = 42. The subscriber is busy
   * 5 × 0.10002 = 0.5 times over: one beside the slice.
   *   IoT messages  21 + 1 + 300 + 2 = 324                              0.000324
   *   connectivity  42                                                  0.000003
   *   rules, actions 300 each                                           0.000090
   *   Lambda        publish-mqtt 67.06 × 1.7275390625 = 115.849
   *                 measure-latency 300 × 0.1 + 0.006 = 30.006
   *                 summarize 180.301 × 1.7275390625 = 311.477; plan 1
   *                 458.332 GB-s                                        0.006111
   *                 303 requests                                        0.000061
   *   Step Functions 9 + 3 = 12                                         0.000300
   *   S3            3 + 7 + 300 = 310                                   0.001550
   *                                                                     0.008439
   */
  {
    name: 'a small test without a queue',
    profile: { devices: 20, ratePerSecond: 5, duration: '1m', publish: { sizeBytes: 256 } },
    deployment: { subscriber: 'direct' },
    peaks: {
      publishInPerSecond: 5,
      publishOutPerSecond: 5,
      connectsPerSecond: 20,
      connectsPerSecondPerClientId: 1,
      concurrentConnections: 21,
      subscribesPerSecond: 1,
      subscriptionsPerConnection: 1,
      publishesPerSecondPerConnection: 0.25,
      bytesPerSecondPerConnection: 64,
      unacknowledgedPerClient: 2,
      ruleEvaluationsPerSecond: 5,
      lambdaConcurrency: 2,
      lambdaSeconds: 91.06,
      fileDescriptors: 84,
      mapChildren: 1,
    },
    binding: 'lambdaSeconds',
    quantities: {
      'iot-connect': 21,
      'iot-subscribe': 1,
      'iot-publish-in': 300,
      'iot-control': 2,
      'iot-connectivity': 42,
      'iot-rules': 300,
      'iot-actions': 300,
      'lambda-plan': 1,
      'lambda-publish-mqtt': 115.849,
      'lambda-measure-latency': 30.006,
      'lambda-summarize': 311.477,
      'lambda-requests': 303,
      'step-functions': 12,
      's3-put': 310,
    },
    totalUsd: 0.008439,
  },
];
