import { createWriteStream, type WriteStream } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { makePrivateDirectory, openToAppend } from '../s3/file-kinds.ts';

/** What a caller may have back with its invocation: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
const tailBytes = 4_096;
/** Log directories of earlier processes that are kept. */
const keptDirectories = 10;
/** As the process of embedded AWS names them: the time of its start and its process id. */
const processNamePattern = /^\d{4}-\d\d-\d\dT[\d.-]+Z-\d+$/;

/** Functions' output, as CloudWatch Logs keeps it: a directory a function, a stream an execution environment. */
export interface FunctionLogs {
  readonly directory: string;
  /** Resolves when the directories of the oldest processes are deleted. */
  readonly pruned: Promise<void>;
  openStream(functionName: string, streamName: string): LogStream;
}

export interface LogStream {
  write(output: Buffer | string): void;
  /** Begins an invocation: `tail` speaks of what is written from here on. */
  mark(): void;
  tail(): Buffer;
  /** Resolves when everything is written, or could not be. */
  close(): Promise<void>;
}

/**
 * @param root directory for the logs of all processes; this one's are in a directory of its own, and those of the
 * oldest are deleted
 * @param processName unique, sorting by time
 * @throws LinkOutsideError, FileKindError where `root` is no directory
 */
export function makeFunctionLogs(root: string, processName: string): FunctionLogs {
  const directory = path.join(root, processName);
  makePrivateDirectory(root);
  makePrivateDirectory(directory);
  return {
    directory,
    pruned: prune(root),
    openStream(functionName, streamName) {
      let file: WriteStream | undefined;
      let recent: Buffer[] = [];
      let recentBytes = 0;
      return {
        write(output) {
          const bytes = typeof output === 'string' ? Buffer.from(output) : output;
          file ??= openFile(path.join(directory, functionName), `${streamName}.log`);
          file?.write(bytes);
          recent.push(bytes);
          recentBytes += bytes.length;
          while (recent.length > 1 && recentBytes - (recent[0]?.length ?? 0) >= tailBytes) {
            recentBytes -= recent.shift()?.length ?? 0;
          }
        },
        mark() {
          recent = [];
          recentBytes = 0;
        },
        tail: () => Buffer.concat(recent).subarray(-tailBytes),
        close: () => new Promise((resolve) => (file === undefined ? resolve() : file.end(() => resolve()))),
      };
    },
  };
}

/** A full disk must not end a run: the log is the lesser loss. Undefined: there is no place for it. */
function openFile(directory: string, name: string): WriteStream | undefined {
  try {
    makePrivateDirectory(directory);
    const stream = createWriteStream('', { fd: openToAppend(path.join(directory, name)) });
    stream.on('error', () => undefined);
    return stream;
  } catch {
    return undefined;
  }
}

/** Only what is named as one of these directories, and is none by a link. */
async function prune(root: string): Promise<void> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const names = entries
    .filter((entry) => entry.isDirectory() && processNamePattern.test(entry.name))
    .map(({ name }) => name);
  const old = names.toSorted().slice(0, -keptDirectories);
  await Promise.allSettled(old.map((name) => rm(path.join(root, name), { recursive: true, force: true })));
}
