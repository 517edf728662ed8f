import type { WorkedProfile } from './worked-profile.ts';

/*
 * What is the same in all of them.
 *
 * Time. Slices start at 5 s + S/100. Devices connect at their rate, then 1 s to settle, then publishing. The deadline is
 * 15 s after the drain. A slice's Lambda lives from 0 to 1 s after the last publish: L.
 * Quotas. PublishOut is the rule's match of each message, and each echo. The queue has 5 readers beside the slices, or
 * 2λ/c − 5 where that is more, and at most 300: at c = 100/(1 + 0.1 + 0.002) = 90.744/s each. 64 file descriptors are open
 * beside the devices. Unacknowledged, at most: the device's rate × 5 s.
 * IoT. Each slice has a control channel: one CONNECT, one SUBSCRIBE, one connection more. Clearing the control topic is
 * 2 messages. The topic stampede/dev/run/dNN/telemetry has 28 bytes and the digits of NN.
 * SQS. M sends, M/10 receives, M/10 deletes. Batches: a reader gathers for 1 s and waits for its invocation, so
 * (readers × seconds of publishing − 20 µs × M)/1.1, or M/350 (full batches) if that is more. Here the readers are those of
 * c = 350/(0.35 + 0.1 + 0.007) = 765.864/s each.
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
   *   batches       (5 × 30 − 0.06)/1.1 = 136.3: 137
   *   Lambda        publish-mqtt 37.26 × 1.7275390625 = 64.368
   *                 measure-latency 13.7 + 0.06 = 13.76
   *                 summarize 180.138 × 1.7275390625 = 311.195; plan 1
   *                 390.324 GB-s                       × $0.0000133334 = 0.005204
   *                 2 + 1 + 137 = 140 requests                 × $0.20/M = 0.000028
   *   Step Functions 9 + 3 = 12                                × $0.025/k = 0.000300
   *   S3            3 + 1 × (1 + 3) + 137 = 144               × $0.005/k = 0.000720
   *                                                                        0.011705
   */
  {
    name: 'a hundred devices, one message a second each',
    profile: { devices: 100, ratePerSecond: 100, duration: '30s', publish: { sizeBytes: 512 } },
    peaks: {
      publishInPerSecond: 100,
      publishOutPerSecond: 100,
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
      queueReadsPerSecond: 100,
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
      'lambda-measure-latency': 13.76,
      'lambda-summarize': 311.195,
      'lambda-requests': 140,
      'step-functions': 12,
      's3-put': 144,
    },
    totalUsd: 0.011705,
  },

  /*
   * S = 2,000/500 = 4. M = 30 × 20,000/2 + 300 × 20,000 + 15 × 20,000/2 = 6,450,000. Start 5.04, connects 5 and 1:
   * publishing 11.04 … 356.04; deadline 381.04; L = 357.04: 35 checkpoints. Connected 352 s: 6 min × 2,004 = 12,024.
   * A device sends 10/s of 256 bytes.
   *   IoT messages  2,004 + 4 + 6,450,000 + 2 = 6,452,010               6.452010
   *   connectivity  12,024                                              0.000962
   *   rules, actions 6,450,000 each                                     1.935000
   *   SQS           6,450,000 + 2 × 645,000 = 7,740,000                 3.096000
   *   batches       6,450,000/350 = 18,428.6: 18,429; by time (48 × 345 − 129)/1.1 = 14,937.3
   *   Lambda        publish-mqtt 4 × 357.04 × 1.7275390625 = 2,467.202
   *                 measure-latency 1,842.9 + 129 = 1,971.9
   *                 summarize 198.433 × 1.7275390625 = 342.801; plan 1
   *                 4,782.903 GB-s                                      0.063772
   *                 18,435 requests                                     0.003687
   *   Step Functions 9 + 12 = 21                                        0.000525
   *   S3            3 + 4 × 36 + 18,429 = 18,576                        0.092880
   *                                                                    11.644836
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
      publishOutPerSecond: 20_000,
      connectsPerSecond: 400,
      connectsPerSecondPerClientId: 1,
      concurrentConnections: 2_004,
      subscribesPerSecond: 4,
      subscriptionsPerConnection: 1,
      publishesPerSecondPerConnection: 10,
      bytesPerSecondPerConnection: 2_560,
      unacknowledgedPerClient: 50,
      ruleEvaluationsPerSecond: 20_000,
      queueReadsPerSecond: 20_000,
      lambdaConcurrency: 304,
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
      'lambda-measure-latency': 1_971.9,
      'lambda-summarize': 342.801,
      'lambda-requests': 18_435,
      'step-functions': 21,
      's3-put': 18_576,
    },
    totalUsd: 11.644836,
  },

  /*
   * 10,000/5 = 2,000/s; M = 600,000. S = ⌈10,000/900⌉ = 12, of at most ⌈10,000/12⌉ = 834 devices. Start 5.12, connects
   * 25 and 1: publishing 31.12 … 331.12; deadline 356.12; L = 332.12: 33 checkpoints. Connected 327 s: 6 min × 10,012.
   *   IoT messages  10,012 + 12 + 600,000 + 2 = 610,026                 0.610026
   *   connectivity  60,072                                              0.004806
   *   rules, actions 600,000 each                                       0.180000
   *   SQS           720,000                                             0.288000
   *   batches       600,000/350 = 1,714.3: 1,715; by time (5 × 300 − 12)/1.1 = 1,352.7
   *   Lambda        publish-mqtt 12 × 332.12 × 1.7275390625 = 6,885.003
   *                 measure-latency 171.5 + 12 = 183.5
   *                 summarize 181.727 × 1.7275390625 = 313.940; plan 1
   *                 7,383.443 GB-s                                      0.098446
   *                 1,729 requests                                      0.000346
   *   Step Functions 9 + 36 = 45                                        0.001125
   *   S3            3 + 12 × 34 + 1,715 = 2,126                         0.010630
   *                                                                     1.193379
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
      publishOutPerSecond: 2_000,
      connectsPerSecond: 400,
      connectsPerSecondPerClientId: 1,
      concurrentConnections: 10_012,
      subscribesPerSecond: 12,
      subscriptionsPerConnection: 1,
      publishesPerSecondPerConnection: 0.2,
      bytesPerSecondPerConnection: 80,
      unacknowledgedPerClient: 1,
      ruleEvaluationsPerSecond: 2_000,
      queueReadsPerSecond: 2_000,
      lambdaConcurrency: 52,
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
      'lambda-measure-latency': 183.5,
      'lambda-summarize': 313.94,
      'lambda-requests': 1_729,
      'step-functions': 45,
      's3-put': 2_126,
    },
    totalUsd: 1.193379,
  },

  /*
   * No connections. M = 5 × 150/2 + 15 × 150 = 2,625. S = 2. Publishing 5.02 … 25.02; drain 5, deadline 45.02;
   * L = 26.02: 2 checkpoints, and the control topic asked 1 + ⌊26.02/4⌋ = 7 times by each slice.
   * Requests in flight, at most: 75/s of a slice × 5 s = 375 sockets.
   *   IoT messages  2,625 + 2 × 7 + 2 = 2,641                           0.002641
   *   rules, actions 2,625 each                                         0.000788
   *   SQS           2,625 + 263 + 263 = 3,151                           0.001260
   *   batches       (5 × 20 − 0.0525)/1.1 = 90.9: 91
   *   Lambda        publish-http 2 × 26.02 × 1.7275390625 = 89.901
   *                 measure-latency 9.1 + 0.053 = 9.1525
   *                 summarize 180.093 × 1.7275390625 = 311.118; plan 1
   *                 411.171 GB-s                                        0.005482
   *                 95 requests                                         0.000019
   *   Step Functions 9 + 6 = 15                                         0.000375
   *   S3            3 + 2 × 3 + 91 = 100                                0.000500
   *                                                                     0.011065
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
      publishOutPerSecond: 150,
      ruleEvaluationsPerSecond: 150,
      queueReadsPerSecond: 150,
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
      'lambda-measure-latency': 9.1525,
      'lambda-summarize': 311.118,
      'lambda-requests': 95,
      'step-functions': 15,
      's3-put': 100,
    },
    totalUsd: 0.011065,
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
   *   batches       (5 × 120 − 0.096)/1.1 = 545.4: 546
   *   Lambda        publish-mqtt 127.135 × 1.7275390625 = 219.631
   *                 measure-latency 54.6 + 0.096 = 54.696
   *                 summarize 180.547 × 1.7275390625 = 311.902; plan 1
   *                 587.229 GB-s                                        0.007830
   *                 549 requests                                        0.000110
   *   Step Functions 9 + 3 = 12                                         0.000300
   *   S3            3 + 13 + 546 = 562                                  0.002810
   *                                                                     0.032140
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
      publishOutPerSecond: 40,
      connectsPerSecond: 50,
      connectsPerSecondPerClientId: 1,
      concurrentConnections: 51,
      subscribesPerSecond: 1,
      subscriptionsPerConnection: 1,
      publishesPerSecondPerConnection: 0.8,
      bytesPerSecondPerConnection: 9_600,
      ruleEvaluationsPerSecond: 40,
      queueReadsPerSecond: 40,
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
      'lambda-measure-latency': 54.696,
      'lambda-summarize': 311.902,
      'lambda-requests': 549,
      'step-functions': 12,
      's3-put': 562,
    },
    totalUsd: 0.03214,
  },
];
