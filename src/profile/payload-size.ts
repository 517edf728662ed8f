import { sumBy } from '../shared/counts.ts';
import { type Encoding, isModuleEncoding } from './encoding.ts';
import { bytesOfHex } from './encoding-rules.ts';
import { type PayloadTemplate, parsePayloadTemplate } from './payload-template.ts';
import { type TemplateCall, templateFunctions } from './template-functions.ts';
import { partsOf } from './text-template.ts';

/**
 * At least this many bytes: what is fixed, and of each call the fewest bytes it can yield. A payload whose least size is past a
 * limit is certainly past it. Of a function of the user's, what it made of the first message.
 * @param encoding absent: JSON
 */
export function leastPayloadBytes(template: PayloadTemplate, encoding?: Encoding): number {
  switch (encoding) {
    case undefined:
    case 'plain-json':
      return leastJsonBytes(template);
    case 'text':
      return sumBy(partsOf(template), (part) =>
        typeof part === 'string' ? utf8Bytes(part) : leastTextBytes(part),
      );
    case 'bytes':
      return sumBy(partsOf(template), (part) =>
        typeof part === 'string' ? (bytesOfHex(part)?.length ?? 0) : leastBinaryBytes(part),
      );
    case 'cbor':
      return leastCompactBytes(template, (key) => utf8Bytes(key) + 1);
    default:
      return isModuleEncoding(encoding)
        ? (encoding.module.sampleBytes ?? 0)
        : leastCompactBytes(template, () => 0);
  }
}

/** @param keyBytes what a binary format writes of a key, at least: of many only a number in a schema */
function leastCompactBytes(template: PayloadTemplate, keyBytes: (key: string) => number): number {
  switch (template.kind) {
    case 'literal':
      return typeof template.value === 'string' ? utf8Bytes(template.value) : 0;
    case 'call':
      return leastBinaryBytes(template.call);
    case 'text':
      return sumBy(template.parts, (part) =>
        typeof part === 'string' ? utf8Bytes(part) : leastTextBytes(part),
      );
    case 'list':
      return sumBy(template.items, (item) => leastCompactBytes(item, keyBytes));
    case 'object':
      return sumBy(template.entries, ([key, field]) => keyBytes(key) + leastCompactBytes(field, keyBytes));
  }
}

function leastBinaryBytes(call: TemplateCall): number {
  switch (call.name) {
    case 'uuid':
      return 16;
    case 'randomBytes':
      return call.bytes;
    case 'deviceId':
    case 'deviceIndex':
    case 'n':
    case 'sequence':
    case 'now':
    case 'choice':
    case 'random':
    case 'gaussian':
    case 'sine':
    case 'walk':
      return 1;
  }
}

function leastJsonBytes(template: PayloadTemplate): number {
  switch (template.kind) {
    case 'literal':
      return utf8Bytes(JSON.stringify(template.value));
    case 'call':
      return leastCallBytes(template.call);
    case 'text':
      return template.parts.reduce(
        (sum, part) =>
          sum + (typeof part === 'string' ? utf8Bytes(JSON.stringify(part)) - 2 : leastTextBytes(part)),
        2,
      );
    case 'list':
      return template.items.reduce(
        (sum, item) => sum + leastJsonBytes(item) + 1,
        1 + Number(template.items.length === 0),
      );
    case 'object':
      return template.entries.reduce(
        (sum, [key, field]) => sum + utf8Bytes(JSON.stringify(key)) + 1 + leastJsonBytes(field) + 1,
        1 + Number(template.entries.length === 0),
      );
  }
}

function leastCallBytes(call: TemplateCall): number {
  if (call.name === 'choice')
    return Math.min(...call.values.map((value) => utf8Bytes(JSON.stringify(value))));
  const quotes = templateFunctions[call.name].yields === 'text' ? 2 : 0;
  return quotes + leastTextBytes(call);
}

function leastTextBytes(call: TemplateCall): number {
  switch (call.name) {
    case 'uuid':
      return 36;
    case 'now':
      return 13;
    case 'deviceId':
      return 2;
    case 'randomBytes':
      return 4 * Math.ceil(call.bytes / 3);
    case 'choice':
      return Math.min(...call.values.map((value) => utf8Bytes(String(value))));
    case 'deviceIndex':
    case 'n':
    case 'sequence':
    case 'random':
    case 'gaussian':
    case 'sine':
    case 'walk':
      return 1;
  }
}

/** UTF-8 bytes of names and values: of each template at least what it can yield. */
export function leastUserPropertyBytes(userProperties: Readonly<Record<string, string>> = {}): number {
  return Object.entries(userProperties).reduce((sum, [name, value]) => {
    const { template } = parsePayloadTemplate(value);
    // A text that is one whole template may be a value without quotation marks.
    const quotes = template.kind === 'call' ? 0 : 2;
    return sum + utf8Bytes(name) + Math.max(0, leastPayloadBytes(template) - quotes);
  }, 0);
}

/**
 * What the envelope adds to a message, without the run id: its keys, two times with fractions, and the numbers of a
 * large run.
 */
export const envelopeBytes = 130;
/** The same of a will, which has no times. */
export const willEnvelopeBytes = 75;

const encoder = new TextEncoder();

export function utf8Bytes(text: string): number {
  return encoder.encode(text).length;
}
