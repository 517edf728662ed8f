import * as z from 'zod';
import { formatDuration, parseDuration } from '../shared/duration.ts';
import type { InputError } from '../shared/errors.ts';
import { isObject, type JsonObject } from '../shared/json-path.ts';
import { isReplacing, type Lifecycle, type TimeRange } from './lifecycle-kinds.ts';
import type { ConnectSettings, LoadProfile, UserLoad } from './load-profile.ts';
import { durationOrRange } from './load-shapes/think-time.ts';
import { disconnectKinds } from './timeline.ts';

const range = z.string().regex(durationOrRange);
const defaults = { awake: '30s', asleep: '10m' } as const;

export const lifecycleSetting = z
  .strictObject({
    awake: range.optional().meta({
      description: `How long a device is connected, a duration or a range of equally likely times, 1s to 24h (${defaults.awake}).`,
      examples: ['20s..60s'],
    }),
    asleep: range.optional().meta({
      description: `How long it is not connected after that, a duration or a range, 2s to 24h (${defaults.asleep}).`,
      examples: ['10m'],
    }),
    whenAsleep: z
      .enum(['delay', 'skip'])
      .optional()
      .meta({
        description:
          'What comes due while its device sleeps is sent when it wakes (delay), or is no message at all (skip).',
        examples: ['delay'],
      }),
    churn: z
      .strictObject({
        sharePerMinute: z
          .number()
          .positive()
          .max(60)
          .default(0.05)
          .meta({
            description: 'Share of the devices that leave for good in a minute, from when devices publish.',
            examples: [0.05],
          }),
        replace: z
          .boolean()
          .default(true)
          .meta({
            description:
              'Whether a new device, with an id of its own, takes the place of each one that leaves.',
            examples: [true],
          }),
      })
      .optional()
      .meta({
        description: 'Devices that leave for good, each at a time that is as likely as any other.',
        examples: [{ sharePerMinute: 0.05 }],
      }),
    connect: z
      .literal('each-message')
      .optional()
      .meta({
        description: 'A device opens a connection for each message, and ends it once that is acknowledged.',
        examples: ['each-message'],
      }),
    disconnect: z
      .enum(disconnectKinds)
      .default('clean')
      .meta({
        description:
          'How its connection ends: clean with a DISCONNECT, drop without one, silent with nothing at all.',
        examples: ['clean'],
      }),
  })
  .optional()
  .meta({
    description:
      'Devices that are not connected all the time, over mqtt: that sleep in between, that leave for good, or that connect for each message. Same seed, same times, for each device.',
    examples: [{ awake: '20s..60s', asleep: '10m' }],
  });

export function resolveLifecycle(given: NonNullable<z.output<typeof lifecycleSetting>>): Lifecycle {
  const { awake = defaults.awake, asleep = defaults.asleep, whenAsleep, churn, connect, disconnect } = given;
  if (connect !== undefined) return { connect, disconnect };
  if (churn !== undefined) return { churn, disconnect };
  return {
    awake: rangeOf(awake),
    asleep: rangeOf(asleep),
    ...(whenAsleep === 'skip' && { whenAsleep }),
    disconnect,
  };
}

function rangeOf(text: string): TimeRange {
  const [least = '', most = least] = text.split('..');
  return { leastMs: parseDuration(least) ?? 0, mostMs: parseDuration(most) ?? 0 };
}

const longestMs = 86_400_000;

/** A group with what its lifecycle depends on. */
interface LivelyGroup {
  readonly lifecycle?: Lifecycle;
  readonly connect: Pick<ConnectSettings, 'protocol' | 'client'>;
  readonly users?: UserLoad;
  readonly echo: LoadProfile['echo'];
}

/** The three kinds of lifecycle, by the settings that only they have. */
const settingsOfOne = [['awake', 'asleep', 'whenAsleep'], ['churn'], ['connect']] as const;

/** @param input as the user wrote it */
export function checkLifecycleInput(input: JsonObject): InputError[] {
  const { lifecycle } = input;
  if (!isObject(lifecycle)) return [];
  const given = settingsOfOne.flatMap((names) => names.find((name) => lifecycle[name] !== undefined) ?? []);
  if (given.length < 2) return [];
  const [first, second] = given;
  const message = `cannot stand beside ${first}: devices sleep, or leave for good, or connect for each message`;
  return [
    { path: `lifecycle.${second}`, message, hint: `remove one of the two, or give it to another group` },
  ];
}

export function checkLifecycle({ lifecycle, connect, users, echo }: LivelyGroup): InputError[] {
  if (lifecycle === undefined) return [];
  const path = 'lifecycle';
  const errors: InputError[] =
    'awake' in lifecycle
      ? [
          ...checkRange('awake', lifecycle.awake, 1_000),
          // AWS IoT Core lets a client id connect once a second.
          ...checkRange('asleep', lifecycle.asleep, 2_000),
        ]
      : [];
  if (connect.protocol === 'https') {
    const hint = 'remove it, or set connect.protocol to "mqtt"';
    errors.push({ path, message: 'has no meaning over HTTP, where no device keeps a connection', hint });
  } else if (lifecycle.disconnect === 'silent' && connect.client !== 'dense') {
    const message = 'the client device-sdk answers pings by itself, and cannot be silent';
    errors.push({ path: `${path}.disconnect`, message, hint: 'set connect.client to "dense"' });
  }
  if (isReplacing(lifecycle) && connect.protocol === 'mqtt' && connect.client !== 'dense') {
    const message = 'the client device-sdk keeps its client id, and cannot become a new device';
    errors.push({ path: `${path}.churn`, message, hint: 'set connect.client to "dense"' });
  }
  if (users !== undefined) {
    const hint = 'remove it, or give a load with a rate';
    errors.push({ path, message: 'has no meaning for users, who wait for their answers', hint });
  }
  if (echo.fraction > 0 && !('awake' in lifecycle && lifecycle.whenAsleep === undefined)) {
    const message =
      'devices cannot wait for their echoes: they leave, or send nothing, or end their connection after each message';
    errors.push({ path: 'echo', message, hint: 'remove echo, or lifecycle' });
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
