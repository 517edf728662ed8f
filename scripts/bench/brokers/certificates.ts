import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificates {
  /** PEM files: an authority, and what it signed for a server on 127.0.0.1 and for devices. */
  readonly files: Readonly<Record<'ca' | 'serverCert' | 'serverKey' | 'deviceCert' | 'deviceKey', string>>;
  /** What a device shows and trusts, as text. */
  readonly device: { readonly ca: string; readonly cert: string; readonly key: string };
}

/** For one run of the bench; undefined without openssl. */
export function makeCertificates(): Certificates | undefined {
  if (spawnSync('openssl', ['version']).status !== 0) return undefined;
  const directory = mkdtempSync(join(tmpdir(), 'stampede-bench-'));
  const file = (name: string): string => join(directory, name);
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { stdio: 'pipe' });
  };
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...curve, '-keyout', file('ca.key'), '-out', file('ca.pem'), '-subj', '/CN=bench');
  writeFileSync(file('server.ext'), 'subjectAltName=IP:127.0.0.1,DNS:localhost');
  writeFileSync(file('device.ext'), 'extendedKeyUsage=clientAuth');
  for (const name of ['server', 'device']) {
    openssl(
      'req',
      ...curve,
      '-keyout',
      file(`${name}.key`),
      '-out',
      file(`${name}.csr`),
      '-subj',
      `/CN=${name}`,
    );
    const signedBy = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial'];
    const signed = ['-out', file(`${name}.pem`), '-extfile', file(`${name}.ext`), '-days', '2'];
    openssl('x509', '-req', '-in', file(`${name}.csr`), ...signedBy, ...signed);
  }
  const text = (name: string): string => readFileSync(file(name), 'utf8');
  return {
    files: {
      ca: file('ca.pem'),
      serverCert: file('server.pem'),
      serverKey: file('server.key'),
      deviceCert: file('device.pem'),
      deviceKey: file('device.key'),
    },
    device: { ca: text('ca.pem'), cert: text('device.pem'), key: text('device.key') },
  };
}
