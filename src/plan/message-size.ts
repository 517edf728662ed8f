import { envelopeBytes, leastPayloadBytes, utf8Bytes } from '../profile/payload-size.ts';
import { parsePayloadTemplate } from '../profile/payload-template.ts';
import { shareAbove } from '../profile/size-distribution.ts';
import { sumOf } from '../shared/counts.ts';
import { meteredStepBytes } from '../targets/aws-iot/prices.ts';
import { longestTopicOf } from './device-topic.ts';
import type { GroupPlan } from './plan.ts';
import type { MessageUsage } from './usage.ts';

type Sized = Pick<GroupPlan, 'profile' | 'runId'>;

/** Bytes of the largest message: as padded, or at least what its payload and envelope come to. */
export function messageBytes(group: Sized): number {
  return Math.max(group.profile.publish.sizeBytes, contentBytes(group));
}

/** Of messages that differ in size, the mean: ∫ of the share that is above a size, over all sizes. */
export function meanMessageBytes(group: Sized): number {
  const { sizes, sizeBytes } = group.profile.publish;
  const least = contentBytes(group);
  if (sizes === undefined || sizeBytes <= least) return messageBytes(group);
  const width = (sizeBytes - least) / meanSteps;
  const shares = Array.from({ length: meanSteps }, (_, i) =>
    shareAbove({ sizes, sizeBytes }, least + (i + 0.5) * width - 0.5),
  );
  return least + sumOf(shares) * width;
}

/** Points at which the share is taken, in the middle of so many equal parts: the mean is then exact to a hundred-thousandth. */
const meanSteps = 1_000;

function contentBytes({ profile, runId }: Sized): number {
  const { template } = parsePayloadTemplate(profile.publish.payload);
  return leastPayloadBytes(template) + envelopeBytes + runId.length;
}

/**
 * One message as AWS IoT Core meters it: over MQTT payload and topic (the longest of the group), over HTTPS the request's body. Of messages
 * that differ in size, the mean; one of b bytes is billed as ⌈b ÷ 5 KB⌉ messages, whose mean is the sum over i of the share that
 * is larger than i steps.
 * @see https://aws.amazon.com/iot-core/pricing/additional-details/
 */
export function meteredSize(group: GroupPlan): Pick<MessageUsage, 'meteredBytes' | 'meteredMessages'> {
  const { sizes, sizeBytes } = group.profile.publish;
  const least = contentBytes(group);
  const beside = meteredBeside(group);
  const meteredBytes = meanMessageBytes(group) + beside;
  if (sizes === undefined || sizeBytes <= least) return { meteredBytes };
  const fewest = Math.ceil((least + beside) / meteredStepBytes);
  let meteredMessages = fewest;
  for (let i = fewest; i * meteredStepBytes - beside < sizeBytes; i++)
    meteredMessages += shareAbove({ sizes, sizeBytes }, i * meteredStepBytes - beside);
  return { meteredBytes, meteredMessages };
}

function meteredBeside(group: GroupPlan): number {
  return group.profile.connect.protocol === 'https' ? 0 : utf8Bytes(longestTopicOf(group));
}
