import * as z from 'zod';
import { formatDuration, parseDuration } from '../shared/duration.ts';
import type { InputError } from '../shared/errors.ts';
import type { ConnectSettings, Lifecycle, TimeRange, UserLoad } from './load-profile.ts';
import { durationOrRange } from './load-shapes/think-time.ts';
import { disconnectKinds } from './timeline.ts';

const range = z.string().regex(durationOrRange);

export const lifecycleSetting = z
  .strictObject({
    awake: range.default('30s').meta({
      description:
        'How long a device is connected, a duration or a range of equally likely times, 1s to 24h.',
      examples: ['20s..60s'],
    }),
    asleep: range.default('10m').meta({
      description: 'How long it is not connected after that, a duration or a range, 2s to 24h.',
      examples: ['10m'],
    }),
    disconnect: z
      .enum(disconnectKinds)
      .default('clean')
      .meta({
        description:
          'How its connection ends when it falls asleep: clean with a DISCONNECT, drop without one, silent with nothing at all.',
        examples: ['clean'],
      }),
  })
  .optional()
  .meta({
    description:
      'Devices that connect, stay awake and sleep again, over mqtt. A message that is due while its device sleeps is sent when it wakes. Same seed, same times, for each device and cycle.',
    examples: [{ awake: '20s..60s', asleep: '10m' }],
  });

export function resolveLifecycle(given: NonNullable<z.output<typeof lifecycleSetting>>): Lifecycle {
  return { awake: rangeOf(given.awake), asleep: rangeOf(given.asleep), disconnect: given.disconnect };
}

function rangeOf(text: string): TimeRange {
  const [least = '', most = least] = text.split('..');
  return { leastMs: parseDuration(least) ?? 0, mostMs: parseDuration(most) ?? 0 };
}

const longestMs = 86_400_000;

/** A group with what its lifecycle depends on. */
interface SleepyGroup {
  readonly lifecycle?: Lifecycle;
  readonly connect: Pick<ConnectSettings, 'protocol' | 'client'>;
  readonly users?: UserLoad;
}

export function checkLifecycle({ lifecycle, connect, users }: SleepyGroup): InputError[] {
  if (lifecycle === undefined) return [];
  const errors: InputError[] = [
    ...checkRange('awake', lifecycle.awake, 1_000),
    // AWS IoT Core lets a client id connect once a second.
    ...checkRange('asleep', lifecycle.asleep, 2_000),
  ];
  const path = 'lifecycle';
  if (connect.protocol === 'https') {
    const hint = 'remove it, or set connect.protocol to "mqtt"';
    errors.push({ path, message: 'has no meaning over HTTP, where no device keeps a connection', hint });
  } else if (lifecycle.disconnect === 'silent' && connect.client !== 'dense') {
    const message = 'the client device-sdk answers pings by itself, and cannot be silent';
    errors.push({ path: `${path}.disconnect`, message, hint: 'set connect.client to "dense"' });
  }
  if (users !== undefined) {
    const hint = 'remove it, or give a load with a rate';
    errors.push({ path, message: 'has no meaning for users, who wait for their answers', hint });
  }
  return errors;
}

function checkRange(name: string, { leastMs, mostMs }: TimeRange, shortestMs: number): InputError[] {
  const path = `lifecycle.${name}`;
  if (leastMs > mostMs)
    return [
      { path, message: 'ends before it begins', hint: 'write the shorter time first, such as "1m..2m"' },
    ];
  if (leastMs >= shortestMs && mostMs <= longestMs) return [];
  const bounds = `${formatDuration(shortestMs)} to ${formatDuration(longestMs)}`;
  return [{ path, message: `must be ${bounds}`, hint: `give ${bounds}` }];
}
