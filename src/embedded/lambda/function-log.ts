import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';

/** What a caller may have back with its invocation: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
const tailBytes = 4_096;
/** Log directories of earlier processes that are kept. */
const keptDirectories = 10;

/** Functions' output, as CloudWatch Logs keeps it: a directory a function, a stream an execution environment. */
export interface FunctionLogs {
  readonly directory: string;
  openStream(functionName: string, streamName: string): LogStream;
}

export interface LogStream {
  write(output: Buffer | string): void;
  /** Begins an invocation: `tail` speaks of what is written from here on. */
  mark(): void;
  tail(): Buffer;
  close(): void;
}

/**
 * @param root directory for the logs of all processes; this one's are in a directory of its own, and those of the
 * oldest are deleted
 * @param processName unique, sorting by time
 */
export function makeFunctionLogs(root: string, processName: string): FunctionLogs {
  const directory = path.join(root, processName);
  void prune(root);
  return {
    directory,
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
        close: () => file?.end(),
      };
    },
  };
}

/** A full disk must not end a run: the log is the lesser loss. Undefined: there is no place for it. */
function openFile(directory: string, name: string): WriteStream | undefined {
  try {
    mkdirSync(directory, { recursive: true });
  } catch {
    return undefined;
  }
  const stream = createWriteStream(path.join(directory, name), { flags: 'a' });
  stream.on('error', () => undefined);
  return stream;
}

async function prune(root: string): Promise<void> {
  const names = await readdir(root).catch(() => []);
  const old = names.toSorted().slice(0, -keptDirectories);
  await Promise.all(old.map((name) => rm(path.join(root, name), { recursive: true, force: true })));
}
