/** Watching a process that may be stopped (SIGSTOP) or starved: it neither ends nor answers. */
export interface Liveness {
  /** Asks the process anything; settles when it answers, even if with an error. */
  ping(): Promise<unknown>;
  /** Called once for each silence. */
  onSilent(silentMs: number): void;
}

const pingEveryMs = 2_000;
/** Counted in beats, not by the clock: while this process itself stands still, the other is not called silent. */
const missedPings = 5;

/** @returns ends it */
export function watchLiveness({ ping, onSilent }: Liveness): () => void {
  let unanswered = 0;
  let asking = false;
  const answered = (): void => {
    asking = false;
    unanswered = 0;
  };
  const timer = setInterval(() => {
    if (asking) {
      unanswered++;
      if (unanswered === missedPings) onSilent(missedPings * pingEveryMs);
      return;
    }
    asking = true;
    ping().then(answered, answered);
  }, pingEveryMs);
  timer.unref();
  return () => clearInterval(timer);
}
