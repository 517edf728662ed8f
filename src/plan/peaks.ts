import { maxDevicesPerSlice } from '../shared/run-bounds.ts';
import type { QuotaName } from '../targets/aws-iot/quotas.ts';
import type { Deployment } from './deployment.ts';
import { echoingDevices } from './echoes.ts';
import { subscriberConcurrency } from './forecast-usage.ts';
import { messageBytes } from './message-size.ts';
import type { Plan } from './plan.ts';
import { statePayloads } from './state-payloads.ts';

/** Stampede's own. Others may read the same topics, and no plan knows of them. */
const rulesOnTopics = 1;

/**
 * The stricter reading of AWS's quota table: a message that matches N subscriptions, rules included, is N outbound publishes.
 * @see https://docs.aws.amazon.com/general/latest/gr/iot-core.html
 */
export const quotaAssumptions: readonly string[] = [
  'By the stricter reading of AWS’s quota table a message is one outbound publish (PublishOut) for each subscription and each rule that matches it. CloudWatch’s PublishOut.Success may count deliveries to clients only.',
  'One rule, Stampede’s own, is taken to read these topics. Each other rule on them adds as many rule evaluations and outbound publishes again.',
];

/** The most that a plan will ask of each quota; those that it does not touch are absent. */
export function peaksOf(plan: Plan, deployment: Deployment): Partial<Record<QuotaName, number>> {
  const { load, slices, timeline, profile } = plan;
  const echoingShare = profile.connect.protocol === 'mqtt' ? echoingDevices(profile) / profile.devices : 0;
  return {
    publishInPerSecond: load.peakPerSecond,
    publishOutPerSecond: load.peakPerSecond * (rulesOnTopics + echoingShare),
    ...(profile.connect.protocol === 'mqtt' ? connectionPeaks(plan) : {}),
    ruleEvaluationsPerSecond: load.peakPerSecond * rulesOnTopics,
    // Slices with a reservation of their own take nothing of what the account leaves unreserved.
    lambdaConcurrency:
      (deployment.publishConcurrency === undefined ? slices.count : 0) +
      subscriberConcurrency(plan, deployment),
    lambdaSeconds: (timeline.deadlineAt - timeline.createdAt) / 1_000,
    fileDescriptors: openFiles(plan),
    mapChildren: slices.count,
    statePayloadBytes: Math.max(...statePayloads(plan).map(({ bytes }) => bytes)),
  };
}

function connectionPeaks(plan: Plan): Partial<Record<QuotaName, number>> {
  const { profile, load, slices } = plan;
  const { devices, connect, publish } = profile;
  const perDevice = load.peakPerSecond / devices;
  const deviceConnects = Math.min(connect.ratePerSecond, devices);
  const echoingShare = echoingDevices(profile) / devices;
  const controlConnects = Math.min(slices.count, environmentsPerSecond);
  return {
    // The control channels come first, as Lambda starts their slices; the devices begin when all are there.
    connectsPerSecond: Math.max(deviceConnects, controlConnects),
    connectsPerSecondPerClientId: 1,
    concurrentConnections: devices + slices.count,
    subscribesPerSecond: Math.max(deviceConnects * echoingShare, controlConnects),
    subscriptionsPerConnection: 1,
    publishesPerSecondPerConnection: perDevice,
    bytesPerSecondPerConnection: perDevice * messageBytes(plan),
    ...(publish.qos === 1 ? { unacknowledgedPerClient: unacknowledgedPeak(plan, perDevice) } : {}),
  };
}

/**
 * Execution environments that Lambda adds to a function in a second.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html#scaling-rate
 */
const environmentsPerSecond = 100;

/**
 * What a device can have on the way at once even if no PUBACK comes: its publishes until they time out. How many there
 * will be depends on the service's round trip, which no plan knows.
 */
function unacknowledgedPeak({ profile: { publish } }: Plan, perDevicePerSecond: number): number {
  return Math.min(publish.maxUnacknowledged, Math.ceil((perDevicePerSecond * publish.ackTimeoutMs) / 1_000));
}

/** What a slice's process has open beside its devices: runtime, event loops, S3, InfluxDB, the control channel. Assumed. */
const otherOpenFiles = 64;

/** Over HTTPS devices share sockets: as many as there are requests on the way, even if none is answered in time. */
function openFiles({ profile, load, slices }: Plan): number {
  if (profile.connect.protocol === 'mqtt') return slices.devicesPerSlice + otherOpenFiles;
  const requests = Math.ceil((load.peakPerSecond / slices.count) * (profile.publish.ackTimeoutMs / 1_000));
  return Math.min(maxDevicesPerSlice, requests) + otherOpenFiles;
}
