import { timingSafeEqual } from 'node:crypto';
import {
  algorithm,
  type Credentials,
  type SignatureTerms,
  type SignedHead,
  type SignedRequest,
  sha256,
  signatureOf,
  textOf,
  unsignedPayload,
} from './request-signature.ts';

export interface SignatureScope {
  readonly region: string;
  /** Any of them. */
  readonly services: readonly string[];
}

/** What is wrong with a signature; each service of AWS has its own name for it. */
export type SignatureProblem =
  | 'missing'
  | 'incomplete'
  | 'key'
  | 'token'
  | 'scope'
  | 'time'
  | 'payload'
  | 'mismatch';

/** Why a request is not who it says. */
export class SignatureError extends Error {
  readonly problem: SignatureProblem;

  constructor(problem: SignatureProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}

/** How far a request's clock may be from the service's. */
const maxSkewMs = 300_000;
/** Of a signature in a query: a week at most. */
const maxExpiresSeconds = 604_800;

/** What a request says of who has signed it. */
export interface Claim extends SignatureTerms {
  readonly accessKeyId: string;
  readonly signature: string;
  readonly expiresSeconds: number | undefined;
  readonly token: string | undefined;
  readonly isInQuery: boolean;
}

/** Whether a request carries a signature at all, right or wrong. */
export function isSigned({ query, headers }: Pick<SignedHead, 'query' | 'headers'>): boolean {
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
  const { claim, credentials } = checkClaim(request, credentialsOf, scope, nowMs);
  const payloadHash = payloadHashOf(request, claim);
  const expected = Buffer.from(signatureOf(request, claim, payloadHash, credentials.secretAccessKey));
  const given = Buffer.from(claim.signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new SignatureError(
      'mismatch',
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.',
    );
  }
  return credentials;
}

/**
 * All that can be checked before the body is read: whether the key is known, the scope, the time, the signed headers.
 * @throws SignatureError
 */
export function checkClaim<T extends Credentials>(
  request: SignedHead,
  credentialsOf: (accessKeyId: string) => T | undefined,
  scope: SignatureScope,
  nowMs: number,
): { readonly claim: Claim; readonly credentials: T } {
  const claim = request.query.has('X-Amz-Signature') ? claimOfQuery(request) : claimOfHeader(request);
  const credentials = credentialsOf(claim.accessKeyId);
  const unknown = 'The security token included in the request is invalid.';
  if (credentials === undefined) throw new SignatureError('key', unknown);
  if (claim.token !== credentials.sessionToken) throw new SignatureError('token', unknown);
  if (claim.region !== scope.region) {
    throw new SignatureError(
      'scope',
      `Credential should be scoped to a valid region, not '${claim.region}'.`,
    );
  }
  if (!scope.services.includes(claim.service)) {
    throw new SignatureError(
      'scope',
      `Credential should be scoped to correct service: '${scope.services[0]}'.`,
    );
  }
  checkTime(claim, nowMs);
  checkSignedHeaders(request, claim);
  return { claim, credentials };
}

/**
 * The host, and every header of AWS's that the request has: one that was added after signing would be taken for the
 * signer's.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
function checkSignedHeaders({ headers }: SignedHead, { signedHeaders }: Claim): void {
  if (!signedHeaders.includes('host'))
    throw new SignatureError('incomplete', "'Host' must be a signed header.");
  const unsigned = Object.keys(headers).filter(
    (name) => name.startsWith('x-amz-') && headers[name] !== undefined && !signedHeaders.includes(name),
  );
  if (unsigned.length > 0) {
    throw new SignatureError(
      'mismatch',
      `There were headers present in the request which were not signed: ${unsigned.join(', ')}`,
    );
  }
}

function claimOfHeader({ headers }: SignedHead): Claim {
  const authorization = textOf(headers.authorization);
  if (!authorization.startsWith(algorithm))
    throw new SignatureError('missing', 'Missing Authentication Token');
  const part = (name: string): string => new RegExp(`${name}=([^,\\s]+)`).exec(authorization)?.[1] ?? '';
  return {
    ...scopeOf(part('Credential')),
    signedHeaders: part('SignedHeaders').split(';'),
    signature: part('Signature'),
    at: textOf(headers['x-amz-date']),
    expiresSeconds: undefined,
    token:
      headers['x-amz-security-token'] === undefined ? undefined : textOf(headers['x-amz-security-token']),
    isInQuery: false,
  };
}

function claimOfQuery({ query }: SignedHead): Claim {
  const part = (name: string): string => query.get(`X-Amz-${name}`) ?? '';
  if (part('Algorithm') !== algorithm)
    throw new SignatureError('incomplete', `X-Amz-Algorithm only supports ${algorithm}`);
  return {
    ...scopeOf(part('Credential')),
    signedHeaders: part('SignedHeaders').split(';'),
    signature: part('Signature'),
    at: part('Date'),
    // What the Device SDKs leave out is a day.
    expiresSeconds: query.has('X-Amz-Expires') ? Number(part('Expires')) : 86_400,
    token: query.get('X-Amz-Security-Token') ?? undefined,
    isInQuery: true,
  };
}

function scopeOf(credential: string): Pick<Claim, 'accessKeyId' | 'date' | 'region' | 'service'> {
  const [accessKeyId = '', date = '', region = '', service = '', end] = credential.split('/');
  if (end !== 'aws4_request')
    throw new SignatureError('incomplete', 'Credential must have exactly 5 slash-delimited elements');
  return { accessKeyId, date, region, service };
}

function checkTime({ at, date, expiresSeconds }: Claim, nowMs: number): void {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(at) ?? [];
  const atMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(atMs) || at.slice(0, 8) !== date)
    throw new SignatureError('time', 'Date in Credential scope does not match the request’s');
  if (expiresSeconds !== undefined && !(expiresSeconds >= 1 && expiresSeconds <= maxExpiresSeconds)) {
    throw new SignatureError('time', 'X-Amz-Expires must be from 1 to 604800 seconds');
  }
  if (atMs - nowMs > maxSkewMs) throw new SignatureError('time', `Signature not yet current: ${at}`);
  const validMs = expiresSeconds === undefined ? maxSkewMs : expiresSeconds * 1000;
  if (nowMs - atMs > validMs) throw new SignatureError('time', `Signature expired: ${at}`);
}

/**
 * The hash that the request names has to be its body's. S3 has two more ways: a body in chunks whose checksum follows it,
 * and links, which are signed before the body exists.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
function payloadHashOf({ headers, body }: SignedRequest, { service, isInQuery }: Claim): string {
  const named = headers['x-amz-content-sha256'];
  if (named === unsignedPayload) return named;
  if (service === 's3') {
    if (named === undefined && isInQuery) return unsignedPayload;
    if (named === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') return named;
    if (named === undefined)
      throw new SignatureError(
        'incomplete',
        'Missing required header for this request: x-amz-content-sha256',
      );
  }
  const hash = sha256(body);
  if (named !== undefined && named !== hash) {
    throw new SignatureError(
      'payload',
      'The provided x-amz-content-sha256 does not match what was computed.',
    );
  }
  return hash;
}
