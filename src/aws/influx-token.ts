import type { SSMClient } from '@aws-sdk/client-ssm';
import type { InfluxToken } from './environment.ts';

/**
 * InfluxDB's token, read when it is first needed and then kept: a secret is no plain variable of a function.
 * SSM gives 40 parameters a second unless its higher throughput is switched on, and thousands of slices start at once:
 * who is turned away asks again with the next post.
 */
export function makeTokenReader(
  token: InfluxToken,
  makeClient: () => Promise<Pick<SSMClient, 'send'>> = makeSsmClient,
): () => Promise<string> {
  if ('value' in token) return async () => token.value;
  let reading: Promise<string> | undefined;
  const read = async (): Promise<string> => {
    const { GetParameterCommand } = await import('@aws-sdk/client-ssm');
    const client = await makeClient();
    const { Parameter } = await client.send(
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

async function makeSsmClient(): Promise<SSMClient> {
  const { SSMClient } = await import('@aws-sdk/client-ssm');
  return new SSMClient({ maxAttempts: 2 });
}
