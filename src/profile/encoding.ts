import { isObject } from '../shared/json-path.ts';

/** How a payload is written that is not a JSON object with the envelope in it. */
export type Encoding = (typeof bareEncodings)[number];

/** Encodings by name, but for `json`, which adds the envelope and padding to the payload's own fields. */
export const bareEncodings = ['plain-json', 'text', 'bytes', 'cbor'] as const;

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
    case 'cbor':
      return undefined;
  }
}

/** Whether some message of a profile has another encoding than `json`. @param form the profile as the user wrote it */
export function takesAnyPayload(form: unknown): boolean {
  if (!isObject(form)) return false;
  const { groups = {}, messages = {}, publish = {} } = form;
  const isBare = (settings: unknown) =>
    isObject(settings) && settings.encoding !== undefined && settings.encoding !== 'json';
  return (
    isBare(publish) ||
    (isObject(messages) && Object.values(messages).some(isBare)) ||
    (isObject(groups) && Object.values(groups).some(takesAnyPayload))
  );
}
