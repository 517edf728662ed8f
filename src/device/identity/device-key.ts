import {
  checkPrimeSync,
  createCipheriv,
  createECDH,
  createPrivateKey,
  hkdfSync,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';

/** What devices have on AWS: EC P-256 where a fleet makes its own keys, RSA-2048 where AWS makes them. */
export type KeyAlgorithm = 'P-256' | 'RSA-2048';

/** Who a device is: with the authority's secret, all that its key and its certificate are derived from. */
export interface DeviceNumber {
  /** Of the fleet: another one has other keys. */
  readonly seed: number;
  /** Of the device, from 0. */
  readonly device: number;
}

/** The order of the base point of P-256. @see https://csrc.nist.gov/pubs/sp/800/186/final 3.2.1.3 */
const orderOfP256 = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const publicExponent = 65_537n;
const primeBytes = 128;
/** Primes that are nearer to each other than this would give the modulus away. @see https://csrc.nist.gov/pubs/fips/186-5/final A.1.3 */
const leastDistance = 1n << 924n;

/**
 * The private key of one device: the same each time it is derived, and of no use for deriving that of another one.
 * @param secret of the authority: who has it can derive all keys of its fleets
 * @throws {RangeError} for a seed or a number that is not a whole one from 0
 */
export function deriveDeviceKey(
  secret: Uint8Array,
  number: DeviceNumber,
  algorithm: KeyAlgorithm,
): KeyObject {
  const key = algorithm === 'P-256' ? ecKey(secret, number) : rsaKey(secret, number);
  return createPrivateKey({ key, format: 'jwk' });
}

/**
 * Bytes for one purpose of one device, by HKDF-SHA-256.
 * @throws {RangeError} as `deriveDeviceKey`
 */
export function deriveBytes(
  secret: Uint8Array,
  { seed, device }: DeviceNumber,
  purpose: string,
  length: number,
): Buffer {
  for (const each of [seed, device])
    if (!Number.isSafeInteger(each) || each < 0) throw new RangeError(`no whole number from 0: ${each}`);
  return Buffer.from(hkdfSync('sha256', secret, '', `stampede/1/${purpose}/${seed}/${device}`, length));
}

/** FIPS 186-5 A.2.1: 64 bits more than the order has, so that no scalar is likelier than another. */
function ecKey(secret: Uint8Array, number: DeviceNumber): JsonWebKey {
  const wide = toBigInt(deriveBytes(secret, number, 'P-256', 40));
  const scalar = toBytes((wide % (orderOfP256 - 1n)) + 1n, 32);
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(scalar);
  const point = ecdh.getPublicKey();
  const encode = (bytes: Buffer) => bytes.toString('base64url');
  return {
    kty: 'EC',
    crv: 'P-256',
    d: encode(scalar),
    x: encode(point.subarray(1, 33)),
    y: encode(point.subarray(33)),
  };
}

/** Primes are taken from a stream of candidates that the device has of its own: FIPS 186-5 A.1.3. Takes some hundred milliseconds of CPU. */
function rsaKey(secret: Uint8Array, number: DeviceNumber): JsonWebKey {
  const stream = createCipheriv('aes-256-ctr', deriveBytes(secret, number, 'RSA-2048', 32), Buffer.alloc(16));
  const one = nextPrime(stream);
  let other = nextPrime(stream);
  while (distance(one, other) <= leastDistance) other = nextPrime(stream);
  const [p, q] = one > other ? [one, other] : [other, one];
  const d = inverse(publicExponent, (p - 1n) * (q - 1n));
  const encode = (value: bigint, bytes: number) => toBytes(value, bytes).toString('base64url');
  return {
    kty: 'RSA',
    n: encode(p * q, 2 * primeBytes),
    e: encode(publicExponent, 3),
    d: encode(d, 2 * primeBytes),
    p: encode(p, primeBytes),
    q: encode(q, primeBytes),
    dp: encode(d % (p - 1n), primeBytes),
    dq: encode(d % (q - 1n), primeBytes),
    qi: encode(inverse(q, p), primeBytes),
  };
}

/** Its two highest bits are set, so that the product of two has all of its 2,048 bits. */
function nextPrime(stream: ReturnType<typeof createCipheriv>): bigint {
  for (;;) {
    const bytes = stream.update(Buffer.alloc(primeBytes));
    bytes[0]! |= 0xc0;
    bytes[primeBytes - 1]! |= 1;
    const candidate = toBigInt(bytes);
    if ((candidate - 1n) % publicExponent !== 0n && checkPrimeSync(candidate)) return candidate;
  }
}

function distance(a: bigint, b: bigint): bigint {
  return a > b ? a - b : b - a;
}

/** By Euclid's algorithm. @param value has no divisor in common with the modulus */
function inverse(value: bigint, modulus: bigint): bigint {
  let [rest, next] = [modulus, value % modulus];
  let [factor, nextFactor] = [0n, 1n];
  while (next !== 0n) {
    const times = rest / next;
    [rest, next] = [next, rest - times * next];
    [factor, nextFactor] = [nextFactor, factor - times * nextFactor];
  }
  return ((factor % modulus) + modulus) % modulus;
}

function toBigInt(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}

function toBytes(value: bigint, length: number): Buffer {
  return Buffer.from(value.toString(16).padStart(2 * length, '0'), 'hex');
}
