import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { AwsError, notSupported } from './aws-error.ts';
import { md5Hex } from './s3-body.ts';

/** Objects of the run bucket as files: key `runs/x/y` is `{runsDirectory}/x/y`, and nothing else is kept. */
export interface RunFiles {
  /** @param onlyIfNew true: fails where the key exists, even against a writer at the same time */
  put(key: string, body: Buffer, onlyIfNew: boolean): Promise<string>;
  /** Undefined: no such object. */
  get(key: string): Promise<StoredObject | undefined>;
  head(key: string): Promise<ObjectSummary | undefined>;
  delete(key: string): Promise<void>;
  /** All keys with the prefix, in S3's order (of their UTF-8 bytes). */
  keys(prefix: string): Promise<string[]>;
}

export interface ObjectSummary {
  readonly key: string;
  readonly bytes: number;
  /** Epoch milliseconds. */
  readonly modifiedAt: number;
  /** MD5, hexadecimal, without quotes. */
  readonly etag: string;
}

export interface StoredObject extends ObjectSummary {
  readonly body: Buffer;
}

const root = 'runs/';
/** Files of this prefix are writes under way, and directories of it (`.logs`) are not objects. */
const hidden = '.';
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const maxKeyBytes = 1_024;

export function makeRunFiles(runsDirectory: string): RunFiles {
  const base = path.resolve(runsDirectory);
  /** ETags by key, good for as long as the file has this time and size: a listing need not read every file. */
  const etags = new Map<
    string,
    { readonly modifiedAt: number; readonly bytes: number; readonly etag: string }
  >();

  const fileOf = (key: string): string => {
    checkKey(key);
    const file = path.join(base, ...key.slice(root.length).split('/'));
    if (!file.startsWith(base + path.sep)) throw notSupported(`the key '${key}'`);
    return file;
  };

  async function etagOf(key: string, file: string, bytes: number, modifiedAt: number): Promise<string> {
    const known = etags.get(key);
    if (known?.modifiedAt === modifiedAt && known.bytes === bytes) return known.etag;
    const etag = md5Hex(await readFile(file));
    etags.set(key, { modifiedAt, bytes, etag });
    return etag;
  }

  async function walk(directory: string, keyPrefix: string, keys: string[]): Promise<void> {
    const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (entry.name.startsWith(hidden)) continue;
      const key = `${keyPrefix}${entry.name}`;
      if (entry.isDirectory()) await walk(path.join(directory, entry.name), `${key}/`, keys);
      else if (entry.isFile()) keys.push(key);
    }
  }

  return {
    async put(key, body, onlyIfNew) {
      const file = fileOf(key);
      const directory = path.dirname(file);
      const temporary = path.join(directory, `${hidden}${randomUUID()}`);
      await mkdir(directory, { recursive: true });
      try {
        await writeWhole(temporary, body);
        // A link fails where the name is taken; a rename replaces. Either way a reader sees all of it or none.
        if (onlyIfNew) await link(temporary, file);
        else await rename(temporary, file);
      } catch (error) {
        throw (error as NodeJS.ErrnoException).code === 'EEXIST'
          ? preconditionFailed('If-None-Match')
          : error;
      } finally {
        await rm(temporary, { force: true });
      }
      const { mtimeMs, size } = await stat(file);
      const etag = md5Hex(body);
      etags.set(key, { modifiedAt: mtimeMs, bytes: size, etag });
      return etag;
    },
    async get(key) {
      const file = fileOf(key);
      const body = await readFile(file).catch(ifMissing(undefined));
      if (body === undefined) return undefined;
      const { mtimeMs } = await stat(file);
      return { key, body, bytes: body.length, modifiedAt: mtimeMs, etag: md5Hex(body) };
    },
    async head(key) {
      const file = fileOf(key);
      const found = await stat(file).catch(ifMissing(undefined));
      if (found === undefined || !found.isFile()) return undefined;
      const etag = await etagOf(key, file, found.size, found.mtimeMs);
      return { key, bytes: found.size, modifiedAt: found.mtimeMs, etag };
    },
    async delete(key) {
      etags.delete(key);
      await rm(fileOf(key), { force: true });
    },
    async keys(prefix) {
      if (!prefix.startsWith(root) && !root.startsWith(prefix)) return [];
      // Only the deepest directory that every such key is in.
      const directory = prefix.startsWith(root) ? prefix.slice(0, prefix.lastIndexOf('/') + 1) : root;
      const segments = directory.slice(root.length).split('/').filter(Boolean);
      if (segments.some((segment) => segment.startsWith(hidden))) return [];
      const keys: string[] = [];
      await walk(path.join(base, ...segments), directory, keys);
      return keys.filter((key) => key.startsWith(prefix)).sort(byUtf8);
    },
  };
}

export function preconditionFailed(condition: string): AwsError {
  return new AwsError(
    'PreconditionFailed',
    'At least one of the pre-conditions you specified did not hold',
    412,
    {
      Condition: condition,
    },
  );
}

async function writeWhole(file: string, body: Buffer): Promise<void> {
  const handle = await open(file, 'wx');
  try {
    await handle.writeFile(body);
  } finally {
    await handle.close();
  }
}

function checkKey(key: string): void {
  if (Buffer.byteLength(key) > maxKeyBytes) throw new AwsError('KeyTooLongError', 'Your key is too long');
  if (!key.startsWith(root) || key.includes('\0') || key.includes('\\'))
    throw notSupported(`the key '${key}' (only keys under ${root} are kept)`);
  // Empty and dotted segments would be another file's name, another directory, or one of ours.
  if (key.split('/').some((segment) => segment === '' || segment.startsWith(hidden)))
    throw notSupported(`the key '${key}' (a segment is empty or begins with a dot)`);
}

function ifMissing<T>(value: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(error.code ?? '')) return value;
    throw error;
  };
}

/** S3 lists in the order of UTF-8 bytes; JavaScript compares UTF-16 units. */
function byUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
