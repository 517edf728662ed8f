import { type CommandStream, commandTopic } from '../plan/downlinks.ts';
import { isAcknowledged } from '../plan/groups.ts';
import { kindsOf } from '../plan/kinds.ts';
import type { Slice } from '../plan/plan.ts';
import { plannedStreamsOf, type Stream } from '../plan/streams.ts';
import { envelopePlaceOf, isModuleEncoding } from '../profile/encoding.ts';
import type { LoadProfile } from '../profile/load-profile.ts';
import { splitRequestUrl } from '../targets/http/request-url.ts';
import { dataUrlOf } from '../targets/traits-of.ts';
import { BareWriter } from './bare-writer.ts';
import { payloadEncodingOf } from './encodings/payload-encodings.ts';
import { PayloadFunctionError, type PayloadFunctions } from './encodings/payload-function.ts';
import type { OutgoingStream } from './outgoing-stream.ts';
import { type MessageWriter, type PayloadSettings, PayloadWriter } from './payload.ts';
import { RequestWriter } from './request-writer.ts';
import type { SliceDevices } from './slice-devices.ts';

/** Functions of the user's that make payloads, and what is called when one fails. */
export interface OwnPayloads {
  /** By `keyOfFunction`; undefined: the slice has none. */
  readonly functions?: PayloadFunctions;
  /** One failed for a message, which is not sent. */
  onError?(error: PayloadFunctionError): void;
}

/**
 * The kinds of message that a slice sends: publishes, or requests to a web service.
 * @param commands of a slice of a backend: its one stream
 * @param streams of the slice, whose schedules may be amended
 */
export function streamsOfSlice(
  slice: Slice,
  devices: SliceDevices,
  commands?: CommandStream,
  own: OwnPayloads = {},
  streams: readonly Stream[] = plannedStreamsOf(slice),
): readonly OutgoingStream[] {
  const { group } = slice;
  const { timeline } = group;
  const { http } = group.profile;
  const topicsOf = Array.from({ length: slice.devices }, (_, device) => devices.topics(device));
  const kinds = kindsOf(group);
  return streams.map(({ offsetMs }, stream) => {
    // Streams that no kind has are of the first one: that of users who echo, or one without messages.
    const kind = Math.max(
      0,
      kinds.findIndex((each) => each.stream === stream),
    );
    const { profile } = kinds[kind]!;
    const shared = {
      ...profile.publish,
      runId: group.runId,
      slice: slice.slice,
      stream,
      indexOf: devices.indexOf,
      devices: slice.devices,
      seed: profile.seed,
      offsetMsOf: offsetMs ?? ((_n: number, atMs: number) => atMs - timeline.publishAt),
    };
    const writer: MessageWriter =
      http === undefined
        ? makeWriter(profile, { ...shared, deviceGroup: slice.group.number }, own)
        : new RequestWriter({
            ...shared,
            http,
            target: splitRequestUrl(dataUrlOf(slice.group.target) ?? ''),
          });
    return {
      writer,
      ...(commands === undefined
        ? topicsByDevice(
            profile,
            topicsOf.map((topics) => topics[kind]!),
            kind,
          )
        : commandTopics(commands)),
      qos: profile.publish.qos,
      retain: profile.publish.retain === true,
      isAliased: profile.publish.topicAlias === true,
      isAnswered: isAcknowledged(kinds[kind]!),
    };
  });
}

/** Devices publish each to a topic of its own. @param kind place of the kind of message among those of the slice */
function topicsByDevice(
  { publish: { encoding } }: LoadProfile,
  topics: string[],
  kind: number,
): Pick<OutgoingStream, 'topicOf' | 'hasFirst' | 'renew'> {
  const firstTopicOf = encoding && payloadEncodingOf(encoding).firstTopicOf;
  const firstTopics = firstTopicOf === undefined ? topics : topics.map(firstTopicOf);
  return {
    topicOf: ({ device }, isFirst) => (isFirst ? firstTopics : topics)[device]!,
    hasFirst: firstTopicOf !== undefined,
    renew(device, renewed) {
      topics[device] = renewed[kind]!;
      if (firstTopicOf !== undefined) firstTopics[device] = firstTopicOf(renewed[kind]!);
    },
  };
}

/** Commands go to the topics of those who receive them. */
function commandTopics(commands: CommandStream): Pick<OutgoingStream, 'topicOf' | 'hasFirst' | 'renew'> {
  return { topicOf: ({ n }) => commandTopic(commands, n), hasFirst: false, renew() {} };
}

function makeWriter(profile: LoadProfile, settings: PayloadSettings, own: OwnPayloads): MessageWriter {
  const { encoding } = profile.publish;
  const envelopePlace = envelopePlaceOf(profile);
  if (encoding === undefined || envelopePlace === 'payload') return new PayloadWriter(settings);
  const writer = new BareWriter({ ...settings, encoding, envelopePlace, payloadFunctions: own.functions });
  return isModuleEncoding(encoding) ? withoutFailures(writer, own) : writer;
}

function withoutFailures(writer: BareWriter, { onError }: OwnPayloads): MessageWriter {
  return {
    write(numbers, sentMs) {
      try {
        return writer.write(numbers, sentMs);
      } catch (error) {
        if (!(error instanceof PayloadFunctionError) || onError === undefined) throw error;
        onError(error);
        return undefined;
      }
    },
    get properties() {
      return writer.properties;
    },
  };
}
