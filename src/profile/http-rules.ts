import type { InputError } from '../shared/errors.ts';
import { isObject, type JsonObject, valueAt } from '../shared/json-path.ts';
import { maxDevicesPerSlice } from '../shared/run-bounds.ts';
import { bodyFormatOf, type HttpSettings, hasBody } from './http-settings.ts';
import type { LoadProfile } from './load-profile.ts';
import { parseText } from './text-template.ts';

/** Headers that the client itself makes of the settings and of the body. */
const ownHeaders: Readonly<Record<string, string>> = {
  'content-type': 'set http.contentType',
  'content-length': 'it is the length of the body',
  'transfer-encoding': 'bodies are sent whole',
  connection: 'set http.keepAlive',
  'keep-alive': 'set http.keepAlive',
  upgrade: 'connections stay HTTP',
  te: 'trailers are not read',
  expect: 'bodies are sent at once',
};

/** What settings of requests mean with each other. @param http those of the profile; undefined: the target takes none */
export function checkHttpSettings(profile: LoadProfile, input: JsonObject): InputError[] {
  const { http } = profile;
  if (http === undefined) {
    if (input.http === undefined) return [];
    const hint = 'remove it, or name a target whose URL begins with http:// or https://';
    return [{ path: 'http', message: 'has no meaning for this target', hint }];
  }
  return [
    ...checkUrl(profile, http),
    ...checkHeaders(http),
    ...checkBody(profile, http, input),
    ...checkConnections(profile, http),
    ...(valueAt(input, ['publish', 'topic']) === undefined
      ? []
      : [
          {
            path: 'publish.topic',
            message: 'has no meaning for a web service',
            hint: 'remove it; http.path or the path of the target is where requests go',
          },
        ]),
  ];
}

function checkUrl({ target = '' }: LoadProfile, http: HttpSettings): InputError[] {
  const ofTarget =
    http.path === undefined ? [{ path: 'target', text: target.replace(/^\w+:\/\/[^/?]*/, '') }] : [];
  const texts = [
    ...ofTarget,
    ...(http.path === undefined ? [] : [{ path: 'http.path', text: http.path }]),
    ...Object.entries(http.query).map(([name, text]) => ({ path: `http.query.${name}`, text })),
  ];
  return texts.flatMap(({ path, text }) => {
    const { errors, parts } = parseText(text, path);
    const isQuery = path.startsWith('http.query');
    const isPlain = isQuery || parts.every((part) => typeof part !== 'string' || /^[!-~]*$/.test(part));
    const hint = 'write %20 for a blank, and other such characters percent-encoded';
    return isPlain ? errors : [...errors, { path, message: 'holds what no URL can hold', hint }];
  });
}

function checkHeaders({ headers }: HttpSettings): InputError[] {
  const seen = new Set<string>();
  return Object.entries(headers).flatMap(([name, value]) => {
    const path = `http.headers.${name}`;
    const key = name.toLowerCase();
    const known = seen.has(key);
    seen.add(key);
    if (known) return [{ path, message: 'is given twice', hint: 'capitals make no difference; remove one' }];
    if (Object.hasOwn(ownHeaders, key))
      return [{ path, message: 'is a header that the client makes itself', hint: ownHeaders[key]! }];
    if (typeof value !== 'string') return [];
    const { errors, parts } = parseText(value, path);
    const choices = parts.flatMap((part) =>
      typeof part === 'object' && part.name === 'choice' ? part.values.map(String) : [],
    );
    if (choices.every((text) => /^[\x20-\x7e]*$/.test(text))) return [...errors];
    return [...errors, { path, message: 'holds characters that no header can hold', hint: 'use ASCII' }];
  });
}

function checkBody({ publish }: LoadProfile, http: HttpSettings, input: JsonObject): InputError[] {
  const given = isObject(input.publish) ? input.publish : {};
  if (!hasBody(http)) {
    const unused = [
      ...['payload', 'sizeBytes'].filter((key) => given[key] !== undefined).map((key) => `publish.${key}`),
      ...(valueAt(input, ['http', 'contentType']) === undefined ? [] : ['http.contentType']),
    ];
    return unused.map((path) => ({
      path,
      message: `has no meaning for ${http.method}, whose requests have no body`,
      hint: 'remove it, or set http.method to POST, PUT, PATCH or DELETE',
    }));
  }
  const { payload } = publish;
  switch (bodyFormatOf(http.contentType)) {
    case 'json':
      return [];
    case 'form': {
      const isForm =
        isObject(payload) &&
        Object.values(payload).every((value) => value === null || typeof value !== 'object');
      if (isForm) return [];
      const hint = 'give an object of texts, numbers and booleans, such as {"value": "{{random(0, 100)}}"}';
      return [
        { path: 'publish.payload', message: `is no form, and http.contentType is ${http.contentType}`, hint },
      ];
    }
    case 'text':
    case 'bytes':
      if (typeof payload === 'string') return [];
      return [
        {
          path: 'publish.payload',
          message: `is no text, and http.contentType is ${http.contentType}`,
          hint: 'give a string, with templates in it, or set http.contentType to application/json',
        },
      ];
  }
}

function checkConnections({ slices }: LoadProfile, http: HttpSettings): InputError[] {
  const errors: InputError[] = [];
  if (http.version === '2' && !http.keepAlive) {
    const hint = 'remove it, or set http.version to "1.1"';
    errors.push({ path: 'http.keepAlive', message: 'is false, and HTTP/2 keeps its connections', hint });
  }
  const { connections } = http;
  if (!('perDevice' in connections) || slices.devicesPerSlice === undefined) return errors;
  const open = connections.perDevice * slices.devicesPerSlice;
  if (open <= maxDevicesPerSlice) return errors;
  const most = Math.floor(maxDevicesPerSlice / connections.perDevice);
  return [
    ...errors,
    {
      path: 'slices.devicesPerSlice',
      message: `makes ${open} connections in a slice, and a Lambda holds ${maxDevicesPerSlice}`,
      hint: `set it to ${most} or less, or lower http.connections.perDevice`,
    },
  ];
}
