import { createPrivateKey, createPublicKey, type KeyObject, webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PublicKey,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { type DeviceNumber, deriveBytes, deriveDeviceKey, type KeyAlgorithm } from './device-key.ts';

/** PEM: a certificate, and its private key (PKCS #8). */
export interface Keyed {
  readonly certificate: string;
  readonly key: string;
}

/** PKCS #1 v1.5: the same signature each time, which ECDSA of Node is not. A registered certificate is found by each of its bytes. */
const signing = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const;
const authorityBits = { modulusLength: 2_048, publicExponent: new Uint8Array([1, 0, 1]) } as const;

/**
 * A new authority: all that is to be kept of a fleet's identities.
 * @param name its common name
 * @param valid epoch milliseconds, in whole seconds; its devices' certificates are as well
 */
export async function makeAuthority(
  name: string,
  valid: { readonly from: number; readonly to: number },
): Promise<Keyed> {
  const keys = await webcrypto.subtle.generateKey({ ...signing, ...authorityBits }, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [name] }],
    notBefore: new Date(valid.from),
    notAfter: new Date(valid.to),
    signingAlgorithm: signing,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificate: `${certificate.toString('pem')}\n`,
    key: pemOf(createPrivateKey({ key: Buffer.from(key), format: 'der', type: 'pkcs8' })),
  };
}

/** Makes the certificates of an authority's devices, each the same to the byte whenever and wherever it is made. */
export class DeviceIssuer {
  readonly #certificate: X509Certificate;
  readonly #signingKey: webcrypto.CryptoKey;
  readonly #secret: Uint8Array;
  readonly #authority: Extension;

  private constructor(
    certificate: X509Certificate,
    signingKey: webcrypto.CryptoKey,
    secret: Uint8Array,
    authority: Extension,
  ) {
    this.#certificate = certificate;
    this.#signingKey = signingKey;
    this.#secret = secret;
    this.#authority = authority;
  }

  /** @throws {Error} for PEM that is none, and for an authority whose key is not RSA */
  static async open({ certificate, key }: Keyed): Promise<DeviceIssuer> {
    const secret = createPrivateKey(key).export({ format: 'der', type: 'pkcs8' });
    const signingKey = await webcrypto.subtle.importKey('pkcs8', secret, signing, false, ['sign']);
    const read = new X509Certificate(certificate);
    const authority = await AuthorityKeyIdentifierExtension.create(read.publicKey);
    return new DeviceIssuer(read, signingKey, secret, authority);
  }

  /**
   * The key of a device, and its certificate, which the authority has signed.
   * @throws {RangeError} for a seed or a number that is not a whole one from 0
   */
  async issue(number: DeviceNumber, algorithm: KeyAlgorithm = 'P-256'): Promise<Keyed> {
    const key = deriveDeviceKey(this.#secret, number, algorithm);
    const publicKey = new PublicKey(createPublicKey(key).export({ format: 'der', type: 'spki' }));
    const serial = deriveBytes(this.#secret, number, `serial/${algorithm}`, 16);
    // A positive number of 16 bytes (RFC 5280, 4.1.2.2).
    serial[0] = (serial[0]! & 0x3f) | 0x40;
    const { subject, notBefore, notAfter } = this.#certificate;
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serial.toString('hex'),
      subject: [{ CN: [`stampede-${number.seed}-${number.device}`] }],
      issuer: subject,
      notBefore,
      notAfter,
      signingAlgorithm: signing,
      signingKey: this.#signingKey,
      publicKey,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
        this.#authority,
        await SubjectKeyIdentifierExtension.create(publicKey),
      ],
    });
    return { certificate: `${certificate.toString('pem')}\n`, key: pemOf(key) };
  }
}

function pemOf(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }).toString();
}
