import { isObject } from '../shared/json-path.ts';

/** How a payload is written that is not a JSON object with the envelope in it. */
export type Encoding = (typeof bareEncodings)[number] | ProtobufEncoding | ModuleEncoding;

/** Protocol Buffers. */
export interface ProtobufEncoding {
  readonly protobuf: {
    /** Text of a .proto file. */
    readonly schema: string;
    /** Full name of a message in it. */
    readonly message: string;
  };
}

/** A function of the user's. */
export interface ModuleEncoding {
  readonly module: {
    /** Path of the JavaScript module that exports it. */
    readonly file: string;
    /** Name of the export. Absent: the default one. */
    readonly function?: string;
    /** Bytes of the first message of the first device, once the function was called for it. Absent: it was not. */
    readonly sampleBytes?: number;
  };
}

export function isModuleEncoding(encoding: Encoding | undefined): encoding is ModuleEncoding {
  return typeof encoding === 'object' && 'module' in encoding;
}

/** What an encoding is called in messages. */
export function nameOfEncoding(encoding: Encoding): string {
  if (typeof encoding === 'string') return encoding;
  return isModuleEncoding(encoding) ? 'module' : 'protobuf';
}

/** Encodings by name, but for `json`, which adds the envelope and padding to the payload's own fields. */
export const bareEncodings = ['plain-json', 'text', 'bytes', 'cbor', 'sparkplug-b'] as const;

/**
 * Where the envelope of a message travels. `payload`: the field `stampede` of the payload, a JSON object. `property`: the MQTT 5
 * user property `stampede`. `prefix`: a line before the payload, for what has no user properties.
 */
export type EnvelopePlace = 'payload' | 'property' | 'prefix';

export function envelopePlaceOf({
  publish,
  connect,
}: {
  readonly publish: { readonly encoding?: Encoding };
  readonly connect: { readonly protocol: 'mqtt' | 'https'; readonly version?: '3.1.1' | '5' };
}): EnvelopePlace {
  if (publish.encoding === undefined) return 'payload';
  return connect.protocol === 'mqtt' && connect.version !== '3.1.1' ? 'property' : 'prefix';
}

/** What a message may be padded with; undefined: nothing, because its decoder would refuse it. */
export function paddingOf(encoding: Encoding): number | undefined {
  switch (encoding) {
    // White space that JSON and text may end with.
    case 'plain-json':
    case 'text':
      return 0x20;
    case 'bytes':
      return 0;
    default:
      return undefined;
  }
}

/** Whether some message of a profile has another encoding than `json`. @param form the profile as the user wrote it */
export function takesAnyPayload(form: unknown): boolean {
  return encodingsIn(form).some(({ encoding }) => encoding !== 'json');
}

/** An encoding's own settings in a profile, as the user wrote it: the objects themselves. */
export function encodingSettingsIn(form: unknown, name: 'protobuf' | 'module') {
  return encodingsIn(form).flatMap(({ encoding, path }) => {
    const settings = isObject(encoding) ? encoding[name] : undefined;
    return isObject(settings)
      ? [{ path: `${path}.${name}`, settings: settings as Record<string, unknown> }]
      : [];
  });
}

function encodingsIn(form: unknown, at = ''): { readonly path: string; readonly encoding: unknown }[] {
  if (!isObject(form)) return [];
  const { groups = {}, messages = {}, publish = {} } = form;
  const of = (settings: unknown, path: string) =>
    isObject(settings) && settings.encoding !== undefined
      ? [{ path: `${at}${path}.encoding`, encoding: settings.encoding }]
      : [];
  return [
    ...of(publish, 'publish'),
    ...(isObject(messages) ? Object.entries(messages) : []).flatMap(([name, kind]) =>
      of(kind, `messages.${name}`),
    ),
    ...(isObject(groups) ? Object.entries(groups) : []).flatMap(([name, group]) =>
      encodingsIn(group, `groups.${name}.`),
    ),
  ];
}
