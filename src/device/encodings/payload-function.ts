import { basename } from 'node:path';
import type { ModuleEncoding } from '../../profile/encoding.ts';
import type { PayloadFunction, PayloadMessage } from '../../profile/payload-message.ts';
import type { PayloadTemplate } from '../../profile/payload-template.ts';
import { exitCodes, StampedeError } from '../../shared/errors.ts';
import { formatCount } from '../../shared/format.ts';
import { PositionalRandom } from '../../shared/random.ts';
import { SegmentCompiler } from '../payload-segments.ts';
import type { MessageContext, Segment, SegmentScope } from '../payload-values.ts';
import { mostBytes, writeSegments } from '../text-segments.ts';

/** The functions of a run by `keyOfFunction`. */
export type PayloadFunctions = ReadonlyMap<string, PayloadFunction>;

export function keyOfFunction({ module }: ModuleEncoding): string {
  return JSON.stringify([module.file, module.function]);
}

/** A function of the user's failed, or what it returned is no payload. */
export class PayloadFunctionError extends StampedeError {
  constructor(encoding: ModuleEncoding, what: string, cause?: unknown) {
    super('PayloadFunction', `${nameOfFunction(encoding)} ${what}`, {
      hint: 'correct the function; docs/payloads.md says what it receives and returns',
      exitCode: exitCodes.badUsage,
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

/** `your function reading of meter.mjs` */
function nameOfFunction({ module }: ModuleEncoding): string {
  const name = module.function === undefined ? '' : ` ${module.function}`;
  return `your function${name} of ${basename(module.file)}`;
}

/** `TypeError: x is undefined (meter.mjs:12:5)`: what was thrown, and the place in that file where its stack has one. */
export function describeThrown(thrown: unknown, file: string): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const name = basename(file);
  const [, place = ''] = thrown.stack?.split(`/${name}:`) ?? [];
  const [line] = /^\d+(:\d+)?/.exec(place) ?? [];
  return `${thrown.name}: ${thrown.message}${line === undefined ? '' : ` (${name}:${line})`}`;
}

/** Above what any message of AWS IoT Core may have. */
const maxFunctionBytes = 262_144;
/** Random numbers of the user's function are drawn apart from those in templates. */
const functionLane = 4_000;

export interface FunctionScope extends SegmentScope {
  readonly runId: string;
  readonly payloadFunctions?: PayloadFunctions | undefined;
}

/** @throws PayloadFunctionError, also of each message for which the function fails */
export function compileFunction(
  encoding: ModuleEncoding,
  template: PayloadTemplate,
  scope: FunctionScope,
): readonly Segment[] {
  const make = scope.payloadFunctions?.get(keyOfFunction(encoding));
  if (make === undefined) throw new PayloadFunctionError(encoding, 'was not loaded');
  const messageOf = messagesOf(template, scope);
  return [
    {
      maxBytes: maxFunctionBytes,
      write(out, at, context) {
        const bytes = call(encoding, make, messageOf(context));
        out.set(bytes, at);
        return at + bytes.length;
      },
    },
  ];
}

function messagesOf(
  template: PayloadTemplate,
  scope: FunctionScope,
): (context: MessageContext) => PayloadMessage {
  const compiler = new SegmentCompiler(scope);
  compiler.template(template);
  const segments = compiler.finish();
  const text = Buffer.alloc(mostBytes(segments));
  const random = new PositionalRandom(scope.seed);
  return (context) => {
    const { n, deviceIndex, k, atMs, sentMs } = context;
    random.seek(deviceIndex, k, functionLane);
    return {
      runId: scope.runId,
      device: deviceIndex,
      deviceId: `d${deviceIndex}`,
      n: k,
      elapsedMs: scope.offsetMsOf(n, atMs),
      at: atMs,
      now: sentMs,
      seed: scope.seed,
      values: JSON.parse(text.toString('utf8', 0, writeSegments(segments, text, 0, context))),
      random: () => random.next(),
    };
  };
}

function call(encoding: ModuleEncoding, make: PayloadFunction, message: PayloadMessage): Uint8Array {
  const which = `for message ${message.n} of device ${message.deviceId}`;
  let bytes: Uint8Array;
  try {
    const returned = make(message);
    const refusal = whyNoPayload(returned);
    if (refusal !== undefined) throw new PayloadFunctionError(encoding, `returned ${refusal} ${which}`);
    bytes = bytesOf(returned);
  } catch (error) {
    if (error instanceof PayloadFunctionError) throw error;
    const what = `failed ${which}: ${describeThrown(error, encoding.module.file)}`;
    throw new PayloadFunctionError(encoding, what, error);
  }
  if (bytes.length <= maxFunctionBytes) return bytes;
  const sizes = `${formatCount(bytes.length)} bytes, and the most is ${formatCount(maxFunctionBytes)},`;
  throw new PayloadFunctionError(encoding, `returned ${sizes} ${which}`);
}

function whyNoPayload(returned: unknown): string | undefined {
  if (returned instanceof Promise) {
    returned.catch(() => undefined);
    return 'a promise, and has to return the payload at once,';
  }
  return ['undefined', 'function', 'symbol', 'bigint'].includes(typeof returned)
    ? `${returned === undefined ? 'nothing' : `a ${typeof returned}`}, which is no payload,`
    : undefined;
}

/** @throws what JSON.stringify throws */
function bytesOf(returned: unknown): Uint8Array {
  if (returned instanceof Uint8Array) return returned;
  if (returned instanceof ArrayBuffer) return new Uint8Array(returned);
  return Buffer.from(typeof returned === 'string' ? returned : JSON.stringify(returned));
}
