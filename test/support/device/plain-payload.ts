import type { PayloadTemplate } from '../../../src/profile/payload-template.ts';
import type { TemplateCall } from '../../../src/profile/template-functions.ts';
import { PositionalRandom } from '../../../src/shared/random.ts';

export interface PlainMessage {
  readonly run: string;
  readonly slice: number;
  readonly n: number;
  readonly deviceIndex: number;
  readonly k: number;
  readonly seed: number;
  readonly offsetMs: number;
  readonly at: number;
  readonly sent: number;
}

/** What a message says, made the plain way: an object, drawn value by value. */
export function plainPayload(template: PayloadTemplate, message: PlainMessage): Record<string, unknown> {
  const random = new PositionalRandom(message.seed);
  random.seek(message.deviceIndex, message.k);
  let walks = 0;
  const thousandths = (ms: number): number => Math.round(ms * 1000) / 1000;
  const rounded = (value: number, decimals: number): number => {
    const scaled = Math.round(value * 10 ** decimals);
    return Number.isSafeInteger(scaled) ? scaled / 10 ** decimals : value;
  };

  const call = (c: TemplateCall): string | number => {
    switch (c.name) {
      case 'deviceId':
        return `d${message.deviceIndex}`;
      case 'deviceIndex':
        return message.deviceIndex;
      case 'n':
        return message.n;
      case 'sequence':
        return message.k;
      case 'now':
        return Math.floor(message.sent);
      case 'uuid': {
        const bytes = Buffer.alloc(16);
        for (let i = 0; i < 4; i++) bytes.writeUInt32BE(random.nextUint32(), i * 4);
        bytes[6] = (bytes[6]! & 0x0f) | 0x40;
        bytes[8] = (bytes[8]! & 0x3f) | 0x80;
        return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
      }
      case 'randomBytes': {
        const bytes = Buffer.alloc(c.bytes + 3);
        for (let i = 0; i < c.bytes; i += 3) bytes.writeUIntBE(random.nextUint32() & 0xffffff, i, 3);
        return bytes.subarray(0, c.bytes).toString('base64');
      }
      case 'choice':
        if (c.by === 'device') return c.values[message.deviceIndex % c.values.length]!;
        if (c.by === 'message') return c.values[message.k % c.values.length]!;
        return c.values[Math.floor(random.next() * c.values.length)]!;
      case 'random':
        return rounded(c.min + (c.max - c.min) * random.next(), c.decimals);
      case 'gaussian':
        return rounded(c.mean + c.sd * random.nextGaussian(), c.decimals);
      case 'sine': {
        const amplitude = (c.max - c.min) / 2;
        const turns =
          ((message.offsetMs / 1000) % c.periodSeconds) / c.periodSeconds +
          ((message.deviceIndex * 0.618_033_988_749_895) % 1);
        return rounded(c.min + amplitude + amplitude * Math.sin(2 * Math.PI * turns), c.decimals);
      }
      case 'walk': {
        walks++;
        const steps = new PositionalRandom(message.seed);
        let value = c.start;
        for (let k = 1; k <= message.k; k++) {
          steps.seek(message.deviceIndex, k, walks);
          value += (2 * steps.next() - 1) * c.step;
          if (value < c.min) value = Math.min(2 * c.min - value, c.max);
          else if (value > c.max) value = Math.max(2 * c.max - value, c.min);
        }
        return rounded(value, c.decimals);
      }
    }
  };
  const fieldOf = (t: PayloadTemplate): unknown => {
    switch (t.kind) {
      case 'literal':
        return t.value;
      case 'call':
        return call(t.call);
      case 'text':
        return t.parts.map((part) => (typeof part === 'string' ? part : String(call(part)))).join('');
      case 'list':
        return t.items.map(fieldOf);
      case 'object':
        return Object.fromEntries(t.entries.map(([key, field]) => [key, fieldOf(field)]));
    }
  };
  const value = fieldOf(template);
  const fields = template.kind === 'object' ? (value as Record<string, unknown>) : { value };
  const { run, slice, n, deviceIndex, at, sent } = message;
  const stampede = { run, slice, n, device: deviceIndex, at: thousandths(at), sent: thousandths(sent) };
  return { stampede, ...fields };
}
