import { setTimeout as sleep } from 'node:timers/promises';

const attempts = 12;

/** Around a second: IoT Core takes one retained publish a second on a topic. Spread, for those who call at once. */
const pauseMs = () => 500 + 1_000 * Math.random();

/**
 * Repeats a call that was throttled, for some 12 s; the SDK's own three attempts may be over within milliseconds.
 *
 * @param send makes the call
 * @param pause waits between two attempts
 * @throws the last throttling error, and any other error at once
 */
export async function retryThrottled(send, pause = () => sleep(pauseMs())) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      if (attempt === attempts || !isThrottling(error)) throw error;
      await pause();
    }
  }
}

function isThrottling(error) {
  return /Throttl|TooManyRequests|SlowDown/.test(error?.name) || error?.$metadata?.httpStatusCode === 429;
}
