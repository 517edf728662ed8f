import type { WorkedProfile } from './worked-profile.ts';

/*
 * What is the same in all of them.
 *
 * Time. Slices start at 5 s + S/100. Devices connect at their rate, then 1 s to settle, then publishing. The deadline is
 * 15 s after the drain. A slice's Lambda lives from 0 to 1 s after the last publish: L.
 * Quotas. The queue has 5 readers beside the slices. 64 file descriptors are open beside the devices. Unacknowledged, at
 * most: the device's rate × 5 s.
 * IoT. Each slice has a control channel: one CONNECT, one SUBSCRIBE, one connection more. Clearing the control topic is
 * 2 messages. The topic stampede/run/dNN/telemetry has 24 bytes and the digits of NN.
 * SQS. M sends, M/10 receives, M/10 deletes. Batches: 5 a second of publishing, or M/6,291 (6 MB of 1,000 bytes).
 * Lambda. 1,769 MB = 1.7275390625 GB. plan 2 s of ½ GB: 1 GB-s. measure-latency 1 GB: 0.1 s a batch, 20 µs a message.
 * summarize 180 s + 1 ms for each slice and batch. Requests: 2 + S + batches.
 * Step Functions 9 + 3S. S3: 3, each slice 1 and one every 10 s of L, each batch 1.
 */
export const everydayProfiles: readonly WorkedProfile[] = [
  /*
   * S = 1. M = 100 × 30 = 3,000. Start 5.01, connects 100/400 = 0.25 and 1: publishing 6.26 … 36.26; deadline
   * 36.26 + 10 + 15 = 61.26; L = 37.26: 3 checkpoints. Connected 36.26 − 5.01 + 1 = 32.25 s: 1 min × 101.
   * A device sends 1/s of 512 bytes.
   *   IoT messages  101 + 1 + 3,000 + 2 = 3,104                × $1.00/M = 0.003104
   *   connectivity  101                                        × $0.08/M = 0.000008
   *   rules, actions 3,000 + 3,000                             × $0.15/M = 0.000900
   *   SQS           3,000 + 300 + 300 = 3,600                  × $0.40/M = 0.001440
   *   batches       5 × 30 = 150 (3,000/6,291 would be 1)
   *   Lambda        publish-mqtt 37.26 × 1.7275390625 = 64.368
   *                 measure-latency 150 × 0.1 + 3,000 × 20 µs = 15.06
   *                 summarize (180 + 0.151) × 1.7275390625 = 311.218; plan 1
   *                 391.646 GB-s                       × $0.0000133334 = 0.005222
   *                 2 + 1 + 150 = 153 requests                 × $0.20/M = 0.000031
   *   Step Functions 9 + 3 = 12                                × $0.025/k = 0.000300
   *   S3            3 + 1 × (1 + 3) + 150 = 157                × $0.005/k = 0.000785
   *                                                                        0.011790
   */
  {
    name: 'a hundred devices, one message a second each',
    profile: { devices: 100, ratePerSecond: 100, duration: '30s', publish: { sizeBytes: 512 } },
    peaks: {
      publishInPerSecond: 100,
      // 400 a second would do, and there are 100.
      connectsPerSecond: 100,
      connectsPerSecondPerClientId: 1,
      concurrentConnections: 101,
      subscribesPerSecond: 1,
      subscriptionsPerConnection: 1,
      publishesPerSecondPerConnection: 1,
      bytesPerSecondPerConnection: 512,
      unacknowledgedPerClient: 5,
      ruleEvaluationsPerSecond: 100,
      lambdaConcurrency: 6,
      lambdaSeconds: 61.26,
      fileDescriptors: 164,
      mapChildren: 1,
    },
    // 100 of 500; of Lambda's 900 s it is 61.
    binding: 'connectsPerSecond',
    quantities: {
      'iot-connect': 101,
      'iot-subscribe': 1,
      'iot-publish-in': 3_000,
      'iot-control': 2,
      'iot-connectivity': 101,
      'iot-rules': 3_000,
      'iot-actions': 3_000,
      sqs: 3_600,
      'lambda-plan': 1,
      'lambda-publish-mqtt': 64.368,
      'lambda-measure-latency': 15.06,
      'lambda-summarize': 311.218,
      'lambda-requests': 153,
      'step-functions': 12,
      's3-put': 157,
    },
    totalUsd: 0.01179,
  },

  /*
   * S = 2,000/500 = 4. M = 30 × 20,000/2 + 300 × 20,000 + 15 × 20,000/2 = 6,450,000. Start 5.04, connects 5 and 1:
   * publishing 11.04 … 356.04; deadline 381.04; L = 357.04: 35 checkpoints. Connected 352 s: 6 min × 2,004 = 12,024.
   * A device sends 10/s of 256 bytes.
   *   IoT messages  2,004 + 4 + 6,450,000 + 2 = 6,452,010               6.452010
   *   connectivity  12,024                                              0.000962
   *   rules, actions 6,450,000 each                                     1.935000
   *   SQS           6,450,000 + 2 × 645,000 = 7,740,000                 3.096000
   *   batches       5 × 345 = 1,725 (6,450,000/6,291 would be 1,026)
   *   Lambda        publish-mqtt 4 × 357.04 × 1.7275390625 = 2,467.202
   *                 measure-latency 172.5 + 129 = 301.5
   *                 summarize 181.729 × 1.7275390625 = 313.944; plan 1
   *                 3,083.646 GB-s                                      0.041115
   *                 2 + 4 + 1,725 = 1,731 requests                      0.000346
   *   Step Functions 9 + 12 = 21                                        0.000525
   *   S3            3 + 4 × 36 + 1,725 = 1,872                          0.009360
   *                                                                    11.535318
   */
  {
    name: 'the full quota',
    profile: {
      devices: 2_000,
      stages: [
        { duration: '30s', target: 20_000 },
        { duration: '5m', target: 20_000 },
        { duration: '15s', target: 0 },
      ],
      publish: { sizeBytes: 256 },
      slices: { devicesPerSlice: 500 },
      limits: { quotaShare: 1 },
    },
    peaks: {
      publishInPerSecond: 20_000,
      connectsPerSecond: 400,
      connectsPerSecondPerClientId: 1,
      concurrentConnections: 2_004,
      subscribesPerSecond: 4,
      subscriptionsPerConnection: 1,
      publishesPerSecondPerConnection: 10,
      bytesPerSecondPerConnection: 2_560,
      unacknowledgedPerClient: 50,
      ruleEvaluationsPerSecond: 20_000,
      lambdaConcurrency: 9,
      lambdaSeconds: 381.04,
      fileDescriptors: 564,
      mapChildren: 4,
    },
    binding: 'publishInPerSecond',
    quantities: {
      'iot-connect': 2_004,
      'iot-subscribe': 4,
      'iot-publish-in': 6_450_000,
      'iot-control': 2,
      'iot-connectivity': 12_024,
      'iot-rules': 6_450_000,
      'iot-actions': 6_450_000,
      sqs: 7_740_000,
      'lambda-plan': 1,
      'lambda-publish-mqtt': 2_467.202,
      'lambda-measure-latency': 301.5,
      'lambda-summarize': 313.944,
      'lambda-requests': 1_731,
      'step-functions': 21,
      's3-put': 1_872,
    },
    totalUsd: 11.535318,
  },

  /*
   * 10,000/5 = 2,000/s; M = 600,000. S = ⌈10,000/900⌉ = 12, of at most ⌈10,000/12⌉ = 834 devices. Start 5.12, connects
   * 25 and 1: publishing 31.12 … 331.12; deadline 356.12; L = 332.12: 33 checkpoints. Connected 327 s: 6 min × 10,012.
   *   IoT messages  10,012 + 12 + 600,000 + 2 = 610,026                 0.610026
   *   connectivity  60,072                                              0.004806
   *   rules, actions 600,000 each                                       0.180000
   *   SQS           720,000                                             0.288000
   *   batches       5 × 300 = 1,500
   *   Lambda        publish-mqtt 12 × 332.12 × 1.7275390625 = 6,885.003
   *                 measure-latency 150 + 12 = 162
   *                 summarize 181.512 × 1.7275390625 = 313.569; plan 1
   *                 7,361.572 GB-s                                      0.098155
   *                 1,514 requests                                      0.000303
   *   Step Functions 9 + 36 = 45                                        0.001125
   *   S3            3 + 12 × 34 + 1,500 = 1,911                         0.009555
   *                                                                     1.191969
   */
  {
    name: 'thermostats that report every five seconds',
    profile: {
      devices: 10_000,
      everySeconds: 5,
      duration: '5m',
      publish: { sizeBytes: 400 },
      slices: { devicesPerSlice: 900 },
    },
    peaks: {
      publishInPerSecond: 2_000,
      connectsPerSecond: 400,
      connectsPerSecondPerClientId: 1,
      concurrentConnections: 10_012,
      subscribesPerSecond: 12,
      subscriptionsPerConnection: 1,
      publishesPerSecondPerConnection: 0.2,
      bytesPerSecondPerConnection: 80,
      unacknowledgedPerClient: 1,
      ruleEvaluationsPerSecond: 2_000,
      lambdaConcurrency: 17,
      lambdaSeconds: 356.12,
      fileDescriptors: 898,
      mapChildren: 12,
    },
    binding: 'connectsPerSecond',
    quantities: {
      'iot-connect': 10_012,
      'iot-subscribe': 12,
      'iot-publish-in': 600_000,
      'iot-control': 2,
      'iot-connectivity': 60_072,
      'iot-rules': 600_000,
      'iot-actions': 600_000,
      sqs: 720_000,
      'lambda-plan': 1,
      'lambda-publish-mqtt': 6_885.003,
      'lambda-measure-latency': 162,
      'lambda-summarize': 313.569,
      'lambda-requests': 1_514,
      'step-functions': 45,
      's3-put': 1_911,
    },
    totalUsd: 1.191969,
  },

  /*
   * No connections. M = 5 × 150/2 + 15 × 150 = 2,625. S = 2. Publishing 5.02 … 25.02; drain 5, deadline 45.02;
   * L = 26.02: 2 checkpoints, and the control topic asked 1 + ⌊26.02/4⌋ = 7 times by each slice.
   * Requests on the way, at most: 75/s of a slice × 5 s = 375 sockets.
   *   IoT messages  2,625 + 2 × 7 + 2 = 2,641                           0.002641
   *   rules, actions 2,625 each                                         0.000788
   *   SQS           2,625 + 263 + 263 = 3,151                           0.001260
   *   batches       5 × 20 = 100
   *   Lambda        publish-http 2 × 26.02 × 1.7275390625 = 89.901
   *                 measure-latency 10 + 0.0525 = 10.0525
   *                 summarize 180.102 × 1.7275390625 = 311.133; plan 1
   *                 412.087 GB-s                                        0.005495
   *                 104 requests                                        0.000021
   *   Step Functions 9 + 6 = 15                                         0.000375
   *   S3            3 + 2 × 3 + 100 = 109                               0.000545
   *                                                                     0.011124
   */
  {
    name: 'meters over HTTPS',
    profile: {
      devices: 200,
      connect: { protocol: 'https' },
      publish: { sizeBytes: 1_000 },
      stages: [
        { duration: '5s', target: 150 },
        { duration: '15s', target: 150 },
      ],
      slices: { devicesPerSlice: 100 },
      drain: '5s',
    },
    peaks: {
      publishInPerSecond: 150,
      ruleEvaluationsPerSecond: 150,
      lambdaConcurrency: 7,
      lambdaSeconds: 45.02,
      fileDescriptors: 439,
      mapChildren: 2,
    },
    binding: 'lambdaSeconds',
    quantities: {
      'iot-publish-in': 2_625,
      'iot-control': 16,
      'iot-rules': 2_625,
      'iot-actions': 2_625,
      sqs: 3_151,
      'lambda-plan': 1,
      'lambda-publish-http': 89.901,
      'lambda-measure-latency': 10.0525,
      'lambda-summarize': 311.133,
      'lambda-requests': 104,
      'step-functions': 15,
      's3-put': 109,
    },
    totalUsd: 0.011124,
  },

  /*
   * QoS 0: nothing is acknowledged. M = 4,800, S = 1. A message of 12,000 bytes and 26 of topic is metered as
   * ⌈12,026/5,120⌉ = 3: 14,400. Start 5.01, connects 0.125 and 1: publishing 6.135 … 126.135; deadline 151.135;
   * L = 127.135: 12 checkpoints. Connected 122.125 s: 3 min × 51 = 153. A device sends 0.8/s.
   *   IoT messages  51 + 1 + 14,400 + 2 = 14,454                        0.014454
   *   connectivity  153                                                 0.000012
   *   rules, actions 14,400 each                                        0.004320
   *   SQS           4,800 + 480 + 480 = 5,760: the queue gets the envelope only
   *                                                                     0.002304
   *   batches       5 × 120 = 600
   *   Lambda        publish-mqtt 127.135 × 1.7275390625 = 219.631
   *                 measure-latency 60 + 0.096 = 60.096
   *                 summarize 180.601 × 1.7275390625 = 311.995; plan 1
   *                 592.722 GB-s                                        0.007903
   *                 603 requests                                        0.000121
   *   Step Functions 9 + 3 = 12                                         0.000300
   *   S3            3 + 13 + 600 = 616                                  0.003080
   *                                                                     0.032494
   */
  {
    name: 'cameras with 12 KB a message',
    profile: {
      devices: 50,
      ratePerSecond: 40,
      duration: '2m',
      publish: { qos: 0, sizeBytes: 12_000 },
    },
    peaks: {
      publishInPerSecond: 40,
      connectsPerSecond: 50,
      connectsPerSecondPerClientId: 1,
      concurrentConnections: 51,
      subscribesPerSecond: 1,
      subscriptionsPerConnection: 1,
      publishesPerSecondPerConnection: 0.8,
      bytesPerSecondPerConnection: 9_600,
      ruleEvaluationsPerSecond: 40,
      lambdaConcurrency: 6,
      lambdaSeconds: 151.135,
      fileDescriptors: 114,
      mapChildren: 1,
    },
    binding: 'lambdaSeconds',
    quantities: {
      'iot-connect': 51,
      'iot-subscribe': 1,
      'iot-publish-in': 14_400,
      'iot-control': 2,
      'iot-connectivity': 153,
      'iot-rules': 14_400,
      'iot-actions': 14_400,
      sqs: 5_760,
      'lambda-plan': 1,
      'lambda-publish-mqtt': 219.631,
      'lambda-measure-latency': 60.096,
      'lambda-summarize': 311.995,
      'lambda-requests': 603,
      'step-functions': 12,
      's3-put': 616,
    },
    totalUsd: 0.032494,
  },
];
