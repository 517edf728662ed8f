import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { AwsError } from '../gateway/aws-error.ts';
import { header } from '../gateway/gateway.ts';
import type { GatewayRequest } from '../gateway/gateway-service.ts';

/** Checksums that can be verified; the others (CRC32C, CRC64NVME) are taken on trust. */
const digests: Readonly<Record<string, (body: Buffer) => string>> = {
  'x-amz-checksum-crc32': (body) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(crc32(body));
    return bytes.toString('base64');
  },
  'x-amz-checksum-sha1': (body) => createHash('sha1').update(body).digest('base64'),
  'x-amz-checksum-sha256': (body) => createHash('sha256').update(body).digest('base64'),
};

export function md5Hex(body: Buffer): string {
  return createHash('md5').update(body).digest('hex');
}

/**
 * The object in a PutObject's body: as it stands, or taken out of `aws-chunked` with its trailing checksum.
 * @throws AwsError `BadDigest` for a body that does not match its checksum, `IncompleteBody` for a torn one
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export function readObjectBody(request: GatewayRequest): Buffer {
  const isChunked = header(request, 'x-amz-content-sha256')?.startsWith('STREAMING-') ?? false;
  const { body, trailers } = isChunked
    ? decodeChunks(request.body)
    : { body: request.body, trailers: new Map<string, string>() };
  const declaredBytes = header(request, 'x-amz-decoded-content-length');
  if (declaredBytes !== undefined && Number(declaredBytes) !== body.length)
    throw incomplete(`${body.length} bytes came of ${declaredBytes}`);
  for (const [name, digest] of Object.entries(digests)) {
    const expected = trailers.get(name) ?? header(request, name);
    if (expected !== undefined && expected !== digest(body))
      throw new AwsError('BadDigest', `The ${name} you specified did not match the body`);
  }
  const contentMd5 = header(request, 'content-md5');
  if (contentMd5 !== undefined && Buffer.from(contentMd5, 'base64').toString('hex') !== md5Hex(body))
    throw new AwsError('BadDigest', 'The Content-MD5 you specified did not match what we received.');
  return body;
}

/** `{hex size}[;chunk-signature=…]\r\n{bytes}\r\n … 0\r\n{trailer: value}\r\n…\r\n` */
function decodeChunks(encoded: Buffer): { body: Buffer; trailers: Map<string, string> } {
  const chunks: Buffer[] = [];
  const trailers = new Map<string, string>();
  let at = 0;
  const line = (): string => {
    const end = encoded.indexOf('\r\n', at);
    if (end === -1) throw incomplete('the body ends inside a chunk');
    const text = encoded.toString('latin1', at, end);
    at = end + 2;
    return text;
  };
  for (;;) {
    const size = Number.parseInt(line(), 16);
    if (!Number.isInteger(size) || at + size > encoded.length) throw incomplete('a chunk has no proper size');
    if (size === 0) break;
    chunks.push(encoded.subarray(at, at + size));
    at += size;
    if (line() !== '') throw incomplete('a chunk is longer than its size');
  }
  while (at < encoded.length) {
    const [name = '', value] = line().split(/:(.*)/s);
    if (value !== undefined) trailers.set(name.trim().toLowerCase(), value.trim());
  }
  return { body: Buffer.concat(chunks), trailers };
}

function incomplete(what: string): AwsError {
  return new AwsError('IncompleteBody', `The body is not what its headers say: ${what}`);
}
