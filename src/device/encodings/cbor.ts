import type { PayloadTemplate } from '../../profile/payload-template.ts';
import { choiceOf, fixed, type Segment, type SegmentScope } from '../payload-values.ts';
import { compileText } from '../text-segments.ts';
import { counted, type LengthFormat, randomBytes, TemplateValues, writeDouble } from './template-values.ts';

/** Major types (RFC 8949, 3.1), in the upper three bits. */
const unsignedInteger = 0 << 5;
const negativeInteger = 1 << 5;
const byteString = 2 << 5;
const textString = 3 << 5;
const array = 4 << 5;
const map = 5 << 5;
const simple = { false: 0xf4, true: 0xf5, null: 0xf6 } as const;
const double = 0xfb;

/**
 * A template as CBOR (RFC 8949), lengths in the fewest bytes. Whole numbers are integers, others doubles; `randomBytes` is a byte
 * string; keys keep their order.
 */
export function compileCbor(template: PayloadTemplate, scope: SegmentScope): readonly Segment[] {
  return segmentsOf(template, scope, new TemplateValues(scope));
}

function segmentsOf(template: PayloadTemplate, scope: SegmentScope, values: TemplateValues): Segment[] {
  switch (template.kind) {
    case 'literal':
      return [fixed(encodeLiteral(template.value))];
    case 'call': {
      const value = values.of(template.call);
      switch (value.kind) {
        case 'integer':
          return [
            { maxBytes: 9, write: (out, at, message) => writeNumber(out, at, value.numberOf(message)) },
          ];
        case 'decimal':
          return [
            {
              maxBytes: 9,
              write(out, at, message) {
                out[at] = double;
                return writeDouble(out, at + 1, value.numberOf(message));
              },
            },
          ];
        case 'text':
          return [counted(value.segments, lengthAs(textString))];
        case 'bytes':
          return [fixed(encodeHead(byteString, value.count)), randomBytes(value.count)];
        case 'choice':
          return [choiceOf(value.values.map(encodeLiteral), value.by)];
      }
      break;
    }
    case 'text':
      return [counted(compileText(template.parts, scope), lengthAs(textString))];
    case 'list':
      return [
        fixed(encodeHead(array, template.items.length)),
        ...template.items.flatMap((item) => segmentsOf(item, scope, values)),
      ];
    case 'object':
      return [
        fixed(encodeHead(map, template.entries.length)),
        ...template.entries.flatMap(([key, field]) => [
          fixed(encodeLiteral(key)),
          ...segmentsOf(field, scope, values),
        ]),
      ];
  }
}

function encodeLiteral(value: string | number | boolean | null): Buffer {
  if (typeof value === 'string') {
    const bytes = Buffer.from(value);
    return Buffer.concat([encodeHead(textString, bytes.length), bytes]);
  }
  if (typeof value !== 'number') return Buffer.of(simple[`${value}`]);
  const out = Buffer.alloc(9);
  return out.subarray(0, writeNumber(out, 0, value));
}

function writeNumber(out: Buffer, at: number, value: number): number {
  if (!Number.isSafeInteger(value)) {
    out[at] = double;
    return writeDouble(out, at + 1, value);
  }
  return value < 0
    ? writeHead(out, at, negativeInteger, -1 - value)
    : writeHead(out, at, unsignedInteger, value);
}

function encodeHead(major: number, argument: number): Buffer {
  const out = Buffer.alloc(9);
  return out.subarray(0, writeHead(out, 0, major, argument));
}

/** (RFC 8949, 3) The initial byte and its argument. @returns the offset after them */
function writeHead(out: Buffer, at: number, major: number, argument: number): number {
  if (argument < 24) {
    out[at] = major | argument;
    return at + 1;
  }
  if (argument < 0x100) {
    out[at] = major | 24;
    out[at + 1] = argument;
    return at + 2;
  }
  if (argument < 0x1_0000) {
    out[at] = major | 25;
    return out.writeUInt16BE(argument, at + 1);
  }
  if (argument < 0x1_0000_0000) {
    out[at] = major | 26;
    return out.writeUInt32BE(argument, at + 1);
  }
  out[at] = major | 27;
  const end = out.writeUInt32BE(Math.floor(argument / 0x1_0000_0000), at + 1);
  return out.writeUInt32BE(argument % 0x1_0000_0000, end);
}

function lengthAs(major: number): LengthFormat {
  return {
    bytesOf: (length) => encodeHead(major, length).length,
    write: (out, at, length) => writeHead(out, at, major, length),
  };
}
