import type { ExactlyOnce } from './exactly-once.ts';
import type { IncomingPublish } from './incoming-publish.ts';
import { type MqttVersion, packetTypes, pubackHeader, pubrelHeader } from './packets.ts';

/** Where the packets of a connection go. */
export interface PacketSink {
  readonly context: { readonly mqttVersion: MqttVersion };
  /** What of a packet has come so far, kept until the rest comes. */
  partial: Buffer | undefined;
  /** @param code the reason code; 0 is success */
  onPuback(id: number, code: number): void;
  /** Receives PUBREC, PUBREL and PUBCOMP. */
  readonly exactlyOnce: Pick<ExactlyOnce, 'onPubrec' | 'onPubrel' | 'onPubcomp'>;
  /** Where a PUBLISH is read to before `onPublish`. */
  readonly incoming: IncomingPublish;
  onPublish(): void;
  onPingresp(): void;
  /** Any other packet, whole. */
  onRarePacket(bytes: Buffer): void;
  onMalformed(): void;
}

/** Nothing that is read here is larger; AWS IoT Core allows packets of 146 KB. */
const maxPacketBytes = 1 << 20;

/**
 * Cuts what a connection received into packets, reading PUBACKs straight from the chunk. Chunks nearly always end where
 * a packet ends, so bytes are copied only for the few that do not.
 */
export function readPackets(sink: PacketSink, chunk: Buffer, length: number): void {
  let bytes = chunk;
  let end = length;
  if (sink.partial !== undefined) {
    bytes = Buffer.concat([sink.partial, chunk.subarray(0, length)]);
    end = bytes.length;
    sink.partial = undefined;
  }
  let at = 0;
  while (at < end) {
    // Success without a reason code: four bytes, nearly all that ever comes.
    if (bytes[at] === pubackHeader && bytes[at + 1] === 2 && at + 4 <= end) {
      sink.onPuback((bytes[at + 2]! << 8) | bytes[at + 3]!, 0);
      at += 4;
      continue;
    }
    let body = at + 1;
    let remaining = 0;
    let byte = 128;
    let shift = 0;
    // [MQTT-1.5.5] Seven bits a byte, at most four bytes; the highest bit says that another follows.
    for (; byte >= 128 && body < end && shift < 28; shift += 7) {
      byte = bytes[body++]!;
      remaining |= (byte & 127) << shift;
    }
    if (remaining > maxPacketBytes || (byte >= 128 && shift === 28)) {
      sink.onMalformed();
      return;
    }
    if (byte >= 128 || body + remaining > end) {
      sink.partial = Buffer.from(bytes.subarray(at, end));
      return;
    }
    deliver(sink, bytes, at, body, body + remaining);
    at = body + remaining;
  }
}

function deliver(sink: PacketSink, bytes: Buffer, start: number, body: number, end: number): void {
  const header = bytes[start]!;
  switch (header >>> 4) {
    case packetTypes.publish:
      if (sink.incoming.read(bytes, start, body, end)) sink.onPublish();
      else sink.onMalformed();
      break;
    case packetTypes.pingresp:
      sink.onPingresp();
      break;
    case packetTypes.puback:
    case packetTypes.pubrec:
    case packetTypes.pubrel:
    case packetTypes.pubcomp:
      // [MQTT311-3.4.2] There an answer is its identifier and nothing more.
      if (end - body < 2 || (sink.context.mqttVersion === 4 && end - body > 2)) {
        sink.onMalformed();
        break;
      }
      // [MQTT-3.4.2.1] The reason code is absent where it is success and there are no properties.
      deliverAnswer(
        sink,
        header,
        (bytes[body]! << 8) | bytes[body + 1]!,
        end - body > 2 ? bytes[body + 2]! : 0,
      );
      break;
    default:
      sink.onRarePacket(bytes.subarray(start, end));
  }
}

function deliverAnswer(sink: PacketSink, header: number, id: number, code: number): void {
  switch (header >>> 4) {
    case packetTypes.puback:
      sink.onPuback(id, code);
      break;
    case packetTypes.pubrec:
      sink.exactlyOnce.onPubrec(id, code);
      break;
    case packetTypes.pubcomp:
      sink.exactlyOnce.onPubcomp(id, code);
      break;
    default:
      if (header === pubrelHeader) sink.exactlyOnce.onPubrel(id);
      else sink.onMalformed();
  }
}
