import type * as z from 'zod';
import type { InputError } from '../../shared/errors.ts';
import { meanMsOf, resolveThinkTime } from '../time-distribution.ts';
import { makeTimeForm } from '../time-form.ts';

const form = makeTimeForm('times', { exponential: '1s', mean: '2s', sd: '500ms' });

export type ThinkTimeForm = z.output<typeof form>;

export const thinkTimeSetting = form.optional().meta({
  description:
    'How long a user waits from an answer to its next message: a duration, a range such as 1s..2s, {"exponential": "1s"} or {"normal": {"mean": "2s", "sd": "500ms"}}. 0s unless set. Same seed, same times, for each user and message.',
  examples: ['1s..2s'],
});

/** A day: longer than any run, and short enough that no sum of times loses its milliseconds. */
const longestMs = 86_400_000;

/** @param given as the schema has let it through */
export function checkThinkTime(given: ThinkTimeForm): InputError[] {
  const path = 'thinkTime';
  if (typeof given !== 'string' && (given.exponential === undefined) === (given.normal === undefined)) {
    const hint = 'give one distribution, such as {"exponential": "1s"}';
    return [{ path, message: 'must have exponential or normal', hint }];
  }
  const time = resolveThinkTime(given);
  if (time.kind === 'uniform' && time.minMs > time.maxMs) {
    const hint = 'write the shorter time first, such as "1s..2s"';
    return [{ path, message: `"${String(given)}" ends before it begins`, hint }];
  }
  return meanMsOf(time) > longestMs
    ? [{ path, message: 'is longer than a day', hint: 'give at most 24h' }]
    : [];
}
