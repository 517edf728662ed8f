import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { generate } from 'selfsigned';

/** PEM. */
export interface KeyedCertificate {
  readonly certificate: string;
  readonly key: string;
}

export interface Certificates {
  /** That has signed the certificates of the service and of its clients. */
  readonly authority: string;
  /** The service's own, for `localhost` and 127.0.0.1. */
  readonly server: KeyedCertificate;
  /** The fleet's. */
  readonly device: KeyedCertificate;
}

/** Paths of the files that a client needs to connect. */
export interface CertificateFiles {
  /** The authority's certificate, in place of Amazon's root. */
  readonly caFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

const dayMs = 86_400_000;
/** A clock that is a little behind must not find a certificate of tomorrow. */
const backdatedMs = 3_600_000;
/** They live as long as a process of the embedded IoT Core, which a developer may leave running. */
const validMs = 30 * dayMs;

/**
 * An authority, and what it signs: made anew at each start, so that no shipped certificate can be trusted. All on
 * P-256, where a handshake costs the service a tenth of what RSA does; the service's own come with RSA keys.
 */
export async function makeCertificates(nowMs: number): Promise<Certificates> {
  const common = {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(nowMs - backdatedMs),
    notAfterDate: new Date(nowMs + validMs),
  } as const;
  const authority = await generate(nameOf('Stampede embedded IoT Core CA'), {
    ...common,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const sign = async (
    commonName: string,
    usage: object,
    names: readonly object[],
  ): Promise<KeyedCertificate> => {
    const { cert, private: key } = await generate(nameOf(commonName), {
      ...common,
      ca: { key: authority.private, cert: authority.cert },
      extensions: [
        { name: 'basicConstraints', cA: false, critical: true },
        { name: 'keyUsage', digitalSignature: true, critical: true },
        { name: 'extKeyUsage', ...usage },
        ...(names.length > 0 ? [{ name: 'subjectAltName' as const, altNames: [...names] as never }] : []),
      ],
    });
    return { certificate: cert, key };
  };
  const [server, device] = await Promise.all([
    sign('localhost', { serverAuth: true }, [
      { type: 2, value: 'localhost' },
      { type: 7, ip: '127.0.0.1' },
    ]),
    sign('stampede-fleet', { clientAuth: true }, []),
  ]);
  return { authority: authority.cert, server, device };
}

/** Readable by this user only, so that no other user can connect as the fleet. */
export function writeCertificates(directory: string, { authority, device }: Certificates): CertificateFiles {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const write = (name: string, pem: string): string => {
    const file = path.join(directory, name);
    // A link of this name is replaced, not written through.
    rmSync(file, { force: true });
    writeFileSync(file, pem, { flag: 'wx', mode: 0o600 });
    return file;
  };
  return {
    caFile: write('ca.pem', authority),
    certificateFile: write('device.pem', device.certificate),
    keyFile: write('device.key', device.key),
  };
}

function nameOf(commonName: string) {
  return [
    { name: 'commonName', value: commonName },
    { name: 'organizationName', value: 'Stampede' },
  ];
}
