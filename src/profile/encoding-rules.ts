import type { InputError } from '../shared/errors.ts';
import { isObject, type JsonObject, valueAt } from '../shared/json-path.ts';
import { suggestFrom } from '../shared/nearest.ts';
import {
  type Encoding,
  isModuleEncoding,
  nameOfEncoding,
  type ProtobufEncoding,
  paddingOf,
} from './encoding.ts';
import type { LoadProfile } from './load-profile.ts';
import { type PayloadTemplate, parsePayloadTemplate } from './payload-template.ts';
import { bindPayload } from './protobuf/bind-payload.ts';
import { parseProto } from './protobuf/parse-proto.ts';
import type { ProtoSchema } from './protobuf/proto-schema.ts';
import { ProtoError } from './protobuf/proto-tokens.ts';
import { birthTopicOf, metricsOf } from './sparkplug.ts';
import { partsOf } from './text-template.ts';

const path = 'publish.payload';

/** The command line replaces the setting by what the files hold. */
export function checkCsv(input: JsonObject): InputError[] {
  if (valueAt(input, ['publish', 'csv']) === undefined) return [];
  const hint =
    'run the profile from a file, or write {{perDevice(…)}} and {{perMessage(…)}} into the payload';
  return [{ path: 'publish.csv', message: 'is read by the command line alone', hint }];
}

/** A payload that names a module, where the encoding should. */
export function checkModulePayload({ publish }: LoadProfile): InputError[] {
  const { payload, encoding } = publish;
  if (encoding !== undefined || !isObject(payload)) return [];
  const [[key, file] = [], ...others] = Object.entries(payload);
  if (key !== 'module' || others.length > 0 || !/\.[cm]?[jt]s$/.test(String(file))) return [];
  return [
    {
      path,
      message: `would be sent as it is, a JSON object with the path ${file} in it`,
      hint: `for a function of your own set publish.encoding to {"module": {"file": ${JSON.stringify(file)}}}; payload is what it receives`,
    },
  ];
}

/** An encoding that is an object is of one kind. */
export function checkEncodingKind(input: JsonObject): InputError[] {
  const encoding = valueAt(input, ['publish', 'encoding']);
  if (!isObject(encoding) || Object.keys(encoding).length === 1) return [];
  return [
    {
      path: 'publish.encoding',
      message: 'must have one of protobuf and module',
      hint: 'give {"protobuf": {"file": "reading.proto", "message": "Reading"}} or {"module": {"file": "./payload.mjs"}}',
    },
  ];
}

/** Errors of a payload that its encoding cannot write. */
export function checkEncoding({ publish, http, echo }: LoadProfile): InputError[] {
  const { encoding, sizeBytes, payload } = publish;
  if (encoding === undefined) return [];
  if (http !== undefined) {
    const hint = 'remove it; http.contentType decides how bodies are written';
    return [{ path: 'publish.encoding', message: 'has no meaning for a web service', hint }];
  }
  const { template } = parsePayloadTemplate(payload);
  return [
    ...(publish.userProperties?.stampede === undefined
      ? []
      : [
          {
            path: 'publish.userProperties.stampede',
            message: 'is a property that Stampede writes itself',
            hint: 'give your property another name',
          },
        ]),
    ...(sizeBytes > 0 && paddingOf(encoding) === undefined
      ? [
          {
            path: 'publish.sizeBytes',
            message: `cannot pad ${nameOfEncoding(encoding)}, which has no bytes that mean nothing`,
            hint: isModuleEncoding(encoding)
              ? 'remove it: your function decides the size'
              : 'remove it, and make the payload larger: {{randomBytes(n)}}',
          },
        ]
      : []),
    ...(encoding === 'sparkplug-b' && echo.fraction > 0 && birthTopicOf(publish.topic) !== publish.topic
      ? [
          {
            path: 'echo.fraction',
            message: 'cannot be measured: the births of devices have another topic than their data',
            hint: 'remove echo',
          },
        ]
      : []),
    ...checkPayload(encoding, template),
  ];
}

function checkPayload(encoding: Encoding, template: PayloadTemplate): readonly InputError[] {
  switch (encoding) {
    case 'text':
    case 'bytes':
      return checkText(encoding, template);
    case 'sparkplug-b':
      return metricsOf(template, path).errors;
    case 'plain-json':
    case 'cbor':
      return [];
    default:
      return isModuleEncoding(encoding) ? [] : readProtobuf(encoding, template).errors;
  }
}

/** The fields of a message of Protocol Buffers, and every error of it. */
export function readProtobuf(
  { protobuf }: ProtobufEncoding,
  template: PayloadTemplate,
): ReturnType<typeof bindPayload> {
  const at = 'publish.encoding.protobuf';
  const fail = (error: InputError) => ({ fields: [], errors: [error] });
  if (protobuf.schema === '') {
    const hint =
      'give the text of the .proto file as schema; from a profile file, the command line reads file';
    return fail({ path: at, message: 'has no schema', hint });
  }
  let schema: ProtoSchema;
  try {
    schema = parseProto(protobuf.schema);
  } catch (error) {
    if (!(error instanceof ProtoError)) throw error;
    const hint = 'docs/payloads.md says what of .proto files is read';
    return fail({ path: `${at}.schema`, message: error.message, hint });
  }
  if (!schema.messages.has(protobuf.message)) {
    const hint = suggestFrom(protobuf.message, [...schema.messages.keys()], 'it declares');
    return fail({
      path: `${at}.message`,
      message: `"${protobuf.message}" is no message of the schema`,
      hint,
    });
  }
  return bindPayload(schema, protobuf.message, template, path);
}

function checkText(encoding: 'text' | 'bytes', template: PayloadTemplate): InputError[] {
  const isText =
    template.kind === 'text' ||
    template.kind === 'call' ||
    (template.kind === 'literal' && typeof template.value === 'string');
  if (!isText) {
    const hint =
      encoding === 'text'
        ? 'give a string, with templates in it, or set publish.encoding to "plain-json"'
        : 'give a string of hexadecimal digits and templates, such as "01 ff {{sequence}} {{randomBytes(8)}}"';
    return [{ path, message: `is no string, and publish.encoding is "${encoding}"`, hint }];
  }
  if (encoding !== 'bytes') return [];
  const fixed = partsOf(template).flatMap((part) => {
    if (typeof part === 'string') return [part];
    return part.name === 'choice' ? part.values.map(String) : [];
  });
  return fixed
    .filter((text) => bytesOfHex(text) === undefined)
    .map((text) => ({
      path,
      message: `"${text}" is not hexadecimal`,
      hint: 'write bytes as pairs of the digits 0-9 and a-f; blanks between them are ignored',
    }));
}

/** @returns undefined for what is not hexadecimal */
export function bytesOfHex(text: string): Uint8Array | undefined {
  const digits = text.replaceAll(/\s/g, '');
  if (!/^([0-9a-fA-F]{2})*$/.test(digits)) return undefined;
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
