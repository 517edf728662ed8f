import type { Report } from '../../report/report.ts';
import type { RunView, ViewRequest } from '../../report/run-in-progress.ts';
import type { Progress } from '../progress.ts';
import type { ProgressDisplay } from '../progress-display.ts';

export type AskView = (request: ViewRequest) => Promise<RunView>;

/** A run of this process as the page sees it: the progress that the terminal shows, and a way to stop it. */
export interface WatchedRun {
  readonly runId: string;
  readonly name: string;
  /** Where the run's progress goes. */
  readonly display: ProgressDisplay;
  /** Aborted by the page's stop button. */
  readonly stopped: AbortSignal;
  readonly progress: Progress | undefined;
  readonly outcome: RunOutcome | undefined;
  /** By second and by slice; undefined while there is nothing to ask, or nobody any more. */
  view(request: ViewRequest): Promise<RunView | undefined>;
  stop(): void;
  /** The run has begun, and can be asked. */
  began(ask: AskView): void;
  ended(outcome: RunOutcome): void;
}

export interface RunOutcome {
  readonly report?: Report;
  /** In words, where there is no report. */
  readonly reason?: string;
}

export function makeWatchedRun(runId: string, name: string): WatchedRun {
  const stop = new AbortController();
  let progress: Progress | undefined;
  let outcome: RunOutcome | undefined;
  let ask: AskView | undefined;
  return {
    runId,
    name,
    display: {
      show(latest) {
        progress = latest;
      },
      say: () => undefined,
      end: () => undefined,
    },
    stopped: stop.signal,
    get progress() {
      return progress;
    },
    get outcome() {
      return outcome;
    },
    // Embedded AWS may end between the question and the answer.
    view: async (request) => ask?.(request).catch(() => undefined),
    stop: () => stop.abort(),
    began(askView) {
      ask = askView;
    },
    ended(with_) {
      outcome = with_;
      ask = undefined;
    },
  };
}

/** Progress that goes to the terminal and to the page. */
export function showOnBoth(terminal: ProgressDisplay, page: ProgressDisplay): ProgressDisplay {
  return {
    show(progress) {
      terminal.show(progress);
      page.show(progress);
    },
    say: (line) => terminal.say(line),
    end() {
      terminal.end();
      page.end();
    },
  };
}
