import { envelopeBytes, leastPayloadBytes, utf8Bytes } from '../profile/payload-size.ts';
import { parsePayloadTemplate } from '../profile/payload-template.ts';
import { topicOfDevice } from './device-topic.ts';
import type { Plan } from './plan.ts';

/** Bytes of one message: as padded, or at least what its payload and envelope come to. */
export function messageBytes({ profile, runId }: Plan): number {
  const { template } = parsePayloadTemplate(profile.publish.payload);
  return Math.max(profile.publish.sizeBytes, leastPayloadBytes(template) + envelopeBytes + runId.length);
}

/**
 * Bytes of one message as AWS IoT Core meters it: over MQTT payload and topic (the last device's, the longest), over
 * HTTPS the request's body.
 * @see https://aws.amazon.com/iot-core/pricing/additional-details/
 */
export function meteredBytes(plan: Plan): number {
  const { profile, slices } = plan;
  if (profile.connect.protocol === 'https') return messageBytes(plan);
  const topic = topicOfDevice(plan, profile.devices - 1, slices.count - 1);
  return messageBytes(plan) + utf8Bytes(topic);
}
