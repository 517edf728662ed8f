import { Agent } from 'node:http';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { region } from '../gateway/arns.ts';
import type { Credentials } from '../gateway/request-signature.ts';
import type { InvokeFunction } from '../step-functions/machine.ts';
import { StateError } from '../step-functions/state-error.ts';

/** Invokes functions as Step Functions does: through Lambda's own API, each failure under the name that Retry matches. */
export function makeLambdaTask(gatewayUrl: () => string, accountKey: Credentials): InvokeFunction {
  let client: Promise<LambdaClient> | undefined;
  return async (functionArn, payload) => {
    // The SDK is loaded with the first execution, not with embedded AWS.
    const { InvokeCommand } = await import('@aws-sdk/client-lambda');
    client ??= connect(gatewayUrl(), accountKey);
    const command = new InvokeCommand({ FunctionName: functionArn, Payload: payload });
    const answer = await (await client).send(command).catch((error: Error) => {
      throw nameServiceError(error);
    });
    const output = Buffer.from(answer.Payload ?? []).toString() || 'null';
    if (answer.FunctionError === undefined) return output;
    const { errorType } = JSON.parse(output) as { readonly errorType?: string };
    throw new StateError(errorType ?? 'Lambda.Unknown', output);
  };
}

async function connect(endpoint: string, credentials: Credentials): Promise<LambdaClient> {
  const { LambdaClient } = await import('@aws-sdk/client-lambda');
  return new LambdaClient({
    endpoint,
    region,
    credentials,
    // Step Functions' own Retry decides; and each slice holds a connection for as long as it runs.
    maxAttempts: 1,
    requestHandler: { httpAgent: new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY }) },
  });
}

/** @see https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html */
function nameServiceError(error: Error): StateError {
  const { $metadata } = error as {
    readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
  };
  if ($metadata?.httpStatusCode === undefined)
    return new StateError('Lambda.SdkClientException', error.message);
  return new StateError(
    `Lambda.${error.name}`,
    `${error.message} (Service: Lambda, Status Code: ${$metadata.httpStatusCode}, Request ID: ${$metadata.requestId})`,
  );
}
