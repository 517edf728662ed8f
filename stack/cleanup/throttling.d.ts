export function retryThrottled<Result>(
  send: () => Promise<Result>,
  pause?: () => Promise<unknown>,
): Promise<Result>;
