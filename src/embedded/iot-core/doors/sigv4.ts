import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** What Signature Version 4 signs. */
export interface SignedRequest {
  readonly method: string;
  /** As it came, percent-encoding kept, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials: has to come with every request. */
  readonly sessionToken?: string;
}

export interface SignatureScope {
  readonly region: string;
  /** Any of them. */
  readonly services: readonly string[];
}

/** Why a request is not who it says. */
export class SignatureError extends Error {}

const algorithm = 'AWS4-HMAC-SHA256';
/** How far a request's clock may be from the service's. */
const maxSkewMs = 300_000;
/** Of a signature in a query: a week at most. */
const maxExpiresSeconds = 604_800;

interface Claim {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** `20261121T020000Z` */
  readonly at: string;
  readonly expiresSeconds: number | undefined;
  readonly token: string | undefined;
}

/** Whether a request carries a signature at all, right or wrong. */
export function isSigned({ query, headers }: Pick<SignedRequest, 'query' | 'headers'>): boolean {
  return query.has('X-Amz-Signature') || textOf(headers.authorization).startsWith(algorithm);
}

/**
 * Recomputes the signature that the request carries, in its `Authorization` header or in its query.
 * @param credentialsOf by access key id
 * @returns the credentials it was signed with
 * @throws SignatureError
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
 */
export function verifySignature<T extends Credentials>(
  request: SignedRequest,
  credentialsOf: (accessKeyId: string) => T | undefined,
  scope: SignatureScope,
  nowMs: number,
): T {
  const claim = request.query.has('X-Amz-Signature') ? claimOfQuery(request) : claimOfHeader(request);
  const credentials = credentialsOf(claim.accessKeyId);
  if (credentials === undefined)
    throw new SignatureError('The security token included in the request is invalid.');
  if (claim.token !== credentials.sessionToken) {
    throw new SignatureError('The security token included in the request is invalid.');
  }
  if (claim.region !== scope.region) {
    throw new SignatureError(`Credential should be scoped to a valid region, not '${claim.region}'.`);
  }
  if (!scope.services.includes(claim.service)) {
    throw new SignatureError(`Credential should be scoped to correct service: '${scope.services[0]}'.`);
  }
  checkTime(claim, nowMs);
  checkSignedHeaders(request, claim);
  const expected = Buffer.from(signatureOf(request, claim, credentials.secretAccessKey));
  const given = Buffer.from(claim.signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new SignatureError(
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.',
    );
  }
  return credentials;
}

/**
 * The host, and every header of AWS's that the request has: one that was added after signing would be taken for the
 * signer's.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
function checkSignedHeaders({ headers }: SignedRequest, { signedHeaders }: Claim): void {
  if (!signedHeaders.includes('host')) throw new SignatureError("'Host' must be a signed header.");
  const unsigned = Object.keys(headers).filter(
    (name) => name.startsWith('x-amz-') && headers[name] !== undefined && !signedHeaders.includes(name),
  );
  if (unsigned.length > 0) {
    throw new SignatureError(
      `There were headers present in the request which were not signed: ${unsigned.join(', ')}`,
    );
  }
}

function claimOfHeader({ headers }: SignedRequest): Claim {
  const authorization = textOf(headers.authorization);
  if (!authorization.startsWith(algorithm)) throw new SignatureError('Missing Authentication Token');
  const part = (name: string): string => new RegExp(`${name}=([^,\\s]+)`).exec(authorization)?.[1] ?? '';
  return {
    ...scopeOf(part('Credential')),
    signedHeaders: part('SignedHeaders').split(';'),
    signature: part('Signature'),
    at: textOf(headers['x-amz-date']),
    expiresSeconds: undefined,
    token:
      headers['x-amz-security-token'] === undefined ? undefined : textOf(headers['x-amz-security-token']),
  };
}

function claimOfQuery({ query }: SignedRequest): Claim {
  const part = (name: string): string => query.get(`X-Amz-${name}`) ?? '';
  if (part('Algorithm') !== algorithm) throw new SignatureError(`X-Amz-Algorithm only supports ${algorithm}`);
  return {
    ...scopeOf(part('Credential')),
    signedHeaders: part('SignedHeaders').split(';'),
    signature: part('Signature'),
    at: part('Date'),
    // What the Device SDKs leave out is a day.
    expiresSeconds: query.has('X-Amz-Expires') ? Number(part('Expires')) : 86_400,
    token: query.get('X-Amz-Security-Token') ?? undefined,
  };
}

function scopeOf(credential: string): Pick<Claim, 'accessKeyId' | 'date' | 'region' | 'service'> {
  const [accessKeyId = '', date = '', region = '', service = '', end] = credential.split('/');
  if (end !== 'aws4_request')
    throw new SignatureError('Credential must have exactly 5 slash-delimited elements');
  return { accessKeyId, date, region, service };
}

function checkTime({ at, date, expiresSeconds }: Claim, nowMs: number): void {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(at) ?? [];
  const atMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(atMs) || at.slice(0, 8) !== date)
    throw new SignatureError('Date in Credential scope does not match the request’s');
  if (expiresSeconds !== undefined && !(expiresSeconds >= 1 && expiresSeconds <= maxExpiresSeconds)) {
    throw new SignatureError('X-Amz-Expires must be from 1 to 604800 seconds');
  }
  if (atMs - nowMs > maxSkewMs) throw new SignatureError(`Signature not yet current: ${at}`);
  const validMs = expiresSeconds === undefined ? maxSkewMs : expiresSeconds * 1000;
  if (nowMs - atMs > validMs) throw new SignatureError(`Signature expired: ${at}`);
}

function signatureOf(request: SignedRequest, claim: Claim, secret: string): string {
  const canonical = [
    request.method,
    canonicalPath(request.path),
    canonicalQuery(request.query),
    ...claim.signedHeaders.map((name) => `${name}:${canonicalValue(headerOf(request, name))}`),
    '',
    claim.signedHeaders.join(';'),
    bodyHash(request),
  ].join('\n');
  const { at, date, region, service } = claim;
  const toSign = [algorithm, at, `${date}/${region}/${service}/aws4_request`, sha256(canonical)].join('\n');
  return hmac(signingKey(secret, date, region, service), toSign).toString('hex');
}

/** Encoded once more than it came, as every service but S3 has it. */
function canonicalPath(path: string): string {
  return path
    .split('/')
    .map((segment) => encode(segment))
    .join('/');
}

/**
 * All parameters but the signature, in order. A session token is left out of what is signed and put behind it: AWS IoT is
 * one of the few services that want it so.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iam-users-groups-roles.html
 */
function canonicalQuery(query: URLSearchParams): string {
  return [...query]
    .filter(([name]) => name !== 'X-Amz-Signature' && name !== 'X-Amz-Security-Token')
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([aName, a], [bName, b]) => compare(aName, bName) || compare(a, b))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What the request itself says: the names are the client's, and `constructor` is one. */
function headerOf({ headers }: SignedRequest, name: string): string | readonly string[] | undefined {
  return Object.hasOwn(headers, name) ? headers[name] : undefined;
}

function canonicalValue(value: string | readonly string[] | undefined): string {
  return textOf(value).trim().replace(/\s+/g, ' ');
}

/** The hash that the request names has to be its body's. */
function bodyHash({ headers, body }: SignedRequest): string {
  const named = headers['x-amz-content-sha256'];
  if (named === 'UNSIGNED-PAYLOAD') return named;
  const hash = sha256(body);
  if (named !== undefined && named !== hash) {
    throw new SignatureError('The provided x-amz-content-sha256 does not match what was computed.');
  }
  return hash;
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

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function textOf(value: string | readonly string[] | undefined): string {
  return typeof value === 'string' ? value : (value?.join(',') ?? '');
}
