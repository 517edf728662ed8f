import type { FunctionDefinition } from '../stack/stack.ts';

/** Where the process of an execution environment runs, if not on the machine as it is. */
export interface Sandbox {
  /** Words before the command line of the process. */
  readonly command: readonly string[];
  /** Over those of the function. */
  readonly variables: Readonly<Record<string, string>>;
  /** Makes it ready for an invocation. An invocation for which it cannot be made ready fails. */
  enter(event: Buffer): Promise<void>;
  leave(): Promise<void>;
  /** Its process has ended. */
  close(): Promise<void>;
}

/** Undefined: the function runs on the machine as it is. */
export type OpenSandbox = (definition: FunctionDefinition) => Promise<Sandbox | undefined>;
