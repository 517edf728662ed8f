import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';

export interface InfluxSettings {
  readonly url: string;
  readonly org: string;
  readonly bucket: string;
  readonly token: InfluxToken;
}

/** Itself, or the name of the SSM parameter that holds it. */
export type InfluxToken = { readonly value: string } | { readonly parameter: string };

/** A token that was replaced is noticed after this long; until then its points wait in the run store. */
const tokenKeptMs = 300_000;

/**
 * InfluxDB's token, read when it is first needed and then kept for five minutes: a secret is no plain variable of a function.
 * SSM gives 40 parameters a second unless its higher throughput is switched on, and thousands of slices start at once: after
 * a failure the next post asks again, with the token that was known until then if there is one.
 * @param now milliseconds of any steady clock
 */
export function makeTokenReader(
  token: InfluxToken,
  makeClient: () => Pick<SSMClient, 'send'> = () => new SSMClient({ maxAttempts: 2 }),
  now: () => number = () => performance.now(),
): () => Promise<string> {
  if ('value' in token) return async () => token.value;
  let reading: Promise<string> | undefined;
  let known: { readonly value: string; readonly readAt: number } | undefined;
  const read = async (): Promise<string> => {
    const { Parameter } = await makeClient().send(
      new GetParameterCommand({ Name: token.parameter, WithDecryption: true }),
    );
    if (!Parameter?.Value) throw new Error(`SSM parameter ${token.parameter} is empty`);
    known = { value: Parameter.Value, readAt: now() };
    return Parameter.Value;
  };
  return async () => {
    if (known !== undefined && now() - known.readAt < tokenKeptMs) return known.value;
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading.catch((error: unknown) => {
      if (known === undefined) throw error;
      return known.value;
    });
  };
}
