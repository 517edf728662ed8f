import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { generate } from 'selfsigned';

/** Paths of PEM files; `pairs` is a directory with a pair a device. */
export type TargetFiles = Readonly<
  Record<'ca' | 'otherCa' | 'cert' | 'key' | 'otherCert' | 'otherKey' | 'pairs', string>
>;

/**
 * What a target over TLS and its devices show, in a directory: also `server`, for localhost and 127.0.0.1, and `expired`, each as
 * a `.pem` and a `.key`.
 */
export async function writeTargetCertificates(directory: string, devices: number): Promise<TargetFiles> {
  // A server that gives up root still has to read them.
  const write = (name: string, text: string): string => {
    const file = path.join(directory, name);
    writeFileSync(file, text, { mode: 0o644 });
    return file;
  };
  const day = 86_400_000;
  const common = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;
  const authorityOf = (name: string) =>
    generate([{ name: 'commonName', value: name }], {
      ...common,
      extensions: [
        { name: 'basicConstraints', cA: true, critical: true },
        { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
      ],
    });
  const [authority, other] = await Promise.all([authorityOf('target'), authorityOf('other')]);
  const sign = async (name: string, { by = authority, until = Date.now() + day } = {}) => {
    const pair = await generate([{ name: 'commonName', value: path.basename(name) }], {
      ...common,
      ca: { key: by.private, cert: by.cert },
      notBeforeDate: new Date(Date.now() - 30 * day),
      notAfterDate: new Date(until),
      extensions: [
        {
          name: 'subjectAltName',
          altNames: [
            { type: 2, value: 'localhost' },
            { type: 7, ip: '127.0.0.1' },
          ],
        },
      ],
    });
    return { cert: write(`${name}.pem`, pair.cert), key: write(`${name}.key`, pair.private) };
  };
  const device = await sign('device');
  const otherDevice = await sign('other-device', { by: other });
  await sign('server');
  await sign('expired', { until: Date.now() - day });
  const pairs = path.join(directory, 'pairs');
  mkdirSync(pairs, { mode: 0o755 });
  for (let i = 0; i < devices; i++) await sign(`pairs/d${i}`);
  return {
    ca: write('ca.pem', authority.cert),
    otherCa: write('other-ca.pem', other.cert),
    ...device,
    otherCert: otherDevice.cert,
    otherKey: otherDevice.key,
    pairs,
  };
}
