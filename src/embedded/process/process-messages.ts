import type { EmbeddedAwsAddresses, EmbeddedAwsSettings } from './embedded-aws.ts';

/** Messages to the embedded AWS process from the process that uses it. */
export interface ToEmbeddedAws {
  readonly kind: 'close';
}

export type FromEmbeddedAws =
  | ({
      readonly kind: 'ready';
    } & EmbeddedAwsAddresses)
  | { readonly kind: 'failed'; readonly message: string; readonly hint?: string }
  /** A problem that the user should see at once although the run continues, as a sentence. */
  | { readonly kind: 'trouble'; readonly what: string }
  /** A part of embedded AWS ended, so that no run can continue; as a sentence. */
  | { readonly kind: 'broken'; readonly what: string };

/** The InfluxDB that points go to as well, with its token: a variable of the process, as JSON. */
export const relayVariable = 'STAMPEDE_RELAY_TO';

/** The one argument of the process, as JSON, but for `influx` and the values of variables: other users see arguments. */
export interface EmbeddedAwsArguments extends Omit<EmbeddedAwsSettings, 'functionVariables'> {
  /** Names of variables of the process that functions get as well. */
  readonly passedVariables: readonly string[];
  /** Time limit for running load tests to end after the parent has ended. */
  readonly stopGraceMs: number;
}
