import { AwsError, notSupported } from '../gateway/aws-error.ts';
import { hiddenPrefix, makeContainedFiles } from './contained-files.ts';
import { FileKindError, LinkOutsideError } from './file-kinds.ts';
import { describeDiskError, isDiskError, remedyOfDisk } from './runs-storage.ts';
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
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const maxKeyBytes = 1_024;
/** What a file system takes as one name, less the few bytes of a temporary one. */
const maxSegmentBytes = 255;

/** @param onTrouble called with the reason each time something cannot be stored */
export function makeRunFiles(
  runsDirectory: string,
  onTrouble: (what: string) => void = () => undefined,
): RunFiles {
  const files = makeContainedFiles(runsDirectory);
  /** ETags by key, good for as long as the file has this time and size: a listing need not read every file. */
  const etags = new Map<
    string,
    { readonly modifiedAt: number; readonly bytes: number; readonly etag: string }
  >();

  async function walk(names: readonly string[], keyPrefix: string, keys: string[]): Promise<void> {
    for (const { name, isDirectory, isFile } of await files.list(...names)) {
      if (name.startsWith(hiddenPrefix)) continue;
      if (isDirectory) await walk([...names, name], `${keyPrefix}${name}/`, keys);
      else if (isFile) keys.push(`${keyPrefix}${name}`);
    }
  }

  return {
    async put(key, body, onlyIfNew) {
      const names = namesOf(key);
      try {
        const facts = await files.write(names, body, onlyIfNew);
        const etag = md5Hex(body);
        etags.set(key, { ...facts, etag });
        return etag;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw preconditionFailed('If-None-Match');
        if (!isDiskError(error)) throw deniedIfLink(error);
        const failed = storageFailed(runsDirectory, error);
        onTrouble(failed.message);
        throw failed;
      }
    },
    async get(key) {
      const found = await files.read(...namesOf(key)).catch(noneIfDirectory);
      return found === undefined ? undefined : { key, ...found, etag: md5Hex(found.body) };
    },
    async head(key) {
      const names = namesOf(key);
      const found = await files.head(...names).catch(noneIfDirectory);
      if (found === undefined) return undefined;
      const known = etags.get(key);
      if (known?.modifiedAt === found.modifiedAt && known.bytes === found.bytes) {
        return { key, ...found, etag: known.etag };
      }
      const whole = await files.read(...names).catch(noneIfDirectory);
      if (whole === undefined) return undefined;
      const { body, ...facts } = whole;
      const etag = md5Hex(body);
      etags.set(key, { ...facts, etag });
      return { key, ...facts, etag };
    },
    async delete(key) {
      etags.delete(key);
      await files.remove(...namesOf(key)).catch(rethrow);
    },
    async keys(prefix) {
      if (!prefix.startsWith(root) && !root.startsWith(prefix)) return [];
      // Only the deepest directory that every such key is in.
      const directory = prefix.startsWith(root) ? prefix.slice(0, prefix.lastIndexOf('/') + 1) : root;
      const segments = directory.slice(root.length).split('/').filter(Boolean);
      if (segments.some((segment) => segment.startsWith(hiddenPrefix))) return [];
      const keys: string[] = [];
      await walk(segments, directory, keys).catch(noneIfFile);
      return keys.filter((key) => key.startsWith(prefix)).sort(byUtf8);
    },
  };
}

/** What a link leads to is not an object of this bucket, and neither is a FIFO or a device. */
function deniedIfLink(error: unknown): unknown {
  const isRefused = error instanceof LinkOutsideError || error instanceof FileKindError;
  return isRefused ? new AwsError('AccessDenied', error.message, 403) : error;
}

/** A key that is a prefix of others is no object. */
function noneIfDirectory(error: unknown): undefined {
  if (!(error instanceof FileKindError && error.isDirectory)) rethrow(error);
}

/** No key begins with an object's key and a slash. */
function noneIfFile(error: unknown): undefined {
  if (!(error instanceof FileKindError)) rethrow(error);
}

function rethrow(error: unknown): never {
  throw deniedIfLink(error);
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

/** No SDK repeats a 507: a full disk stays full, and what could not be stored fails at once with the reason. */
function storageFailed(directory: string, error: unknown): AwsError {
  return new AwsError(
    'RunStoreNotWritable',
    `the directory of runs ${directory} cannot be written to: ${describeDiskError(error)}; ${remedyOfDisk(error)}`,
    507,
  );
}

/** The path of a key below the runs directory. */
function namesOf(key: string): string[] {
  if (Buffer.byteLength(key) > maxKeyBytes) throw new AwsError('KeyTooLongError', 'Your key is too long');
  if (!key.startsWith(root) || key.includes('\0') || key.includes('\\'))
    throw notSupported(`the key '${key}' (only keys under ${root} are kept)`);
  // Empty and dotted segments would be another file's name, another directory, or one of ours.
  const segments = key.split('/');
  if (segments.some((segment) => Buffer.byteLength(segment) > maxSegmentBytes))
    throw notSupported(`a key with a segment of more than ${maxSegmentBytes} bytes`);
  if (segments.some((segment) => segment === '' || segment.startsWith(hiddenPrefix)))
    throw notSupported(`the key '${key}' (a segment is empty or begins with a dot)`);
  return segments.slice(1);
}

/** S3 lists in the order of UTF-8 bytes; JavaScript compares UTF-16 units. */
function byUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
