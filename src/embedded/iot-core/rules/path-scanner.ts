/** Where values of a JSON text lie, found in one pass without building any of it. */
export type ScanOutcome =
  | 'found'
  /** Not JSON. */
  | 'invalid'
  /** Nested deeper, or written more oddly, than this scanner follows: ask JSON.parse. */
  | 'undecided';

interface PathNode {
  readonly key: Uint8Array;
  readonly children: PathNode[];
  /** Slots of the paths that end here. */
  readonly slots: number[];
}

const invalid = -1;
const undecided = -2;
const maxDepth = 32;

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const minus = 0x2d;
const point = 0x2e;
const zero = 0x30;

/** By byte: 1 if it needs no escape in a string (RFC 8259, 7). */
const isPlain = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte !== quote && byte !== backslash ? 1 : 0,
);
const isEscape = new Uint8Array(256);
for (const char of '"\\/bfnrt') isEscape[char.charCodeAt(0)] = 1;

/**
 * Finds values by path in a JSON text and checks all of it (RFC 8259): 0.6 µs for a message of 512 bytes,
 * where JSON.parse and writing the values anew take 2 µs. Agrees with JSON.parse on what is valid and on the last of
 * equal keys: test/unit/embedded/iot-core/rules/path-scanner.test.ts.
 */
export class PathScanner {
  readonly #root: PathNode = { key: new Uint8Array(), children: [], slots: [] };
  /** By path: the value is `[starts[i], ends[i])` of the text; −1 where there is none. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;

  constructor(paths: readonly (readonly string[])[]) {
    this.starts = new Int32Array(paths.length);
    this.ends = new Int32Array(paths.length);
    for (const [slot, path] of paths.entries()) {
      let node = this.#root;
      for (const key of path) {
        const bytes = Buffer.from(key);
        let child = node.children.find((other) => bytes.equals(other.key));
        if (child === undefined) {
          child = { key: bytes, children: [], slots: [] };
          node.children.push(child);
        }
        node = child;
      }
      node.slots.push(slot);
    }
  }

  scan(bytes: Buffer, start: number, end: number): ScanOutcome {
    for (let slot = 0; slot < this.starts.length; slot++) this.starts[slot] = -1;
    let at = skipSpace(bytes, start, end);
    at =
      at < end && bytes[at] === openBrace
        ? this.#scanObject(this.#root, bytes, at + 1, end, 1)
        : skipValue(bytes, at, end, 1);
    if (at < 0) return at === undecided ? 'undecided' : 'invalid';
    return skipSpace(bytes, at, end) === end ? 'found' : 'invalid';
  }

  /** @param at past the brace @returns past the closing one, or why not */
  #scanObject(node: PathNode, bytes: Buffer, at: number, end: number, depth: number): number {
    let pos = skipSpace(bytes, at, end);
    if (pos < end && bytes[pos] === closeBrace) return pos + 1;
    for (;;) {
      if (pos >= end || bytes[pos] !== quote) return invalid;
      const keyStart = pos + 1;
      let keyEnd = keyStart;
      while (keyEnd < end && isPlain[bytes[keyEnd]!] === 1) keyEnd++;
      if (keyEnd >= end) return invalid;
      if (bytes[keyEnd] === backslash) return undecided;
      if (bytes[keyEnd] !== quote) return invalid;
      const child = findChild(node, bytes, keyStart, keyEnd);
      pos = skipSpace(bytes, keyEnd + 1, end);
      if (pos >= end || bytes[pos] !== colon) return invalid;
      pos = skipSpace(bytes, pos + 1, end);
      const valueStart = pos;
      if (child === undefined) {
        pos = skipValue(bytes, pos, end, depth);
      } else {
        // The last of equal keys counts, with all that is in it.
        if (child.children.length > 0) this.#forget(child);
        pos =
          child.children.length > 0 && pos < end && bytes[pos] === openBrace
            ? this.#scanObject(child, bytes, pos + 1, end, depth + 1)
            : skipValue(bytes, pos, end, depth);
        for (const slot of child.slots) {
          this.starts[slot] = valueStart;
          this.ends[slot] = pos;
        }
      }
      if (pos < 0) return pos;
      pos = skipSpace(bytes, pos, end);
      if (pos >= end) return invalid;
      if (bytes[pos] === closeBrace) return pos + 1;
      if (bytes[pos] !== comma) return invalid;
      pos = skipSpace(bytes, pos + 1, end);
    }
  }

  #forget(node: PathNode): void {
    for (const slot of node.slots) this.starts[slot] = -1;
    for (const child of node.children) this.#forget(child);
  }
}

function findChild(node: PathNode, bytes: Buffer, start: number, end: number): PathNode | undefined {
  const length = end - start;
  next: for (const child of node.children) {
    const { key } = child;
    if (key.length !== length) continue;
    for (let i = 0; i < length; i++) if (key[i] !== bytes[start + i]) continue next;
    return child;
  }
  return undefined;
}

/** @returns past the value, or why not */
function skipValue(bytes: Buffer, at: number, end: number, depth: number): number {
  if (at >= end) return invalid;
  switch (bytes[at]) {
    case quote:
      return skipString(bytes, at + 1, end);
    case openBrace:
    case openBracket:
      return depth >= maxDepth ? undecided : skipContainer(bytes, at, end, depth + 1);
    case 0x74:
      return skipWord(bytes, at, end, trueWord);
    case 0x66:
      return skipWord(bytes, at, end, falseWord);
    case 0x6e:
      return skipWord(bytes, at, end, nullWord);
    default:
      return skipNumber(bytes, at, end);
  }
}

const trueWord = Buffer.from('true');
const falseWord = Buffer.from('false');
const nullWord = Buffer.from('null');

function skipWord(bytes: Buffer, at: number, end: number, word: Uint8Array): number {
  if (at + word.length > end) return invalid;
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return invalid;
  return at + word.length;
}

function skipContainer(bytes: Buffer, at: number, end: number, depth: number): number {
  const isObject = bytes[at] === openBrace;
  const close = isObject ? closeBrace : closeBracket;
  let pos = skipSpace(bytes, at + 1, end);
  if (pos < end && bytes[pos] === close) return pos + 1;
  for (;;) {
    if (isObject) {
      if (pos >= end || bytes[pos] !== quote) return invalid;
      pos = skipString(bytes, pos + 1, end);
      if (pos < 0) return pos;
      pos = skipSpace(bytes, pos, end);
      if (pos >= end || bytes[pos] !== colon) return invalid;
      pos = skipSpace(bytes, pos + 1, end);
    }
    pos = skipValue(bytes, pos, end, depth);
    if (pos < 0) return pos;
    pos = skipSpace(bytes, pos, end);
    if (pos >= end) return invalid;
    if (bytes[pos] === close) return pos + 1;
    if (bytes[pos] !== comma) return invalid;
    pos = skipSpace(bytes, pos + 1, end);
  }
}

/** Strings from this length on are worth two calls into native code. */
const longString = 48;
/** A long string that was found to need no care: fillers and the like come again with every message. */
let knownPlain = Buffer.alloc(0);

/** @param at past the opening quote */
function skipString(bytes: Buffer, at: number, end: number): number {
  const shortEnd = Math.min(end, at + longString);
  let pos = at;
  while (pos < shortEnd && isPlain[bytes[pos]!] === 1) pos++;
  if (pos === shortEnd && pos < end) return skipLongString(bytes, at, end);
  return skipRestOfString(bytes, pos, end);
}

/** Compared with the last one of its kind, 300 bytes take 0.15 µs instead of 0.5. */
function skipLongString(bytes: Buffer, at: number, end: number): number {
  const close = bytes.indexOf(quote, at);
  if (close === -1 || close >= end) return invalid;
  const length = close - at;
  if (length <= knownPlain.length && bytes.compare(knownPlain, 0, length, at, close) === 0) return close + 1;
  const pos = skipRestOfString(bytes, at, end);
  if (pos === close + 1) knownPlain = Buffer.from(bytes.subarray(at, close));
  return pos;
}

function skipRestOfString(bytes: Buffer, at: number, end: number): number {
  let pos = at;
  for (;;) {
    while (pos < end && isPlain[bytes[pos]!] === 1) pos++;
    if (pos >= end) return invalid;
    if (bytes[pos] === quote) return pos + 1;
    if (bytes[pos] !== backslash || pos + 1 >= end) return invalid;
    const escaped = bytes[pos + 1]!;
    if (isEscape[escaped] === 1) {
      pos += 2;
    } else {
      if (escaped !== 0x75 || pos + 6 > end) return invalid;
      for (let i = pos + 2; i < pos + 6; i++) if (!isHex(bytes[i]!)) return invalid;
      pos += 6;
    }
  }
}

function skipNumber(bytes: Buffer, at: number, end: number): number {
  let pos = bytes[at] === minus ? at + 1 : at;
  const wholeStart = pos;
  pos = skipDigits(bytes, pos, end);
  if (pos === wholeStart || (bytes[wholeStart] === zero && pos > wholeStart + 1)) return invalid;
  if (pos < end && bytes[pos] === point) {
    const fraction = pos + 1;
    pos = skipDigits(bytes, fraction, end);
    if (pos === fraction) return invalid;
  }
  if (pos < end && (bytes[pos]! | 0x20) === 0x65) {
    pos++;
    if (pos < end && (bytes[pos] === 0x2b || bytes[pos] === minus)) pos++;
    const exponent = pos;
    pos = skipDigits(bytes, exponent, end);
    if (pos === exponent) return invalid;
  }
  return pos;
}

function skipDigits(bytes: Buffer, at: number, end: number): number {
  let pos = at;
  while (pos < end && bytes[pos]! >= zero && bytes[pos]! <= 0x39) pos++;
  return pos;
}

function skipSpace(bytes: Buffer, at: number, end: number): number {
  // Machines write none: the call is gone where this is inlined.
  return at < end && bytes[at]! > 0x20 ? at : skipSomeSpace(bytes, at, end);
}

function skipSomeSpace(bytes: Buffer, at: number, end: number): number {
  let pos = at;
  while (pos < end) {
    const byte = bytes[pos]!;
    if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) break;
    pos++;
  }
  return pos;
}

function isHex(byte: number): boolean {
  const lower = byte | 0x20;
  return (byte >= zero && byte <= 0x39) || (lower >= 0x61 && lower <= 0x66);
}
