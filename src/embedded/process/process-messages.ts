import type { EmbeddedAwsSettings } from './embedded-aws.ts';

/** Messages to the embedded AWS process from the process that uses it. */
export interface ToEmbeddedAws {
  readonly kind: 'close';
}

export type FromEmbeddedAws =
  | {
      readonly kind: 'ready';
      readonly environment: Readonly<Record<string, string>>;
      readonly stateMachineArn: string;
      readonly adminUrl: string;
      readonly adminToken: string;
      readonly logDirectory: string;
    }
  | { readonly kind: 'failed'; readonly message: string; readonly hint?: string }
  /** Something the user should know at once, though the run goes on: what, in words. */
  | { readonly kind: 'trouble'; readonly what: string }
  /** A part of it ended, and no run can go on: what, in words. */
  | { readonly kind: 'broken'; readonly what: string };

/** The InfluxDB that points go to as well, with its token: a variable of the process, as JSON. */
export const relayVariable = 'STAMPEDE_RELAY_TO';

/** The one argument of the process, as JSON, but for `influx`. */
export interface EmbeddedAwsArguments extends EmbeddedAwsSettings {
  /** How long running load tests may take to end by themselves once the parent is gone. */
  readonly stopGraceMs: number;
}
