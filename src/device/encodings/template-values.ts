import type { TemplateArgument, TemplateCall } from '../../profile/template-functions.ts';
import { powersOfTen } from '../ascii.ts';
import {
  gaussian,
  type MessageContext,
  type Segment,
  type SegmentScope,
  sine,
  uniform,
  walk,
} from '../payload-values.ts';
import { compileText, mostBytes, writeSegments } from '../text-segments.ts';

export type NumberOf = (message: MessageContext) => number;

/** What a template function yields, for encodings that know types. */
export type TemplateValue =
  | { readonly kind: 'integer'; readonly numberOf: NumberOf }
  | { readonly kind: 'decimal'; readonly numberOf: NumberOf }
  | { readonly kind: 'text'; readonly segments: readonly Segment[] }
  | { readonly kind: 'bytes'; readonly count: number }
  | {
      readonly kind: 'choice';
      readonly values: readonly TemplateArgument[];
      readonly by: Extract<TemplateCall, { name: 'choice' }>['by'];
    };

/** The values of one payload's template functions: the same numbers, drawn in the same order, as JSON has of them. */
export class TemplateValues {
  readonly #scope: SegmentScope;
  #walks = 0;

  constructor(scope: SegmentScope) {
    this.#scope = scope;
  }

  of(call: TemplateCall): TemplateValue {
    switch (call.name) {
      case 'deviceIndex':
        return { kind: 'integer', numberOf: (message) => message.deviceIndex };
      case 'n':
        return { kind: 'integer', numberOf: (message) => message.n };
      case 'sequence':
        return { kind: 'integer', numberOf: (message) => message.k };
      case 'now':
        return { kind: 'integer', numberOf: (message) => Math.floor(message.sentMs) };
      case 'deviceId':
      case 'uuid':
        return { kind: 'text', segments: compileText([call], this.#scope) };
      case 'randomBytes':
        return { kind: 'bytes', count: call.bytes };
      case 'choice':
        return { kind: 'choice', values: call.values, by: call.by };
      case 'random':
        return rounded(uniform(call), call.decimals);
      case 'gaussian':
        return rounded(gaussian(call), call.decimals);
      case 'sine':
        return rounded(sine(call, this.#scope), call.decimals);
      case 'walk':
        return rounded(walk(call, this.#scope, ++this.#walks), call.decimals);
    }
  }
}

function rounded(numberOf: NumberOf, decimals: number): TemplateValue {
  const unit = powersOfTen[decimals]!;
  return {
    kind: decimals === 0 ? 'integer' : 'decimal',
    numberOf(message) {
      const value = numberOf(message);
      const scaled = Math.round(value * unit);
      return Number.isSafeInteger(scaled) ? scaled / unit : value;
    },
  };
}

/** Raw random bytes: the ones that JSON has in base64. */
export function randomBytes(count: number): Segment {
  return {
    maxBytes: count,
    write(out, at, { random }) {
      for (let i = 0; i < count; i += 3) {
        const bits = random.nextUint32();
        out[at + i] = bits >>> 16;
        if (i + 1 < count) out[at + i + 1] = bits >>> 8;
        if (i + 2 < count) out[at + i + 2] = bits;
      }
      return at + count;
    },
  };
}

/** How the length of what follows is written. */
export interface LengthFormat {
  bytesOf(length: number): number;
  /** @returns the offset after it */
  write(out: Buffer, at: number, length: number): number;
}

/** Segments after their length in bytes. */
export function counted(segments: readonly Segment[], format: LengthFormat): Segment {
  const most = mostBytes(segments);
  const head = format.bytesOf(most);
  return {
    maxBytes: head + most,
    write(out, at, message) {
      const start = at + head;
      const end = writeSegments(segments, out, start, message);
      const bodyAt = format.write(out, at, end - start);
      if (bodyAt === start) return end;
      out.copyWithin(bodyAt, start, end);
      return bodyAt + end - start;
    },
  };
}

/** IEEE 754 double, big-endian. */
export function writeDouble(out: Buffer, at: number, value: number): number {
  return out.writeDoubleBE(value, at);
}
