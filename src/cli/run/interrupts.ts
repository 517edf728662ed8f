/**
 * Ctrl-C as two steps: the first signal requests a clean end (`stop`), the second the end at once (`quit`).
 * SIGTERM (a pipeline's cancel) and SIGHUP (the terminal was closed) count like Ctrl-C.
 */
export interface Interrupts {
  readonly stop: AbortSignal;
  readonly quit: AbortSignal;
  /** Restores the previous handling of the signals. */
  close(): void;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * One Ctrl-C can arrive twice: the terminal sends SIGINT to the whole process group, and npm, being part of it, passes
 * its own on to its child (@npmcli/run-script, signal-manager.js). A hand is slower than this.
 */
const oneKeystrokeMs = 200;

/** @param source `process`, or an emitter of the same events in tests. */
export function catchInterrupts(
  source: NodeJS.EventEmitter = process,
  now: () => number = () => performance.now(),
): Interrupts {
  const stop = new AbortController();
  const quit = new AbortController();
  let firstAt = 0;
  const onSignal = (): void => {
    if (!stop.signal.aborted) {
      firstAt = now();
      stop.abort();
    } else if (now() - firstAt > oneKeystrokeMs) {
      quit.abort();
    }
  };
  for (const signal of signals) source.on(signal, onSignal);
  return {
    stop: stop.signal,
    quit: quit.signal,
    close() {
      for (const signal of signals) source.off(signal, onSignal);
    },
  };
}

/** Resolves once the signal is given; at once where it has been. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
