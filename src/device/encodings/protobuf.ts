import type { PayloadTemplate } from '../../profile/payload-template.ts';
import type { BoundField, BoundValue } from '../../profile/protobuf/bind-payload.ts';
import { type ScalarType, scalarTypes } from '../../profile/protobuf/proto-schema.ts';
import { choiceOf, fixed, type Segment, type SegmentScope } from '../payload-values.ts';
import { compileText } from '../text-segments.ts';
import { counted, type LengthFormat, type NumberOf, randomBytes, TemplateValues } from './template-values.ts';

/** Wire types: the lower three bits of a tag. @see https://protobuf.dev/programming-guides/encoding/#structure */
const wireTypes = { varint: 0, fixed64: 1, length: 2, fixed32: 5 } as const;
export type Wire = keyof typeof wireTypes;

/** A message's fields, in the order of the payload. */
export function compileProtobuf(fields: readonly BoundField[], scope: SegmentScope): readonly Segment[] {
  return messageSegments(fields, scope, new TemplateValues(scope));
}

function messageSegments(
  fields: readonly BoundField[],
  scope: SegmentScope,
  values: TemplateValues,
): Segment[] {
  return fields.flatMap(({ number, value }) => [
    tag(number, wireOf(value)),
    ...valueSegments(value, scope, values),
  ]);
}

function wireOf(value: BoundValue): Wire {
  if (value.kind === 'scalar') return scalarTypes[value.type];
  return value.kind === 'enum' ? 'varint' : 'length';
}

function valueSegments(value: BoundValue, scope: SegmentScope, values: TemplateValues): Segment[] {
  switch (value.kind) {
    case 'message':
      return [counted(messageSegments(value.fields, scope, values), varintLength)];
    case 'packed':
      return [
        counted(
          value.items.flatMap((item) => valueSegments(item, scope, values)),
          varintLength,
        ),
      ];
    case 'enum': {
      const numberOf = (name: unknown) =>
        typeof name === 'string' ? value.numbers.get(name)! : Number(name);
      const { template } = value;
      if (template.kind === 'call' && template.call.name === 'choice')
        return [
          choiceOf(
            template.call.values.map((each) => encodeNumber('int32', numberOf(each))),
            template.call.by,
          ),
        ];
      return [fixed(encodeNumber('int32', numberOf(template.kind === 'literal' ? template.value : 0)))];
    }
    case 'scalar':
      return scalarSegments(value.type, value.template, scope, values);
  }
}

/** One value of a scalar type. @param template checked by `bindPayload` */
export function scalarSegments(
  type: ScalarType,
  template: PayloadTemplate,
  scope: SegmentScope,
  values: TemplateValues,
): Segment[] {
  if (type === 'bytes') {
    if (template.kind === 'call' && template.call.name === 'randomBytes')
      return [fixed(encodeVarint(template.call.bytes)), randomBytes(template.call.bytes)];
    const text = template.kind === 'literal' ? String(template.value) : '';
    return [withLength(Buffer.from(text, 'base64'))];
  }
  if (type === 'string') {
    if (template.kind === 'literal') return [withLength(Buffer.from(String(template.value)))];
    const parts = template.kind === 'call' ? [template.call] : template.kind === 'text' ? template.parts : [];
    return [counted(compileText(parts, scope), varintLength)];
  }
  if (template.kind !== 'call')
    return [fixed(encodeNumber(type, Number(template.kind === 'literal' ? template.value : 0)))];
  const value = values.of(template.call);
  if (value.kind === 'choice')
    return [
      choiceOf(
        value.values.map((each) => encodeNumber(type, Number(each))),
        value.by,
      ),
    ];
  return value.kind === 'integer' || value.kind === 'decimal' ? [numberSegment(type, value.numberOf)] : [];
}

/** A number made anew for each message; what the type has no fractions for is rounded. */
export function numberSegment(type: ScalarType, numberOf: NumberOf): Segment {
  return { maxBytes: 10, write: (out, at, message) => writeNumber(out, at, type, numberOf(message)) };
}

export function tag(number: number, wire: Wire): Segment {
  return fixed(encodeVarint(number * 8 + wireTypes[wire]));
}

export function withLength(bytes: Buffer): Segment {
  return fixed(Buffer.concat([encodeVarint(bytes.length), bytes]));
}

export const varintLength: LengthFormat = {
  bytesOf: (length) => encodeVarint(length).length,
  write: writeVarint,
};

function encodeNumber(type: ScalarType, value: number): Buffer {
  const out = Buffer.alloc(10);
  return out.subarray(0, writeNumber(out, 0, type, value));
}

function encodeVarint(value: number): Buffer {
  const out = Buffer.alloc(10);
  return out.subarray(0, writeVarint(out, 0, value));
}

function writeNumber(out: Buffer, at: number, type: ScalarType, value: number): number {
  const whole = Math.round(value);
  switch (type) {
    case 'double':
      return out.writeDoubleLE(value, at);
    case 'float':
      return out.writeFloatLE(value, at);
    case 'fixed32':
      return out.writeUInt32LE(whole >>> 0, at);
    case 'sfixed32':
      return out.writeInt32LE(whole | 0, at);
    case 'fixed64':
    case 'sfixed64':
      return out.writeBigInt64LE(BigInt.asIntN(64, BigInt(whole)), at);
    // (ZigZag) 0, −1, 1, −2 … as 0, 1, 2, 3 …
    case 'sint32':
    case 'sint64':
      return whole >= -(2 ** 52) && whole < 2 ** 52
        ? writeVarint(out, at, whole < 0 ? -2 * whole - 1 : 2 * whole)
        : writeBigVarint(out, at, whole < 0 ? -2n * BigInt(whole) - 1n : 2n * BigInt(whole));
    case 'bool':
      out[at] = value === 0 ? 0 : 1;
      return at + 1;
    default:
      // A negative number is its two's complement of 64 bits, of int32 too.
      return whole < 0
        ? writeBigVarint(out, at, BigInt.asUintN(64, BigInt(whole)))
        : writeVarint(out, at, whole);
  }
}

/** Seven bits a byte, the lowest first. @param value a safe integer, not negative @returns the offset after it */
function writeVarint(out: Buffer, start: number, value: number): number {
  let at = start;
  let left = value;
  while (left > 127) {
    out[at++] = (left % 128) | 128;
    left = Math.floor(left / 128);
  }
  out[at++] = left;
  return at;
}

function writeBigVarint(out: Buffer, start: number, value: bigint): number {
  let at = start;
  let left = value;
  while (left > 127n) {
    out[at++] = Number(left & 127n) | 128;
    left >>= 7n;
  }
  out[at++] = Number(left);
  return at;
}
