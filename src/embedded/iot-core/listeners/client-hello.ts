/** What a client says before TLS begins: the protocols it offers (ALPN), best first; none is an empty list. */
export interface ClientHello {
  readonly protocols: readonly string[];
}

/** A record is at most 16 KB of payload (RFC 8446, 5.1); a ClientHello that needs more than one is none of any client known. */
const maxRecordBytes = 16_384;
const handshakeRecord = 22;
const clientHelloMessage = 1;
const alpnExtension = 16;

/**
 * Reads the beginning of a connection, which stays where it is: TLS is yet to read it.
 * @param bytes all that has come so far
 * @returns `more` while it is not whole; `none` where it is no ClientHello at all
 * @see https://www.rfc-editor.org/rfc/rfc8446#section-4.1.2, https://www.rfc-editor.org/rfc/rfc7301#section-3.1
 */
export function readClientHello(bytes: Buffer): ClientHello | 'more' | 'none' {
  if (bytes.length > 0 && bytes[0] !== handshakeRecord) return 'none';
  if (bytes.length < 5) return 'more';
  const recordBytes = bytes.readUInt16BE(3);
  if (recordBytes > maxRecordBytes) return 'none';
  if (bytes.length < 5 + recordBytes) return 'more';
  try {
    return { protocols: protocolsOf(new Fields(bytes.subarray(5, 5 + recordBytes))) };
  } catch {
    // A field past its end. TLS itself will say so to the client.
    return 'none';
  }
}

function protocolsOf(record: Fields): string[] {
  if (record.number(1) !== clientHelloMessage) throw new RangeError('not a ClientHello');
  const hello = new Fields(record.vector(3));
  hello.skip(2 + 32);
  hello.vector(1);
  hello.vector(2);
  hello.vector(1);
  if (hello.isEmpty) return [];
  const extensions = new Fields(hello.vector(2));
  while (!extensions.isEmpty) {
    const type = extensions.number(2);
    const body = extensions.vector(2);
    if (type !== alpnExtension) continue;
    const list = new Fields(new Fields(body).vector(2));
    const protocols: string[] = [];
    while (!list.isEmpty) protocols.push(list.vector(1).toString('latin1'));
    return protocols;
  }
  return [];
}

/** Numbers and vectors, one behind the other (RFC 8446, 3.4). Past the end: RangeError. */
class Fields {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isEmpty(): boolean {
    return this.#at >= this.#bytes.length;
  }

  number(bytes: number): number {
    const value = this.#bytes.readUIntBE(this.#at, bytes);
    this.#at += bytes;
    return value;
  }

  /** @param lengthBytes of the length that stands before it */
  vector(lengthBytes: number): Buffer {
    const length = this.number(lengthBytes);
    const start = this.#at;
    this.skip(length);
    return this.#bytes.subarray(start, this.#at);
  }

  skip(bytes: number): void {
    this.#at += bytes;
    if (this.#at > this.#bytes.length) throw new RangeError('past the end');
  }
}
