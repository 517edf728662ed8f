import { formatDuration } from '../shared/duration.ts';
import type { InputError } from '../shared/errors.ts';
import { isObject, type JsonObject } from '../shared/json-path.ts';
import { isReplacing, isShrinking, type Lifecycle, type TimeRange } from './lifecycle-kinds.ts';
import type { ConnectSettings, LoadProfile, UserLoad } from './load-profile.ts';

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
  if (isShrinking(lifecycle) && lifecycle.churn.sharePerMinute > 1) {
    const message = 'is above 1: devices that nothing replaces would live less than a minute on average';
    errors.push({
      path: `${path}.churn.sharePerMinute`,
      message,
      hint: 'give 1 or less, or set churn.replace to true',
    });
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
