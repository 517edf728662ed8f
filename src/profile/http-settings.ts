/** What devices request of a web service. */
export interface HttpSettings {
  readonly method: HttpMethod;
  /** Placeholders and templates; absent: the path of the target's URL. */
  readonly path?: string;
  /** Beside the query of the target's URL. */
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, HeaderValue>>;
  /** Media type of the body. It decides what the payload may be (`bodyFormatOf`). */
  readonly contentType: string;
  /** Statuses of answers that count as acknowledged: one (304), or a class of them (`2xx`). */
  readonly succeeds: readonly (number | StatusClass)[];
  readonly version: HttpVersion;
  readonly connections: ConnectionLimit;
  /** Whether a connection serves more than one request. */
  readonly keepAlive: boolean;
  /** Absent: requests are not signed. */
  readonly signing?: SigningSettings;
}

export const httpMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type HttpMethod = (typeof httpMethods)[number];

export const httpVersions = ['1.1', '2'] as const;
export type HttpVersion = (typeof httpVersions)[number];

export const statusClasses = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const;
export type StatusClass = (typeof statusClasses)[number];

/** Connections that may be open at once: of each device, or shared by all devices of the group. */
export type ConnectionLimit = { readonly perDevice: number } | { readonly shared: number };

/** A header's value: text, or where a secret lies. The secret itself is in no file. */
export type HeaderValue = string | SecretReference;

export type SecretReference = { readonly variable: string } | { readonly secret: string };

/** AWS Signature Version 4. */
export interface SigningSettings {
  /** `execute-api`, `iotdata` */
  readonly service: string;
  /** Absent: the Region that the slices run in; on this machine that of its user's variables or profile. */
  readonly region?: string;
}

/** Whether a request carries the payload. */
export function hasBody({ method }: Pick<HttpSettings, 'method'>): boolean {
  return method !== 'GET' && method !== 'HEAD';
}

/**
 * Whether the check before a run may send one of its requests: those that only read (RFC 9110, 9.2.1), and need no secret of Secrets
 * Manager, which only slices have.
 */
export function isCheckedByRequest({ method, headers }: HttpSettings): boolean {
  const isSafe = method === 'GET' || method === 'HEAD';
  return isSafe && !hasSecretOfManager(headers);
}

/** Whether a header's value lies in Secrets Manager. */
function hasSecretOfManager(headers: HttpSettings['headers']): boolean {
  return Object.values(headers).some((value) => typeof value === 'object' && 'secret' in value);
}

/**
 * How the payload becomes a body: `json` any JSON, `form` an object's fields, `text` and `bytes` a string. A string that is one
 * whole `{{randomBytes(n)}}` is n bytes as they are in `bytes`, and base64 elsewhere.
 */
export type BodyFormat = 'json' | 'form' | 'text' | 'bytes';

export function bodyFormatOf(contentType: string): BodyFormat {
  const type = contentType.split(';')[0]!.trim().toLowerCase();
  if (type === 'application/json' || type.endsWith('+json')) return 'json';
  if (type === 'application/x-www-form-urlencoded') return 'form';
  return type === 'application/octet-stream' ? 'bytes' : 'text';
}

/** What an answer with this status means. 429 is the one by which a service says that a quota is used up (RFC 6585, 4). */
export function outcomeOf(
  status: number,
  succeeds: HttpSettings['succeeds'],
): 'succeeded' | 'throttled' | 'failed' {
  const ofClass = `${Math.floor(status / 100)}xx`;
  if (succeeds.some((each) => each === status || each === ofClass)) return 'succeeded';
  return status === 429 ? 'throttled' : 'failed';
}

/** Statuses that send the client elsewhere (RFC 9110, 15.4); 304 does not. */
export function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}
