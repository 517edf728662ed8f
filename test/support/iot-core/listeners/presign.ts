import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { testKey } from '../../embedded/test-key.ts';

/** The AWS SDK's hash, by Node. */
export class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    const bytes = typeof secret === 'string' ? Buffer.from(secret) : (secret as Uint8Array | undefined);
    this.#hash = bytes === undefined ? createHash('sha256') : createHmac('sha256', bytes);
  }
  update(data: string | Uint8Array): void {
    this.#hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {}
}

export interface PresignOptions {
  readonly accessKeyId?: string;
  /** Of the `Host` header that is signed. */
  readonly host?: string;
  readonly secretAccessKey?: string;
  readonly region?: string;
  readonly service?: string;
  readonly signingDate?: Date;
}

/** The URL of a WebSocket, signed as AWS IoT Core wants it. */
export async function presignedUrl(port: number, options: PresignOptions = {}): Promise<string> {
  const {
    accessKeyId = testKey.accessKeyId,
    secretAccessKey = testKey.secretAccessKey,
    host = `localhost:${port}`,
    region = 'us-east-1',
    service = 'iotdevicegateway',
    signingDate = new Date(),
  } = options;
  const signer = new SignatureV4({
    credentials: { accessKeyId, secretAccessKey },
    region,
    service,
    sha256: Sha256 as never,
  });
  const { query = {} } = await signer.presign(
    {
      method: 'GET',
      protocol: 'wss:',
      hostname: 'localhost',
      path: '/mqtt',
      headers: { host },
    },
    { signingDate, expiresIn: 60 },
  );
  return `wss://localhost:${port}/mqtt?${new URLSearchParams(query as Record<string, string>)}`;
}
