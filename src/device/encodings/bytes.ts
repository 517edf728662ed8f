import { bytesOfHex } from '../../profile/encoding-rules.ts';
import type { TemplateCall } from '../../profile/template-functions.ts';
import type { TextPart } from '../../profile/text-template.ts';
import { choiceOf, fixed, type Segment, type SegmentScope } from '../payload-values.ts';
import { mostBytes, writeSegments } from '../text-segments.ts';
import {
  type NumberOf,
  randomBytes,
  type TemplateValue,
  TemplateValues,
  writeDouble,
} from './template-values.ts';

/**
 * Raw bytes, big-endian: fixed text is hexadecimal, a whole number takes 4 bytes (`now` 8, epoch milliseconds), any other number is
 * a double, a UUID takes 16 bytes, and a device id is its text.
 */
export function compileBytes(parts: readonly TextPart[], scope: SegmentScope): readonly Segment[] {
  const values = new TemplateValues(scope);
  return parts.flatMap((part) =>
    typeof part === 'string' ? [fixed(fromHex(part))] : segmentsOf(part, values.of(part)),
  );
}

function segmentsOf({ name }: TemplateCall, value: TemplateValue): readonly Segment[] {
  switch (value.kind) {
    case 'integer':
      return [name === 'now' ? int64(value.numberOf) : uint32(value.numberOf)];
    case 'decimal':
      return [{ maxBytes: 8, write: (out, at, message) => writeDouble(out, at, value.numberOf(message)) }];
    case 'bytes':
      return [randomBytes(value.count)];
    case 'choice':
      return [
        choiceOf(
          value.values.map((each) => fromHex(String(each))),
          value.by,
        ),
      ];
    case 'text':
      return name === 'uuid' ? [uuidBytes(value.segments)] : value.segments;
  }
}

function int64(numberOf: NumberOf): Segment {
  return {
    maxBytes: 8,
    write: (out, at, message) => out.writeBigInt64BE(BigInt(numberOf(message)), at),
  };
}

/** Modulo 2³²: a negative number is its two's complement. */
function uint32(numberOf: NumberOf): Segment {
  return { maxBytes: 4, write: (out, at, message) => out.writeUInt32BE(numberOf(message) >>> 0, at) };
}

function fromHex(text: string): Buffer {
  return Buffer.from(bytesOfHex(text) ?? []);
}

/** @param segments that write the UUID as text */
function uuidBytes(segments: readonly Segment[]): Segment {
  const text = Buffer.alloc(mostBytes(segments));
  return {
    maxBytes: 16,
    write(out, at, message) {
      writeSegments(segments, text, 0, message);
      return at + out.write(text.toString('latin1').replaceAll('-', ''), at, 'hex');
    },
  };
}
