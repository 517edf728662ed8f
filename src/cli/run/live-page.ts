import { InvalidArgumentError } from 'commander';
import type { EndedRun, RunRequest } from './follow-run.ts';
import type { Interrupts } from './interrupts.ts';

/** One run, from its start to its report. */
export type RunLoad = (request: RunRequest) => Promise<EndedRun>;

export interface PageRequest {
  readonly runsDirectory: string;
  /** Undefined: the usual one, or any that is free. */
  readonly port?: number;
  /** Runs a load test that the page has started. */
  readonly runLoad: RunLoad;
  /** A line for the terminal. */
  readonly say: (line: string) => void;
  /** Of the process: what it stops, it stops in a run that the page started as well. */
  readonly interrupts: Interrupts;
}

export interface OpenPage {
  /** Admits one browser, once; `say` prints the next link. */
  readonly link: string;
  /** Runs a load test that the page can watch and stop. @throws RunUnderWayError */
  run(request: RunRequest, runLoad: RunLoad): Promise<EndedRun>;
  /** Resolves when no run is under way. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/** Loads the layer of the live page, which imports this one. Commands that serve no page do without it. */
export type LoadPage = () => Promise<{ readonly openPage: (request: PageRequest) => Promise<OpenPage> }>;

/** Of a flag. @throws InvalidArgumentError */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new InvalidArgumentError('0 to 65535.');
  return port;
}
