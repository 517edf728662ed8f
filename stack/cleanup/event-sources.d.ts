import type { LambdaClient } from '@aws-sdk/client-lambda';

export function disableEventSources(
  client: Pick<LambdaClient, 'send'>,
  uuids: readonly string[],
  pause?: () => Promise<unknown>,
): Promise<string[]>;
