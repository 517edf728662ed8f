import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';

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
