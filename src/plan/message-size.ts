import { envelopeBytes, leastPayloadBytes, utf8Bytes } from '../profile/payload-size.ts';
import { parsePayloadTemplate } from '../profile/payload-template.ts';
import { longestTopicOf } from './device-topic.ts';
import type { GroupPlan } from './plan.ts';

/** Bytes of one message: as padded, or at least what its payload and envelope come to. */
export function messageBytes({ profile, runId }: Pick<GroupPlan, 'profile' | 'runId'>): number {
  const { template } = parsePayloadTemplate(profile.publish.payload);
  return Math.max(profile.publish.sizeBytes, leastPayloadBytes(template) + envelopeBytes + runId.length);
}

/**
 * Bytes of one message as AWS IoT Core meters it: over MQTT payload and topic (the longest of the group), over HTTPS the
 * request's body.
 * @see https://aws.amazon.com/iot-core/pricing/additional-details/
 */
export function meteredBytes(group: GroupPlan): number {
  const bytes = messageBytes(group);
  return group.profile.connect.protocol === 'https' ? bytes : bytes + utf8Bytes(longestTopicOf(group));
}
