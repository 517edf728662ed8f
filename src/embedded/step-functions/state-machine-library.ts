import type { RunOptions, StateMachine } from 'aws-local-stepfunctions';

/** JSON, as the library types it. */
export type Json = Parameters<StateMachine['run']>[0];
/** The context object, `$$`. */
export type Context = NonNullable<RunOptions['context']>;
/** By the name of the Task state. */
export type TaskHandlers = NonNullable<NonNullable<RunOptions['overrides']>['taskResourceLocalHandlers']>;
/** The library's own log of an execution. */
export type LibraryEvents = ReturnType<StateMachine['run']>['eventLogs'];
export type LibraryEvent = LibraryEvents extends AsyncGenerator<infer Event> ? Event : never;
