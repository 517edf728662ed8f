import { type Encoding, type EnvelopePlace, paddingOf } from '../profile/encoding.ts';
import { parsePayloadTemplate } from '../profile/payload-template.ts';
import { InvalidInputError } from '../shared/errors.ts';
import { payloadEncodingOf } from './encodings/payload-encodings.ts';
import type { PayloadFunctions } from './encodings/payload-function.ts';
import { makeMessageSizes } from './message-sizes.ts';
import {
  compileEnvelope,
  type MessageBirth,
  type MessageNumbers,
  type MessageWriter,
  type PayloadSettings,
} from './payload.ts';
import { SegmentCompiler } from './payload-segments.ts';
import { emptyMessage, fillMessage, fixed, type MessageContext, type Segment } from './payload-values.ts';
import { makePropertyWriter, type PropertyWriter } from './property-writer.ts';
import { mostBytes, writeSegments } from './text-segments.ts';

export interface BareSettings extends PayloadSettings {
  readonly encoding: Encoding;
  readonly envelopePlace: Exclude<EnvelopePlace, 'payload'>;
  /** The user's own, by `keyOfFunction`. */
  readonly payloadFunctions?: PayloadFunctions | undefined;
}

/**
 * Writes messages whose payload is the user's alone, in any encoding. The envelope, `{"stampede":{…}}`, is a user property, or a
 * line before the payload.
 */
export class BareWriter implements MessageWriter {
  properties: Buffer | undefined;
  readonly #properties: PropertyWriter | undefined;
  readonly #segments: readonly Segment[];
  /** Of the first message of a connection. */
  readonly #first: readonly Segment[];
  readonly #out: Buffer;
  readonly #sizeOf: (deviceIndex: number, k: number) => number;
  readonly #padding: number;
  readonly #message: MessageContext;

  /** @throws {InvalidInputError} for a payload that holds a malformed template. @throws PayloadFunctionError */
  constructor(settings: BareSettings) {
    const { encoding, sizeBytes, indexOf, seed } = settings;
    const { template, errors } = parsePayloadTemplate(settings.payload);
    if (errors.length > 0) throw new InvalidInputError('The payload', errors);
    const envelope = envelopeSegments(settings);
    const { payload, first } = payloadEncodingOf(encoding).compile(template, settings);
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
    this.#message = emptyMessage(seed, indexOf);
  }

  /** @throws PayloadFunctionError */
  write(numbers: MessageNumbers, sentMs: number, birth?: MessageBirth): Buffer {
    const message = this.#message;
    fillMessage(message, numbers, sentMs);
    message.births = birth?.births ?? 0;
    message.sinceBirth = birth?.since ?? message.k;
    message.random.seek(message.deviceIndex, message.k);
    const out = this.#out;
    const end = writeSegments(birth?.since === 0 ? this.#first : this.#segments, out, 0, message);
    this.properties = this.#properties?.write(message);
    const size = this.#sizeOf(message.deviceIndex, message.k);
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
