import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

const packages = ['cbor-x@1.6.0', 'protobufjs@7.5.4', 'sparkplug-payload@1.0.3'];

/** Decoders of others, which only tests use: installed from npm's registry, once. */
export interface Decoders {
  decodeCbor(bytes: Buffer): unknown;
  /** As plain values: enums by name, 64-bit numbers as numbers, bytes in base64. */
  decodeProtobuf(schema: string, message: string, bytes: Buffer): unknown;
  decodeSparkplug(bytes: Buffer): SparkplugPayload;
}

export interface SparkplugPayload {
  readonly timestamp: unknown;
  readonly seq: unknown;
  readonly metrics: readonly {
    readonly name: string;
    readonly type: string;
    readonly timestamp: unknown;
    readonly value: unknown;
  }[];
}

interface ProtobufType {
  decode(bytes: Buffer): unknown;
  toObject(message: unknown, options: object): unknown;
}

export function installDecoders(): Decoders {
  const directory = path.join(tmpdir(), 'stampede-decoders');
  mkdirSync(directory, { recursive: true });
  execFileSync('npm', ['install', '--prefix', directory, '--no-audit', '--no-fund', '--silent', ...packages]);
  const load = createRequire(path.join(directory, 'index.js'));
  const cbor = load('cbor-x') as { decode(bytes: Buffer): unknown };
  const protobuf = load('protobufjs') as {
    parse(text: string, options: object): { root: { lookupType(name: string): ProtobufType } };
  };
  const sparkplug = load('sparkplug-payload') as {
    get(namespace: string): { decodePayload(bytes: Buffer): SparkplugPayload };
  };
  return {
    decodeCbor: (bytes) => cbor.decode(bytes),
    decodeProtobuf(schema, message, bytes) {
      const type = protobuf.parse(schema, { keepCase: true }).root.lookupType(message);
      return type.toObject(type.decode(bytes), {
        enums: String,
        longs: Number,
        bytes: String,
        oneofs: false,
      });
    },
    decodeSparkplug: (bytes) => sparkplug.get('spBv1.0').decodePayload(bytes),
  };
}
