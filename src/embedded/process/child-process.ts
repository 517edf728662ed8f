import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const probeEveryMs = 1_000;

/**
 * Calls back once when this process may open no more files. A server then closes the connections that it accepts, and neither
 * Node nor the client is given the reason; opening a file is.
 * @param process_ whose it is, for the sentence
 */
export function watchDescriptors(
  process_: string,
  onExhausted: (what: string) => void,
  probe: () => void = () => closeSync(openSync(devNull, 'r')),
): void {
  const timer = setInterval(() => {
    try {
      probe();
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code !== 'EMFILE' && code !== 'ENFILE') return;
      clearInterval(timer);
      onExhausted(
        `${process_} may open no more files (${code}): connections are closed as they come; raise the limit (ulimit -n), or use fewer devices`,
      );
    }
  }, probeEveryMs);
  timer.unref();
}

/**
 * Lets a process go on when its output cannot be written. Embedded AWS writes to a file: on a full disk each `console.error`
 * would end the process with the very error it describes.
 */
export function surviveLostOutput(streams = [process.stdout, process.stderr]): void {
  for (const stream of streams) stream.on('error', () => undefined);
}

/**
 * Path of a module beside the calling one, for a process of its own. It has the caller's extension: `.ts` in a clone,
 * `.js` in the published package. The compiler rewrites imports, and not such paths.
 * @param name without its extension
 * @param callerUrl the caller's `import.meta.url`
 */
export function siblingModule(name: string, callerUrl: string): string {
  return fileURLToPath(new URL(`./${name}${path.extname(callerUrl)}`, callerUrl));
}
