import type { ProgressDisplay } from '../cli/output/progress-display.ts';
import type { Progress } from '../cli/run/progress.ts';
import type { RunView, ViewRequest } from '../live/run-in-progress.ts';
import type { PlotMark } from '../report/plots/marks.ts';
import type { Report } from '../report/report-model.ts';
import { StampedeError } from '../shared/errors.ts';
import type { IssuedActions } from '../worker/issue-actions.ts';
import type { ReceivedCounts } from './received-so-far.ts';

/** Sources of a run's figures. */
export interface RunSources {
  readonly view: (request: ViewRequest) => Promise<RunView | undefined>;
  readonly received: () => Promise<ReceivedCounts>;
  /** What was done to the run so far. */
  readonly marks: () => Promise<readonly PlotMark[]>;
  /** Issues actions. @param settings `NAME=VALUE` @throws StampedeError */
  readonly issue: (settings: readonly string[]) => Promise<IssuedActions>;
}

/** A run of this process as the page sees it: the progress that the terminal shows, and a way to stop it. */
export interface ActiveRun {
  readonly runId: string;
  readonly name: string;
  /** Where the run's progress goes. */
  readonly display: ProgressDisplay;
  /** Aborted by the page's stop button. */
  readonly stopped: AbortSignal;
  readonly progress: Progress | undefined;
  readonly outcome: RunOutcome | undefined;
  /** By second and by slice; undefined before there is anything to query, and after its source has closed. */
  view(request: ViewRequest): Promise<RunView | undefined>;
  /** What has arrived; undefined where that cannot be read. */
  received(): Promise<ReceivedCounts | undefined>;
  /** What was done to the run so far. */
  marks(): Promise<readonly PlotMark[]>;
  /** Issues actions, as `stampede set` does. @param settings `NAME=VALUE` @throws StampedeError */
  issue(settings: readonly string[]): Promise<IssuedActions>;
  stop(): void;
  /** The run has begun, and its figures can be polled. */
  began(sources: RunSources): void;
  ended(outcome: RunOutcome): void;
}

/** An action is for a run that has not begun, or has ended. */
export class NoRunToChangeError extends StampedeError {
  constructor(runId: string, hasEnded: boolean) {
    super('NoRunToChange', `Run ${runId} ${hasEnded ? 'has ended' : 'has not begun'}: it takes no actions.`);
  }
}

export interface RunOutcome {
  readonly report?: Report;
  /** Why there is no report; absent: there is one. */
  readonly reason?: string;
}

export function makeActiveRun(runId: string, name: string): ActiveRun {
  const stop = new AbortController();
  let progress: Progress | undefined;
  let outcome: RunOutcome | undefined;
  let sources: RunSources | undefined;
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
    view: async (request) => sources?.view(request).catch(() => undefined),
    received: async () => sources?.received().catch(() => undefined),
    marks: async () => (await sources?.marks().catch(() => undefined)) ?? [],
    async issue(settings) {
      if (sources === undefined) throw new NoRunToChangeError(runId, outcome !== undefined);
      return sources.issue(settings);
    },
    stop: () => stop.abort(),
    began(from) {
      sources = from;
    },
    ended(with_) {
      outcome = with_;
      sources = undefined;
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
