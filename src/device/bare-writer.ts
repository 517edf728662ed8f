import { type Encoding, type EnvelopePlace, paddingOf } from '../profile/encoding.ts';
import { readProtobuf } from '../profile/encoding-rules.ts';
import { type PayloadTemplate, parsePayloadTemplate } from '../profile/payload-template.ts';
import { partsOf } from '../profile/text-template.ts';
import { InvalidInputError } from '../shared/errors.ts';
import { compileBytes } from './encodings/bytes.ts';
import { compileCbor } from './encodings/cbor.ts';
import { compileProtobuf } from './encodings/protobuf.ts';
import { compileSparkplug } from './encodings/sparkplug.ts';
import { makeMessageSizes } from './message-sizes.ts';
import { compileEnvelope, type MessageNumbers, type MessageWriter, type PayloadSettings } from './payload.ts';
import { SegmentCompiler } from './payload-segments.ts';
import {
  emptyMessage,
  fixed,
  type MessageContext,
  type Segment,
  type SegmentScope,
} from './payload-values.ts';
import { makePropertyWriter, type PropertyWriter } from './property-writer.ts';
import { compileText, mostBytes, writeSegments } from './text-segments.ts';

export interface BareSettings extends PayloadSettings {
  readonly encoding: Encoding;
  readonly envelopePlace: Exclude<EnvelopePlace, 'payload'>;
}

/**
 * Writes messages whose payload is the user's alone, in any encoding. The envelope, `{"stampede":{…}}`, is a user property, or a
 * line before the payload.
 */
export class BareWriter implements MessageWriter {
  properties: Buffer | undefined;
  readonly #properties: PropertyWriter | undefined;
  readonly #segments: readonly Segment[];
  /** Of the first message that a device sends. */
  readonly #first: readonly Segment[];
  readonly #out: Buffer;
  readonly #sizeOf: (deviceIndex: number, k: number) => number;
  readonly #padding: number;
  readonly #firstDevice: number;
  readonly #message: MessageContext;

  /** @throws {InvalidInputError} for a payload that holds a malformed template. */
  constructor(settings: BareSettings) {
    const { encoding, sizeBytes, firstDevice, seed } = settings;
    const { template, errors } = parsePayloadTemplate(settings.payload);
    if (errors.length > 0) throw new InvalidInputError('The payload', errors);
    const envelope = envelopeSegments(settings);
    const { payload, first } = compilePayload(encoding, template, settings);
    const isPrefix = settings.envelopePlace === 'prefix';
    this.#properties = makePropertyWriter(isPrefix ? settings : { ...settings, envelope });
    const whole = (segments: readonly Segment[]) =>
      isPrefix ? [...envelope, fixed(lineEnd), ...segments] : segments;
    this.#segments = whole(payload);
    this.#first = first === undefined ? this.#segments : whole(first);
    this.#padding = paddingOf(encoding) ?? 0;
    this.#sizeOf = makeMessageSizes(settings, seed);
    this.#out = Buffer.allocUnsafeSlow(
      Math.max(mostBytes(this.#segments), mostBytes(this.#first), sizeBytes, 1),
    );
    this.#firstDevice = firstDevice;
    this.#message = emptyMessage(seed);
  }

  write({ n, device, k, atMs }: MessageNumbers, sentMs: number, isFirst = false): Buffer {
    const message = this.#message;
    message.n = n;
    message.device = device;
    message.deviceIndex = this.#firstDevice + device;
    message.k = k;
    message.atMs = atMs;
    message.sentMs = sentMs;
    message.random.seek(message.deviceIndex, k);
    const out = this.#out;
    const end = writeSegments(isFirst ? this.#first : this.#segments, out, 0, message);
    this.properties = this.#properties?.write(message);
    const size = this.#sizeOf(message.deviceIndex, k);
    if (end >= size) return out.subarray(0, end);
    out.fill(this.#padding, end, size);
    return out.subarray(0, size);
  }
}

const lineEnd = Buffer.from('\n');

function envelopeSegments(settings: PayloadSettings): readonly Segment[] {
  const compiler = new SegmentCompiler(settings);
  compileEnvelope(compiler, settings);
  compiler.text('}');
  return compiler.finish();
}

interface CompiledPayload {
  readonly payload: readonly Segment[];
  /** Of a device's first message, where it differs. */
  readonly first?: readonly Segment[];
}

function compilePayload(encoding: Encoding, template: PayloadTemplate, scope: SegmentScope): CompiledPayload {
  switch (encoding) {
    case 'plain-json': {
      const compiler = new SegmentCompiler(scope);
      compiler.template(template);
      return { payload: compiler.finish() };
    }
    case 'text':
      return { payload: compileText(partsOf(template), scope) };
    case 'bytes':
      return { payload: compileBytes(partsOf(template), scope) };
    case 'cbor':
      return { payload: compileCbor(template, scope) };
    case 'sparkplug-b': {
      const { data, birth } = compileSparkplug(template, scope);
      return { payload: data, first: birth };
    }
    default: {
      const { fields, errors } = readProtobuf(encoding, template);
      if (errors.length > 0) throw new InvalidInputError('The payload', errors);
      return { payload: compileProtobuf(fields, scope) };
    }
  }
}
