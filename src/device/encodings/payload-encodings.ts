import { type bareEncodings, type Encoding, isModuleEncoding } from '../../profile/encoding.ts';
import { readProtobuf } from '../../profile/encoding-rules.ts';
import type { PayloadTemplate } from '../../profile/payload-template.ts';
import { birthTopicOf } from '../../profile/sparkplug.ts';
import { partsOf } from '../../profile/text-template.ts';
import { InvalidInputError } from '../../shared/errors.ts';
import { SegmentCompiler } from '../payload-segments.ts';
import type { Segment } from '../payload-values.ts';
import { compileText } from '../text-segments.ts';
import { compileBytes } from './bytes.ts';
import { compileCbor } from './cbor.ts';
import { compileFunction, type FunctionScope } from './payload-function.ts';
import { compileProtobuf } from './protobuf.ts';
import { compileSparkplug } from './sparkplug.ts';

/** What differs by the encoding of a payload. */
export interface PayloadEncoding {
  /** @throws {InvalidInputError} for a template that the encoding cannot write @throws PayloadFunctionError */
  readonly compile: (template: PayloadTemplate, scope: FunctionScope) => CompiledPayload;
  /** The topic of the first message of a connection, from that of the others. Absent: it is the same. */
  readonly firstTopicOf?: (topic: string) => string;
}

export interface CompiledPayload {
  readonly payload: readonly Segment[];
  /** Of the first message of a connection. Absent: as of the others. */
  readonly first?: readonly Segment[];
}

export function payloadEncodingOf(encoding: Encoding): PayloadEncoding {
  if (typeof encoding === 'string') return namedEncodings[encoding];
  if (isModuleEncoding(encoding)) {
    return { compile: (template, scope) => ({ payload: compileFunction(encoding, template, scope) }) };
  }
  return {
    compile(template, scope) {
      const { fields, errors } = readProtobuf(encoding, template);
      if (errors.length > 0) throw new InvalidInputError('The payload', errors);
      return { payload: compileProtobuf(fields, scope) };
    },
  };
}

const namedEncodings: Readonly<Record<(typeof bareEncodings)[number], PayloadEncoding>> = {
  'plain-json': {
    compile(template, scope) {
      const compiler = new SegmentCompiler(scope);
      compiler.template(template);
      return { payload: compiler.finish() };
    },
  },
  text: { compile: (template, scope) => ({ payload: compileText(partsOf(template), scope) }) },
  bytes: { compile: (template, scope) => ({ payload: compileBytes(partsOf(template), scope) }) },
  cbor: { compile: (template, scope) => ({ payload: compileCbor(template, scope) }) },
  'sparkplug-b': {
    compile(template, scope) {
      const { data, birth } = compileSparkplug(template, scope);
      return { payload: data, first: birth };
    },
    firstTopicOf: birthTopicOf,
  },
};
