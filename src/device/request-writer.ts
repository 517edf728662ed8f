import { bodyFormatOf, type HttpSettings, hasBody } from '../profile/http-settings.ts';
import type { JsonValue, SizeDistribution } from '../profile/load-profile.ts';
import { parsePayloadTemplate } from '../profile/payload-template.ts';
import { isOfDevice, parseText, partsOf } from '../profile/text-template.ts';
import { makeMessageSizes } from './message-sizes.ts';
import type { MessageNumbers, MessageWriter, RequestHead } from './payload.ts';
import { SegmentCompiler } from './payload-segments.ts';
import {
  emptyMessage,
  fillMessage,
  type MessageContext,
  type Segment,
  type SegmentScope,
} from './payload-values.ts';
import { compileText, mostBytes, type TextEncoding, writeSegments } from './text-segments.ts';

export interface RequestSettings extends SegmentScope {
  readonly http: HttpSettings;
  /** Path and query of the target's URL. */
  readonly target: { readonly path: string; readonly query: string };
  readonly payload: JsonValue;
  /** The body is padded up to this size; of bodies that differ in size, the largest. */
  readonly sizeBytes: number;
  readonly sizes?: SizeDistribution;
  readonly runId: string;
  readonly slice: number;
  /** Index over the whole run of one of the slice's devices. */
  readonly indexOf: (device: number) => number;
}

/** Random values above the body are drawn apart from those in it, so that a template here changes nothing there. */
const headLane = 1_000;
/** White space that JSON and text may end with, empty fields of a form, and zeros. */
const padding = { json: 0x20, text: 0x20, form: 0x26, bytes: 0 } as const;

/**
 * Writes requests: bodies by the payload's templates, and paths, queries and headers by theirs. There is no envelope, because
 * no observer reads it, and a web service may refuse unknown fields.
 */
export class RequestWriter implements MessageWriter {
  /** Of the request that was written last. */
  head: RequestHead = { method: '', path: '', headers: {} };
  readonly #settings: RequestSettings;
  readonly #body: readonly Segment[];
  readonly #out: Buffer;
  readonly #padding: number;
  readonly #sizeOf: (deviceIndex: number, k: number) => number;
  readonly #message: MessageContext;
  readonly #path: HeadText;
  readonly #headers: readonly (readonly [name: string, value: HeadText])[];

  /** @param settings checked by `checkHttpSettings` */
  constructor(settings: RequestSettings) {
    const { http, sizeBytes, seed } = settings;
    this.#settings = settings;
    this.#body = hasBody(http) ? compileBody(settings) : [];
    this.#out = Buffer.allocUnsafeSlow(Math.max(mostBytes(this.#body), sizeBytes, 1));
    this.#padding = padding[bodyFormatOf(http.contentType)];
    this.#sizeOf = makeMessageSizes(settings, seed);
    this.#message = emptyMessage(seed, settings.indexOf);
    this.#path = new HeadText(pathPieces(settings), settings);
    this.#headers = Object.entries(headerTexts(http)).map(
      ([name, text]) => [name.toLowerCase(), new HeadText([{ text, encoding: 'plain' }], settings)] as const,
    );
  }

  /** The body; `head` is that of the same request. @returns a view that the next call overwrites */
  write(numbers: MessageNumbers, sentMs: number): Buffer {
    const message = this.#message;
    const { http } = this.#settings;
    const { k } = numbers;
    fillMessage(message, numbers, sentMs);
    message.random.seek(message.deviceIndex, k, headLane);
    const path = this.#path.textFor(message);
    const headers: Record<string, string> = {};
    for (const [name, value] of this.#headers) headers[name] = value.textFor(message);
    this.head = { method: http.method, path, headers };
    if (this.#body.length === 0) return emptyBody;
    message.random.seek(message.deviceIndex, k);
    const end = writeSegments(this.#body, this.#out, 0, message);
    const size = this.#sizeOf(message.deviceIndex, k);
    if (end < size) this.#out.fill(this.#padding, end, size);
    return this.#out.subarray(0, Math.max(end, size));
  }
}

const emptyBody = Buffer.alloc(0);

function compileBody({ payload, http, ...scope }: RequestSettings): readonly Segment[] {
  const { template } = parsePayloadTemplate(payload);
  const format = bodyFormatOf(http.contentType);
  if (format === 'json') {
    const compiler = new SegmentCompiler(scope);
    compiler.template(template);
    return compiler.finish();
  }
  if (format === 'form') {
    if (template.kind !== 'object') return [];
    return template.entries.flatMap(([key, value], i) => [
      ...compileText([`${i === 0 ? '' : '&'}${encodeURIComponent(key)}=`], scope),
      ...compileText(partsOf(value), scope, 'percent'),
    ]);
  }
  const [only] = partsOf(template);
  if (
    format === 'bytes' &&
    template.kind === 'call' &&
    typeof only === 'object' &&
    only.name === 'randomBytes'
  )
    return [randomBytes(only.bytes)];
  return compileText(partsOf(template), scope);
}

function randomBytes(count: number): Segment {
  return {
    maxBytes: count,
    write(out, at, { random }) {
      for (let i = 0; i < count; i++) out[at + i] = random.nextUint32();
      return at + count;
    },
  };
}

interface Piece {
  readonly text: string;
  readonly encoding: TextEncoding;
}

function pathPieces({ http, target }: RequestSettings): Piece[] {
  const pieces: Piece[] = [{ text: http.path ?? target.path, encoding: 'url' }];
  let separator = '?';
  if (target.query !== '') {
    pieces.push({ text: `?${target.query}`, encoding: 'url' });
    separator = '&';
  }
  for (const [name, text] of Object.entries(http.query)) {
    pieces.push({ text: `${separator}${encodeURIComponent(name)}=`, encoding: 'plain' });
    pieces.push({ text, encoding: 'percent' });
    separator = '&';
  }
  return pieces;
}

/** Secret ones are not among them: they are added where requests are sent. */
function headerTexts(http: HttpSettings): Record<string, string> {
  const given = Object.entries(http.headers).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return {
    'user-agent': 'stampede',
    ...(hasBody(http) && { 'content-type': http.contentType }),
    ...Object.fromEntries(given.map(([name, text]) => [name.toLowerCase(), text])),
  };
}

/** A text above the body: made once a device where it does not change from message to message. */
class HeadText {
  readonly #segments: readonly Segment[];
  readonly #out: Buffer;
  /** By device; undefined: it differs by message. */
  readonly #known: string[] | undefined;

  constructor(pieces: readonly Piece[], settings: RequestSettings) {
    const parsed = pieces.map(({ text, encoding }) => ({
      parts: parseText(text, '', settings).parts,
      encoding,
    }));
    this.#segments = parsed.flatMap(({ parts, encoding }) => compileText(parts, settings, encoding));
    this.#out = Buffer.allocUnsafeSlow(mostBytes(this.#segments));
    this.#known = parsed.every(({ parts }) => isOfDevice(parts)) ? [] : undefined;
  }

  textFor(message: MessageContext): string {
    const known = this.#known?.[message.device];
    if (known !== undefined) return known;
    const text = this.#out.toString('latin1', 0, writeSegments(this.#segments, this.#out, 0, message));
    if (this.#known !== undefined) this.#known[message.device] = text;
    return text;
  }
}
