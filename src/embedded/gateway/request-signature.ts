import { createHash, createHmac } from 'node:crypto';

/** What Signature Version 4 signs. */
export interface SignedRequest extends SignedHead {
  readonly body: Buffer;
}

/** The same without the body. */
export interface SignedHead {
  readonly method: string;
  /** As it came, percent-encoding kept, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials: has to come with every request. */
  readonly sessionToken?: string;
}

/** What a signature is good for. */
export interface SignatureTerms {
  /** `20261121T020000Z` */
  readonly at: string;
  /** `20261121` */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
}

export const algorithm = 'AWS4-HMAC-SHA256';
export const unsignedPayload = 'UNSIGNED-PAYLOAD';
/** The services of AWS IoT that want the session token of a query outside of what is signed. */
const tokenOutside: readonly string[] = ['iotdata', 'iotdevicegateway'];

/**
 * @param payloadHash of the body, as the request states it
 * @returns hexadecimal
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
 */
export function signatureOf(
  request: SignedHead,
  terms: SignatureTerms,
  payloadHash: string,
  secret: string,
): string {
  const { at, date, region, service, signedHeaders } = terms;
  const canonical = [
    request.method,
    canonicalPath(request.path, service),
    canonicalQuery(request.query, service),
    ...signedHeaders.map((name) => `${name}:${canonicalValue(headerOf(request, name))}`),
    '',
    signedHeaders.join(';'),
    payloadHash,
  ].join('\n');
  const toSign = [algorithm, at, `${date}/${region}/${service}/aws4_request`, sha256(canonical)].join('\n');
  return hmac(signingKey(secret, date, region, service), toSign).toString('hex');
}

export interface SigningScope {
  readonly region: string;
  readonly service: string;
}

/**
 * Signs a request of embedded AWS's own. The body is not part of it: it never leaves the machine, and hashing a batch of
 * 6 MB twice would cost more than sending it.
 * @param request with its `host` header
 * @param nowMs epoch milliseconds
 * @returns the headers to send, `host` among them
 */
export function signHeaders(
  request: SignedHead & { readonly headers: Readonly<Record<string, string>> },
  { accessKeyId, secretAccessKey, sessionToken }: Credentials,
  { region, service }: SigningScope,
  nowMs: number,
): Record<string, string> {
  const at = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '');
  const headers: Record<string, string> = {
    ...request.headers,
    'x-amz-date': at,
    'x-amz-content-sha256': unsignedPayload,
    ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
  };
  const signedHeaders = Object.keys(headers).sort();
  const date = at.slice(0, 8);
  const terms = { at, date, region, service, signedHeaders };
  const signature = signatureOf({ ...request, headers }, terms, unsignedPayload, secretAccessKey);
  const credential = `${accessKeyId}/${date}/${region}/${service}/aws4_request`;
  headers.authorization = `${algorithm} Credential=${credential}, SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`;
  return headers;
}

/** S3 takes the path as it came; every other service encodes it once more. */
function canonicalPath(path: string, service: string): string {
  if (service === 's3') return path;
  return path
    .split('/')
    .map((segment) => encode(segment))
    .join('/');
}

/**
 * All parameters but the signature, in order. For some services of AWS IoT a session token is left out of what is signed
 * and put behind it.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iam-users-groups-roles.html
 */
function canonicalQuery(query: URLSearchParams, service: string): string {
  const isOutside = tokenOutside.includes(service);
  return [...query]
    .filter(([name]) => name !== 'X-Amz-Signature' && !(isOutside && name === 'X-Amz-Security-Token'))
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([aName, a], [bName, b]) => compare(aName, bName) || compare(a, b))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What the request itself says: the names are the client's, and `constructor` is one. */
function headerOf({ headers }: SignedHead, name: string): string | readonly string[] | undefined {
  return Object.hasOwn(headers, name) ? headers[name] : undefined;
}

function canonicalValue(value: string | readonly string[] | undefined): string {
  return textOf(value).trim().replace(/\s+/g, ' ');
}

/** RFC 3986: everything but the unreserved characters. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Good for a day, Region, service and secret: requests of a run share one. */
const signingKeys = new Map<string, Buffer>();
const maxSigningKeys = 1_000;

function signingKey(secret: string, date: string, region: string, service: string): Buffer {
  const id = `${secret}/${date}/${region}/${service}`;
  let key = signingKeys.get(id);
  if (key === undefined) {
    key = [date, region, service, 'aws4_request'].reduce<Buffer>(hmac, Buffer.from(`AWS4${secret}`));
    if (signingKeys.size >= maxSigningKeys) signingKeys.clear();
    signingKeys.set(id, key);
  }
  return key;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

export function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

export function textOf(value: string | readonly string[] | undefined): string {
  return typeof value === 'string' ? value : (value?.join(',') ?? '');
}
