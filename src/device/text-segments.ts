import type { TextPart } from '../profile/text-template.ts';
import { SegmentCompiler } from './payload-segments.ts';
import { base64, type MessageContext, type Segment, type SegmentScope } from './payload-values.ts';

/** How text stands where it goes: as it is; percent-encoded (RFC 3986, 2.1); or, in a `url`, only what templates write is. */
export type TextEncoding = 'plain' | 'percent' | 'url';

/** Compiles text with templates in it. */
export function compileText(
  parts: readonly TextPart[],
  scope: SegmentScope,
  encoding: TextEncoding = 'plain',
): readonly Segment[] {
  const compiler = new SegmentCompiler(scope, encoding === 'plain' ? (text) => text : encodeURIComponent);
  for (const part of parts) {
    if (typeof part === 'string' && encoding === 'url') compiler.text(part);
    // Base64 has characters that percent-encoding replaces; what other functions write has none, or is escaped.
    else if (typeof part === 'object' && part.name === 'randomBytes' && encoding !== 'plain')
      compiler.segment(percentEncoded(base64(part.bytes)));
    else compiler.parts([part]);
  }
  return compiler.finish();
}

/** Most bytes that the segments write together. */
export function mostBytes(segments: readonly Segment[]): number {
  return segments.reduce((sum, { maxBytes }) => sum + maxBytes, 0);
}

/** Writes segments one after the other. @returns the offset after them */
export function writeSegments(
  segments: readonly Segment[],
  out: Buffer,
  at: number,
  message: MessageContext,
): number {
  let end = at;
  for (const segment of segments) end = segment.write(out, end, message);
  return end;
}

function percentEncoded(segment: Segment): Segment {
  const plain = Buffer.alloc(segment.maxBytes);
  return {
    maxBytes: segment.maxBytes * 3,
    write(out, at, message) {
      const end = segment.write(plain, 0, message);
      return at + out.write(encodeURIComponent(plain.toString('latin1', 0, end)), at, 'latin1');
    },
  };
}
