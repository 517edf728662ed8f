import { envelopePlaceOf } from '../profile/encoding.ts';
import {
  envelopeBytes,
  leastPayloadBytes,
  leastUserPropertyBytes,
  utf8Bytes,
} from '../profile/payload-size.ts';
import { parsePayloadTemplate } from '../profile/payload-template.ts';
import { shareAbove } from '../profile/size-distribution.ts';
import { sumOf } from '../shared/counts.ts';
import { meteredStepBytes } from '../targets/aws-iot/prices.ts';
import { longestTopicOf } from './device-topic.ts';
import type { GroupPlan } from './plan.ts';
import type { MessageUsage } from './usage.ts';

type Sized = Pick<GroupPlan, 'profile' | 'runId'>;

/** Bytes of the largest message: as padded, or at least what its payload comes to, and its envelope. */
export function messageBytes(group: Sized): number {
  return Math.max(group.profile.publish.sizeBytes, contentBytes(group)) + envelopeBeside(group);
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
  return least + sumOf(shares) * width + envelopeBeside(group);
}

/** Points at which the share is taken, in the middle of so many equal parts: the mean is then exact to a hundred-thousandth. */
const meanSteps = 1_000;

/** At least what is padded. */
function contentBytes({ profile, runId }: Sized): number {
  const { payload, encoding } = profile.publish;
  const { template } = parsePayloadTemplate(payload);
  const least = leastPayloadBytes(template, encoding);
  return envelopePlaceOf(profile) === 'property' ? least : least + envelopeBytes + runId.length;
}

/** A user property is not in the size that a message is padded to. */
function envelopeBeside({ profile, runId }: Sized): number {
  return envelopePlaceOf(profile) === 'property' ? envelopeBytes + runId.length : 0;
}

/**
 * One message as AWS IoT Core meters it: over MQTT payload, topic (the longest of the group), user properties and content
 * type, over HTTPS the request's body. Of messages
 * that differ in size, the mean; one of b bytes is billed as ⌈b ÷ 5 KB⌉ messages, whose mean is the sum over i of the share that
 * is larger than i steps.
 * @see https://aws.amazon.com/iot-core/pricing/additional-details/
 */
export function meteredSize(group: GroupPlan): Pick<MessageUsage, 'meteredBytes' | 'meteredMessages'> {
  const { sizes, sizeBytes } = group.profile.publish;
  const least = contentBytes(group);
  const topicBytes = bytesBesideIt(group);
  const beside = topicBytes + envelopeBeside(group);
  const meteredBytes = meanMessageBytes(group) + topicBytes;
  if (sizes === undefined || sizeBytes <= least) return { meteredBytes };
  const fewest = Math.ceil((least + beside) / meteredStepBytes);
  let meteredMessages = fewest;
  for (let i = fewest; i * meteredStepBytes - beside < sizeBytes; i++)
    meteredMessages += shareAbove({ sizes, sizeBytes }, i * meteredStepBytes - beside);
  return { meteredBytes, meteredMessages };
}

function bytesBesideIt(group: GroupPlan): number {
  if (group.profile.connect.protocol === 'https') return 0;
  const { userProperties, contentType = '' } = group.profile.publish;
  return utf8Bytes(longestTopicOf(group)) + leastUserPropertyBytes(userProperties) + utf8Bytes(contentType);
}
