import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from './aws-error.ts';

/**
 * Of a refused request the rest is not read, so its connection cannot be used again. It stays open for so long: were it
 * closed while bytes of the client's are still unread, the client would see a reset connection in place of the answer.
 */
const lingerMs = 2_000;

/** @throws AwsError 413 as soon as it is known that the body is longer: what follows stays unread */
export async function readBody(incoming: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const declared = Number(incoming.headers['content-length'] ?? 0);
  if (declared > maxBytes) throw tooLarge(maxBytes);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const take = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      incoming.off('data', take).pause();
      chunks.length = 0;
      reject(tooLarge(maxBytes));
    };
    incoming.on('data', take);
    incoming.on('error', reject);
    incoming.on('close', () => reject(new Error('the caller hung up')));
    incoming.on('end', () =>
      resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, bytes)),
    );
  });
}

/** Whether nothing more can come of a request's body. */
export function isBodyRead({ complete, headers }: IncomingMessage): boolean {
  return complete || !(Number(headers['content-length'] ?? 0) > 0 || 'transfer-encoding' in headers);
}

/**
 * Sends an answer whose headers say how long it is, and reads nothing more of the request.
 * @param body undefined: of a HEAD
 */
export function endUnread(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  body: Buffer | string | undefined,
): void {
  if (isBodyRead(incoming)) {
    outgoing.end(body);
    return;
  }
  // `end` would have Node read the rest, or reset the connection.
  incoming.pause();
  if (body === undefined || body.length === 0) outgoing.flushHeaders();
  else outgoing.write(body);
  const over = setTimeout(() => incoming.socket.destroy(), lingerMs);
  over.unref();
  outgoing.once('close', () => clearTimeout(over));
}

function tooLarge(maxBytes: number): AwsError {
  return new AwsError('RequestEntityTooLargeException', `the body is larger than ${maxBytes} bytes`, 413);
}

/** Levels of objects and lists that a service takes: far more than any client sends, few enough for JSON.stringify. */
export const maxJsonDepth = 1_000;

const [quote, backslash, openList, closeList, openObject, closeObject] = Buffer.from('"\\[]{}');

/**
 * JSON.parse reads what is nested deeper than JSON.stringify, and most other code, can follow. Scans without recursion,
 * and says nothing of whether the text is JSON.
 */
export function isNestedTooDeep(json: Buffer | string): boolean {
  const bytes = typeof json === 'string' ? Buffer.from(json) : json;
  let depth = 0;
  let isInText = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (isInText) {
      if (byte === backslash) at++;
      else if (byte === quote) isInText = false;
    } else if (byte === quote) isInText = true;
    else if (byte === closeList || byte === closeObject) depth--;
    else if ((byte === openList || byte === openObject) && ++depth > maxJsonDepth) return true;
  }
  return false;
}
