import type { LibraryEvent, LibraryEvents } from './state-machine-library.ts';

/** An event as GetExecutionHistory gives it, time in epoch seconds. */
export interface HistoryEvent {
  readonly id: number;
  readonly previousEventId: number;
  readonly timestamp: number;
  readonly type: string;
  readonly [details: string]: unknown;
}

/** Everything that happened in one execution, in AWS's shape: https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html */
export interface ExecutionHistory {
  readonly events: readonly HistoryEvent[];
  add(type: string, details?: Readonly<Record<string, unknown>>, atMs?: number): void;
  /** Nothing more: what still comes in belongs to an execution that has ended. */
  close(): void;
}

export function makeExecutionHistory(): ExecutionHistory {
  const events: HistoryEvent[] = [];
  let closed = false;
  return {
    events,
    add(type, details = {}, atMs = Date.now()) {
      if (closed) return;
      const id = events.length + 1;
      events.push({ timestamp: atMs / 1_000, type, id, previousEventId: id - 1, ...details });
    },
    close() {
      closed = true;
    },
  };
}

export interface FollowOptions {
  /** The library runs a Distributed Map as a Task; the history calls it what it is. */
  readonly isMap: (stateName: string) => boolean;
  /** Called with each state's input and output, as JSON, before it is recorded. */
  readonly onPayload: (json: string, stateName: string) => void;
}

/**
 * Records the state transitions of the library's log. The rest comes from elsewhere: the start and the end of the
 * execution, its Lambda functions and its map runs are recorded where they happen.
 */
export async function followStates(
  libraryEvents: LibraryEvents,
  history: ExecutionHistory,
  { isMap, onPayload }: FollowOptions,
): Promise<void> {
  const failed = new Set<string>();
  for await (const event of libraryEvents) {
    const { state } = event as LibraryEvent & { readonly state?: StateOfEvent };
    if (state === undefined) continue;
    const type = isMap(state.name) ? 'Map' : state.type;
    if (event.type === 'StateEntered') {
      const input = JSON.stringify(state.input);
      onPayload(input, state.name);
      history.add(
        `${type}StateEntered`,
        { stateEnteredEventDetails: { name: state.name, input, inputDetails: whole } },
        event.timestamp,
      );
      if (isComposite(type)) history.add(`${type}StateStarted`, startedDetails(type), event.timestamp);
    } else if (event.type === 'StateExited') {
      const output = JSON.stringify(state.output);
      onPayload(output, state.name);
      // One whose failure was caught is left, and has not succeeded.
      if (isComposite(type) && !failed.has(state.name))
        history.add(`${type}StateSucceeded`, {}, event.timestamp);
      history.add(
        `${type}StateExited`,
        { stateExitedEventDetails: { name: state.name, output, outputDetails: whole } },
        event.timestamp,
      );
    } else if (event.type === 'StateFailed' && isComposite(type)) {
      failed.add(state.name);
      history.add(`${type}StateFailed`, {}, event.timestamp);
    } else if (event.type === 'StateFailed' && type === 'Task' && event.Error === 'States.Timeout') {
      history.add('LambdaFunctionTimedOut', { lambdaFunctionTimedOutEventDetails: { error: event.Error } });
    }
  }
}

/** States that run other states have events of their own between entered and exited. */
function isComposite(type: string): boolean {
  return type === 'Parallel' || type === 'Map';
}

/** The length of a Map's items is not in the library's log; AWS's field is optional. */
function startedDetails(type: string): Readonly<Record<string, unknown>> {
  return type === 'Map' ? { mapStateStartedEventDetails: {} } : {};
}

interface StateOfEvent {
  readonly name: string;
  readonly type: string;
  readonly input: unknown;
  readonly output?: unknown;
}

/** Embedded AWS never cuts a payload short in its history. */
export const whole = { truncated: false } as const;
