import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { InfluxToken } from './environment.ts';

/**
 * InfluxDB's token, read when it is first needed and then kept: a secret is no plain variable of a function.
 * SSM gives 40 parameters a second unless its higher throughput is switched on, and thousands of slices start at once:
 * who is turned away asks again with the next post.
 */
export function makeTokenReader(
  token: InfluxToken,
  makeClient: () => Pick<SSMClient, 'send'> = () => new SSMClient({ maxAttempts: 2 }),
): () => Promise<string> {
  if ('value' in token) return async () => token.value;
  let reading: Promise<string> | undefined;
  const read = async (): Promise<string> => {
    const { Parameter } = await makeClient().send(
      new GetParameterCommand({ Name: token.parameter, WithDecryption: true }),
    );
    if (!Parameter?.Value) throw new Error(`SSM parameter ${token.parameter} is empty`);
    return Parameter.Value;
  };
  return () => {
    reading ??= read().catch((error: unknown) => {
      reading = undefined;
      throw error;
    });
    return reading;
  };
}
