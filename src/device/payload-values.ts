import type { TemplateCall } from '../profile/template-functions.ts';
import { PositionalRandom } from '../shared/random.ts';
import { maxNumberBytes, powersOfTen, writeBytes, writeDecimal, writeInteger } from './ascii.ts';

/** What a message is made from. One object per slice, filled anew for each message. */
export interface MessageContext {
  n: number;
  /** Index within the slice and over the whole run. */
  device: number;
  deviceIndex: number;
  /** A device's index over the whole run. */
  readonly indexOf: (device: number) => number;
  /** Of a message that announces itself: which birth of its device, and how many messages since. */
  births: number;
  sinceBirth: number;
  /** The message's number within its device's place: 0, 1, 2, … */
  k: number;
  /** Intended and actual send time, epoch milliseconds. */
  atMs: number;
  sentMs: number;
  /** Stands at the beginning of the message's own stream. */
  readonly random: PositionalRandom;
}

/** To be filled. @param indexOf index over the whole run of one of the slice's devices; absent: the same */
export function emptyMessage(seed: number, indexOf = (device: number) => device): MessageContext {
  const random = new PositionalRandom(seed);
  return {
    n: 0,
    device: 0,
    deviceIndex: 0,
    indexOf,
    births: 0,
    sinceBirth: 0,
    k: 0,
    atMs: 0,
    sentMs: 0,
    random,
  };
}

/** Sets which message it is, but not where its random numbers begin. @param sentMs epoch milliseconds */
export function fillMessage(
  message: MessageContext,
  { n, device, k, atMs }: Pick<MessageContext, 'n' | 'device' | 'k' | 'atMs'>,
  sentMs: number,
): void {
  message.n = n;
  message.device = device;
  message.deviceIndex = message.indexOf(device);
  message.k = k;
  message.atMs = atMs;
  message.sentMs = sentMs;
}

/** A piece of the message: writes itself at an offset and returns the offset after it. */
export interface Segment {
  readonly maxBytes: number;
  /** @param isThere what it wrote for the message before still stands at this offset; absent: it does not */
  write(out: Buffer, at: number, message: MessageContext, isThere?: boolean): number;
}

export interface SegmentScope {
  readonly seed: number;
  readonly devices: number;
  /** Intended time of publish n, milliseconds after publishing began: the same in every run of one plan. */
  readonly offsetMsOf: (n: number, atMs: number) => number;
}

type NumberOf = (message: MessageContext) => number;
type CallOf<Name extends TemplateCall['name']> = Extract<TemplateCall, { name: Name }>;

export function fixed(bytes: Buffer): Segment {
  return {
    maxBytes: bytes.length,
    write: (out, at, _message, isThere) => (isThere ? at + bytes.length : writeBytes(out, at, bytes)),
  };
}

export function integer(numberOf: NumberOf): Segment {
  return { maxBytes: maxNumberBytes, write: (out, at, message) => writeInteger(out, at, numberOf(message)) };
}

/** Rounded to `decimals`; what has no such digits any more is written as JSON.stringify does. */
export function decimal(decimals: number, numberOf: NumberOf): Segment {
  const unit = powersOfTen[decimals]!;
  return {
    maxBytes: maxNumberBytes,
    write(out, at, message) {
      const value = numberOf(message);
      const scaled = Math.round(value * unit);
      if (Number.isSafeInteger(scaled)) return writeDecimal(out, at, scaled, decimals);
      return at + out.write(JSON.stringify(value), at, 'latin1');
    },
  };
}

export function choice(texts: readonly string[], by?: CallOf<'choice'>['by']): Segment {
  return choiceOf(
    texts.map((text) => Buffer.from(text)),
    by,
  );
}

/** One of these encoded values: each as likely, or one after the other. */
export function choiceOf(values: readonly Buffer[], by?: CallOf<'choice'>['by']): Segment {
  const count = values.length;
  const maxBytes = values.reduce((most, value) => Math.max(most, value.length), 0);
  switch (by) {
    case 'device':
      return {
        maxBytes,
        write: (out, at, { deviceIndex }) => writeBytes(out, at, values[deviceIndex % count]!),
      };
    case 'message':
      return { maxBytes, write: (out, at, { k }) => writeBytes(out, at, values[k % count]!) };
    default:
      return {
        maxBytes,
        write: (out, at, { random }) => writeBytes(out, at, values[Math.floor(random.next() * count)]!),
      };
  }
}

const hexDigits = Buffer.from('0123456789abcdef');
const hyphen = 0x2d;

/** RFC 9562, version 4: 122 random bits. */
export const uuid: Segment = {
  maxBytes: 36,
  write(out, at, { random }) {
    let end = at;
    for (let word = 0; word < 4; word++) {
      let bits = random.nextUint32();
      if (word === 1) bits = (bits & 0xffff0fff) | 0x4000;
      if (word === 2) bits = (bits & 0x3fffffff) | 0x80000000;
      for (let digit = 0; digit < 8; digit++) {
        const i = word * 8 + digit;
        if (i === 8 || i === 12 || i === 16 || i === 20) out[end++] = hyphen;
        out[end++] = hexDigits[bits >>> 28]!;
        bits <<= 4;
      }
    }
    return end;
  },
};

const base64Digits = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const equals = 0x3d;

/** RFC 4648: three random bytes are four digits, 24 bits of one draw. */
export function base64(bytes: number): Segment {
  const length = 4 * Math.ceil(bytes / 3);
  return {
    maxBytes: length,
    write(out, at, { random }) {
      for (let i = 0, left = bytes; left > 0; i += 4, left -= 3) {
        // What is beyond the last byte is zero.
        const bits = random.nextUint32() & (left === 1 ? 0xff0000 : left === 2 ? 0xffff00 : 0xffffff);
        out[at + i] = base64Digits[bits >>> 18]!;
        out[at + i + 1] = base64Digits[(bits >>> 12) & 63]!;
        out[at + i + 2] = left === 1 ? equals : base64Digits[(bits >>> 6) & 63]!;
        out[at + i + 3] = left <= 2 ? equals : base64Digits[bits & 63]!;
      }
      return at + length;
    },
  };
}

export function uniform({ min, max }: CallOf<'random'>): NumberOf {
  return ({ random }) => min + (max - min) * random.next();
}

export function gaussian({ mean, sd }: CallOf<'gaussian'>): NumberOf {
  return ({ random }) => mean + sd * random.nextGaussian();
}

/** Fraction of the golden ratio: multiples of it, modulo 1, are spread evenly however many there are. */
const goldenFraction = 0.618_033_988_749_895;

/**
 * middle + amplitude · sin 2π(t / period + phase), t in seconds of intended time since publishing began, the phase the
 * device's own. By the wall clock, two runs of one seed would publish different values.
 */
export function sine({ min, max, periodSeconds }: CallOf<'sine'>, { offsetMsOf }: SegmentScope): NumberOf {
  const amplitude = (max - min) / 2;
  const middle = min + amplitude;
  return ({ n, atMs, deviceIndex }) => {
    const turns =
      ((offsetMsOf(n, atMs) / 1000) % periodSeconds) / periodSeconds + ((deviceIndex * goldenFraction) % 1);
    return middle + amplitude * Math.sin(2 * Math.PI * turns);
  };
}

/**
 * Where a device's walk stands at message k: start + k steps of (2u − 1) · step, u drawn at (seed, device, k), so that
 * a message that was dropped leaves the ones after it as they would have been. 12 bytes a device.
 */
export function walk(
  { start, step, min, max }: CallOf<'walk'>,
  { seed, devices }: SegmentScope,
  lane: number,
): NumberOf {
  const random = new PositionalRandom(seed);
  const reached = new Int32Array(devices);
  const values = new Float64Array(devices).fill(start);
  return ({ device, deviceIndex, k }) => {
    let value = values[device]!;
    for (let message = reached[device]! + 1; message <= k; message++) {
      random.seek(deviceIndex, message, lane);
      value = turnedBack(value + (2 * random.next() - 1) * step, min, max);
    }
    values[device] = value;
    reached[device] = k;
    return value;
  };
}

/** Reflected at the bounds; a step wider than the room between them ends at the bound. */
function turnedBack(value: number, min: number, max: number): number {
  if (value < min) return Math.min(2 * min - value, max);
  if (value > max) return Math.max(2 * max - value, min);
  return value;
}
