import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AccessCredentials } from '../../identity/credentials.ts';
import type { SignRequest } from './http-transport.ts';

export interface SigningSettings {
  /** `execute-api`, `iotdata` */
  readonly service: string;
  readonly region: string;
  /** Called for each request: temporary credentials are renewed while a slice runs. */
  readonly credentials: () => Promise<AccessCredentials>;
}

/**
 * Signs requests by AWS Signature Version 4, with the AWS SDK's own signer: some 0.1 ms a request.
 * @param origin of the web service
 */
export function makeSigner(origin: URL, { service, region, credentials }: SigningSettings): SignRequest {
  const signer = new SignatureV4({ service, region, credentials, sha256: Sha256 });
  const { protocol, hostname, host } = origin;
  return async ({ method, path, headers }, body) => {
    const [pathname = '/', query = ''] = path.split('?', 2);
    const signed = await signer.sign({
      method,
      protocol,
      hostname,
      path: pathname,
      query: queryOf(query),
      headers: { host, ...headers },
      body,
    });
    return { method, path, headers: signed.headers };
  };
}

function queryOf(text: string): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const known = query[name];
    query[name] = known === undefined ? value : [known, value].flat();
  }
  return query;
}

/** The hash that the signer asks for, by Node. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    throw new Error('a hash is used once');
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(data);
}
