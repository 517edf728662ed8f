import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { CertificatePair } from '../device/identity/credentials.ts';
import type { ConnectSettings } from '../profile/load-profile.ts';
import { formatPlural } from '../shared/format.ts';
import {
  BadCredentialsError,
  type CredentialAccess,
  type DeviceRange,
  notReadable,
  readSecret,
  readText,
} from './credential-access.ts';

type Files = Pick<ConnectSettings, 'cert' | 'key'>;

/**
 * Certificates and keys of a slice's devices, by index within the slice: one pair for all, or of a directory one a device.
 * @param now epoch milliseconds: a certificate that is not valid then is an error
 * @throws BadCredentialsError
 */
export async function readPairs(
  { cert = '', key }: Files,
  devices: DeviceRange,
  now: number,
  access: Pick<CredentialAccess, 'secret'>,
): Promise<(device: number) => CertificatePair> {
  if (typeof cert === 'object') {
    const pair = await readSecretPair(cert.secret, now, access);
    return () => pair;
  }
  const isDirectory = await stat(cert).then(
    (found) => found.isDirectory(),
    (error: unknown) => {
      throw notReadable(cert, 'connect.cert', error);
    },
  );
  if (!isDirectory) {
    if (key === undefined)
      throw new BadCredentialsError('connect.key is missing', `set the path of the private key of ${cert}`);
    const pair = await readPair(cert, key, now);
    return () => pair;
  }
  if (key !== undefined)
    throw new BadCredentialsError(
      `connect.key is one key, and ${cert} is a directory with a pair a device`,
      'remove connect.key, or name one certificate',
    );
  const files = pairsIn(await readdir(cert));
  const own = files.slice(devices.firstDevice, devices.firstDevice + devices.count);
  if (own.length < devices.count)
    throw new BadCredentialsError(
      `${cert} has ${formatPlural(files.length, 'certificate')} with keys, and device d${devices.firstDevice + devices.count - 1} needs one more than that`,
      'give a pair a device: NAME.pem or NAME.crt beside NAME.key, in the order of their names',
    );
  const pairs: CertificatePair[] = [];
  for (const each of own)
    pairs.push(await readPair(path.join(cert, each.cert), path.join(cert, each.key), now));
  return (device) => pairs[Math.min(device, devices.count - 1)]!;
}

/** `NAME.cert.pem`, `NAME.pem`, `NAME.crt` and what AWS calls it: `NAME-certificate.pem.crt`. */
const certificateName = /^(.+?)(?:-certificate\.pem\.crt|\.cert\.pem|\.crt|\.pem)$/;
const keyName = /^(.+?)(?:-private\.pem\.key|\.key\.pem|\.private\.key|\.key)$/;

/** By name, numbers in it as numbers: `d2` before `d10`. */
export function pairsIn(names: readonly string[]): { readonly cert: string; readonly key: string }[] {
  const keys = new Map<string, string>();
  for (const name of names) {
    const [, base] = keyName.exec(name) ?? [];
    if (base !== undefined) keys.set(base, name);
  }
  return names
    .flatMap((cert) => {
      const [, base = ''] = keyName.test(cert) ? [] : (certificateName.exec(cert) ?? []);
      const key = keys.get(base);
      return key === undefined ? [] : [{ base, cert, key }];
    })
    .toSorted((a, b) => a.base.localeCompare(b.base, 'en', { numeric: true }))
    .map(({ cert, key }) => ({ cert, key }));
}

async function readPair(cert: string, key: string, now: number): Promise<CertificatePair> {
  const [certificate, privateKey] = await Promise.all([
    readText(cert, 'connect.cert'),
    readText(key, 'connect.key'),
  ]);
  return checkPair({ certificate, key: privateKey }, { cert, key }, now);
}

/** JSON with `certificate` and `privateKey`, as the stack's own secret of the fleet's certificate. */
async function readSecretPair(
  name: string,
  now: number,
  access: Pick<CredentialAccess, 'secret'>,
): Promise<CertificatePair> {
  const text = await readSecret(name, access);
  let values: Readonly<Record<string, unknown>> = {};
  try {
    values = Object(JSON.parse(text));
  } catch {
    // Refused below.
  }
  const { certificate, privateKey } = values;
  const where = `the secret ${name}`;
  if (typeof certificate !== 'string' || typeof privateKey !== 'string')
    throw new BadCredentialsError(
      `${where} is not JSON with certificate and privateKey`,
      'store {"certificate": "PEM", "privateKey": "PEM"} in it',
    );
  const names = { cert: `certificate of ${where}`, key: `privateKey of ${where}` };
  return checkPair({ certificate, key: privateKey }, names, now);
}

/** @param names what the two are called in messages */
function checkPair(
  pair: CertificatePair,
  names: { readonly cert: string; readonly key: string },
  now: number,
): CertificatePair {
  const { cert, key } = names;
  const parsed = parseWith(() => new X509Certificate(pair.certificate), cert, 'is no certificate in PEM');
  const secret = parseWith(
    () => createPrivateKey(pair.key),
    key,
    'is no private key in PEM without a passphrase',
  );
  if (!parsed.checkPrivateKey(secret))
    throw new BadCredentialsError(`${key} is not the key of ${cert}`, 'give the pair that was made together');
  if (Date.parse(parsed.validTo) < now)
    throw new BadCredentialsError(`the certificate ${cert} expired on ${parsed.validTo}`, 'renew it');
  return pair;
}

function parseWith<Parsed>(parse: () => Parsed, file: string, what: string): Parsed {
  try {
    return parse();
  } catch (error) {
    throw new BadCredentialsError(`${file} ${what}`, 'give the path of another file', error);
  }
}
