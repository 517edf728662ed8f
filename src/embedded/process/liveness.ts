/** Watching a process that may be stopped (SIGSTOP) or starved: it neither ends nor answers. */
export interface Liveness {
  /** Asks the process anything; settles when it answers, even if with an error. */
  ask(): Promise<unknown>;
  /** Called once for each silence. */
  onSilent(silentMs: number): void;
}

const askEveryMs = 2_000;
/** Counted in beats, not by the clock: while this process itself stands still, the other is not called silent. */
const silentBeats = 5;

/** @returns ends it */
export function watchLiveness({ ask, onSilent }: Liveness): () => void {
  let unanswered = 0;
  let asking = false;
  const answered = (): void => {
    asking = false;
    unanswered = 0;
  };
  const timer = setInterval(() => {
    if (asking) {
      unanswered++;
      if (unanswered === silentBeats) onSilent(silentBeats * askEveryMs);
      return;
    }
    asking = true;
    ask().then(answered, answered);
  }, askEveryMs);
  timer.unref();
  return () => clearInterval(timer);
}
