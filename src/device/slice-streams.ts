import { isAcknowledged } from '../plan/groups.ts';
import { kindsOf } from '../plan/kinds.ts';
import type { Plan, Slice } from '../plan/plan.ts';
import { plannedStreamsOf } from '../plan/streams.ts';
import { envelopePlaceOf } from '../profile/encoding.ts';
import type { LoadProfile } from '../profile/load-profile.ts';
import { splitRequestUrl } from '../targets/http/request-url.ts';
import { dataUrlOf } from '../targets/traits-of.ts';
import { BareWriter } from './bare-writer.ts';
import { payloadEncodingOf } from './encodings/payload-encodings.ts';
import type { OutgoingStream } from './outgoing-stream.ts';
import { type MessageWriter, type PayloadSettings, PayloadWriter } from './payload.ts';
import { RequestWriter } from './request-writer.ts';
import type { SliceDevices } from './slice-devices.ts';

/** The kinds of message that a slice sends: publishes, or requests to a web service. */
export function streamsOfSlice(
  plan: Pick<Plan, 'runId'>,
  slice: Slice,
  devices: SliceDevices,
): readonly OutgoingStream[] {
  const { group } = slice;
  const { timeline } = group;
  const { http } = group.profile;
  const topicsOf = Array.from({ length: slice.devices }, (_, device) => devices.topics(device));
  const kinds = kindsOf(group);
  return plannedStreamsOf(slice).map(({ offsetMs }, stream) => {
    // Streams that no kind has are of the first one: that of users who echo, or one without messages.
    const kind = Math.max(
      0,
      kinds.findIndex((each) => each.stream === stream),
    );
    const { profile } = kinds[kind]!;
    const shared = {
      ...profile.publish,
      runId: plan.runId,
      slice: slice.slice,
      stream,
      firstDevice: slice.firstDevice,
      devices: slice.devices,
      seed: profile.seed,
      offsetMsOf: offsetMs ?? ((_n: number, atMs: number) => atMs - timeline.publishAt),
    };
    const writer: MessageWriter =
      http === undefined
        ? makeWriter(profile, { ...shared, deviceGroup: slice.group.number })
        : new RequestWriter({
            ...shared,
            http,
            target: splitRequestUrl(dataUrlOf(slice.group.target) ?? ''),
          });
    const { encoding } = profile.publish;
    const firstTopicOf = encoding && payloadEncodingOf(encoding).firstTopicOf;
    return {
      writer,
      topics: topicsOf.map((topics) => topics[kind]!),
      ...(firstTopicOf && { firstTopics: topicsOf.map((topics) => firstTopicOf(topics[kind]!)) }),
      qos: profile.publish.qos,
      retain: profile.publish.retain === true,
      isAliased: profile.publish.topicAlias === true,
      isAnswered: isAcknowledged(kinds[kind]!),
    };
  });
}

function makeWriter(profile: LoadProfile, settings: PayloadSettings): MessageWriter {
  const { encoding } = profile.publish;
  const envelopePlace = envelopePlaceOf(profile);
  return encoding === undefined || envelopePlace === 'payload'
    ? new PayloadWriter(settings)
    : new BareWriter({ ...settings, encoding, envelopePlace });
}
