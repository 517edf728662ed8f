import * as z from 'zod';
import { formatDuration, parseDuration } from '../shared/duration.ts';
import type { InputError } from '../shared/errors.ts';
import { suggestFrom } from '../shared/nearest.ts';
import { duration, share } from './device-schema.ts';
import { faultChangeSchema, parseServiceFaultChange } from './fault-schema.ts';
import type { GroupSettings, RunProfile } from './load-profile.ts';
import type { NetworkConditions, NetworkForm } from './network-presets.ts';
import { checkNetwork, whyUnshaped } from './network-rules.ts';
import { networkSetting } from './network-schema.ts';
import type { Disconnect, DisconnectKind, PlannedAction } from './planned-action.ts';
import { maxTimelineEntries } from './planned-action.ts';
import { type RatedGroup, whyUnrated } from './rate-rules.ts';
import { parseRate } from './rate-step.ts';
import { refuseFaultGroup, type ServiceFaultChange } from './service-faults.ts';

export const disconnectKinds = ['clean', 'drop', 'silent'] as const satisfies readonly DisconnectKind[];

const disconnect = z
  .strictObject({
    share: share
      .positive()
      .default(1)
      .meta({
        description: 'Share of the devices of each group, above 0 and up to 1.',
        examples: [0.5],
      }),
    how: z
      .enum(disconnectKinds)
      .default('drop')
      .meta({
        description:
          'How connections end: clean with a DISCONNECT, drop without one, silent with nothing at all, so that only the keep-alive shows the service that the device is not there.',
        examples: ['drop'],
      }),
  })
  .optional()
  .meta({
    description:
      'Ends the connections of a share of the devices at once. They come back by connect.backoff; after a silent end they first wait 1.5 times their keep-alive, until they have noticed it.',
    examples: [{ share: 1, how: 'drop' }],
  });

const faultsSetting = z
  .union([z.literal('none'), faultChangeSchema])
  .optional()
  .meta({
    description:
      'Changes faults of the embedded IoT Core, in rehearsals only: what it does not name stays as it is, none ends all.',
    examples: [{ dropAcks: 0.1 }],
  });

const rateSetting = z
  .union([z.string(), z.number()])
  .optional()
  .meta({
    description:
      'Changes the arrival rate from then on: "1.5x" is a factor of the rate that the load says for each instant, 1x as planned; a number is messages a second of all these devices together.',
    examples: ['1.5x', 200],
  });

const timelineEntry = z.strictObject({
  at: duration.meta({
    description: 'When, counted from the instant at which publishing begins.',
    examples: ['30s'],
  }),
  group: z
    .string()
    .optional()
    .meta({ description: 'The device group; all groups unless set.', examples: ['meters'] }),
  disconnect,
  rate: rateSetting,
  network: networkSetting,
  faults: faultsSetting,
});

/** What happens to devices while they publish. */
export const timelineSetting = z
  .array(timelineEntry)
  .max(maxTimelineEntries)
  .optional()
  .meta({
    description:
      'Actions on devices, or on the service of a rehearsal, while they publish: each entry has an instant and one action.',
    examples: [
      [
        { at: '30s', disconnect: { share: 1, how: 'drop' } },
        { at: '60s', network: 'lte-m' },
      ],
    ],
  });

type TimelineEntry = z.output<typeof timelineEntry>;

export function resolveTimeline(given: z.output<typeof timelineSetting>): readonly PlannedAction[] {
  return (given ?? []).flatMap(({ at, group, disconnect: ends, rate, network, faults }) => {
    const change = rate === undefined ? undefined : parseRate(rate);
    const actions = [
      ...(ends === undefined ? [] : [{ kind: 'disconnect' as const, ...ends }]),
      ...(change === undefined || 'message' in change ? [] : [{ kind: 'rate' as const, ...change }]),
      ...(network === undefined ? [] : [{ kind: 'network' as const, network }]),
      ...(faults === undefined ? [] : [{ kind: 'faults' as const, faults: readFaultChange(faults) }]),
    ];
    const atMs = parseDuration(at) ?? 0;
    return actions.map((action) => ({ atMs, ...(group === undefined ? {} : { group }), action }));
  });
}

function readFaultChange(faults: NonNullable<z.output<typeof faultsSetting>>): ServiceFaultChange | 'none' {
  return faults === 'none' ? faults : parseServiceFaultChange(faults);
}

/** A group that the timeline may act on. */
type ActedGroup = Pick<GroupSettings, 'connect' | 'lifecycle'> &
  RatedGroup & { readonly name?: string | undefined; readonly network?: NetworkConditions | undefined };

/**
 * Checks a timeline against the groups of its profile.
 * @param given as the user wrote it; entries that the schema refuses have errors already
 */
export function checkTimeline(given: unknown, profile: RunProfile & Omit<ActedGroup, 'name'>): InputError[] {
  const groups: readonly ActedGroup[] = profile.groups ?? [{ ...profile, name: undefined }];
  const seen: {
    readonly kind: string;
    readonly atMs: number | undefined;
    readonly group: string | undefined;
  }[] = [];
  return (Array.isArray(given) ? given : []).flatMap((each: unknown, i) => {
    const { success, data: entry } = timelineEntry.safeParse(each);
    if (!success) return [];
    const path = `timeline[${i}]`;
    const errors = checkEntry(entry, path, groups);
    if (errors.length > 0) return errors;
    const atMs = parseDuration(entry.at);
    const { group } = entry;
    const [kind, hint] = repetitionOf(entry);
    const isRepeated = seen.some(
      (other) =>
        other.kind === kind &&
        other.atMs === atMs &&
        (other.group === group || other.group === undefined || group === undefined),
    );
    seen.push({ kind, atMs, group });
    if (!isRepeated) return [];
    return [
      { path: `${path}.at`, message: `is the second ${kind} at ${entry.at} of the same devices`, hint },
    ];
  });
}

/** Of an entry that is the second of its instant: what it is, and what to do. */
function repetitionOf({ rate, network, faults }: TimelineEntry): readonly [kind: string, hint: string] {
  const whole = 'give it another instant, or one action with all settings';
  if (faults !== undefined) return ['change of faults', whole];
  if (rate !== undefined) return ['change of rate', 'give it another instant, or leave one out'];
  if (network !== undefined) return ['change of network', whole];
  return ['disconnect', 'give it another instant, or one action with a larger share'];
}

function checkEntry(
  { at, group, disconnect: action, rate, network, faults }: TimelineEntry,
  path: string,
  groups: readonly ActedGroup[],
): InputError[] {
  const actions = [action, rate, network, faults].filter((each) => each !== undefined);
  if (actions.length === 0)
    return [
      { path, message: 'has no action', hint: 'give it one: "disconnect": {"share": 1, "how": "drop"}' },
    ];
  if (actions.length > 1)
    return [
      {
        path,
        message: `has ${actions.length} actions`,
        hint: 'give each an entry of its own, at the same instant',
      },
    ];
  const names = groups.flatMap(({ name }) => name ?? []);
  if (group !== undefined && !names.includes(group)) {
    const hint =
      names.length === 0 ? 'the profile has no groups' : suggestFrom(group, names, 'the groups are');
    return [{ path: `${path}.group`, message: `names no group of this profile: ${group}`, hint }];
  }
  const named = groups.filter(({ name }) => group === undefined || name === group);
  if (faults !== undefined)
    return [...checkInstant(at, path, named), ...refuseFaultGroup(group, `${path}.group`)];
  if (network !== undefined) return [...checkInstant(at, path, named), ...checkChange(network, path, named)];
  if (rate !== undefined) return [...checkInstant(at, path, named), ...checkRate(rate, group, path, named)];
  const acted = named.filter(({ connect }) => connect.protocol === 'mqtt');
  return [
    ...(acted.length === 0 ? [] : checkInstant(at, path, acted)),
    ...(action === undefined ? [] : refuseDisconnect(action, path, named, `${path}.disconnect.how`)),
  ];
}

/**
 * Why these groups cannot be disconnected, whatever the instant.
 * @param path of the action, for its errors
 */
export function refuseDisconnect(
  disconnect: Disconnect,
  path: string,
  groups: readonly ActedGroup[],
  howPath = `${path}.how`,
): InputError[] {
  const acted = groups.filter(({ connect }) => connect.protocol === 'mqtt');
  if (acted.length === 0) {
    const hint = 'remove it, or set connect.protocol to "mqtt"';
    return [{ path, message: 'has no meaning over HTTP, where no device keeps a connection', hint }];
  }
  return [...checkSleep(path, acted), ...checkSilence(disconnect, howPath, acted)];
}

function checkInstant(at: string, path: string, acted: readonly ActedGroup[]): InputError[] {
  const lengthMs = Math.max(
    ...acted.map(({ stages }) => stages.reduce((ms, { durationMs }) => ms + durationMs, 0)),
  );
  if ((parseDuration(at) ?? 0) < lengthMs) return [];
  return [
    {
      path: `${path}.at`,
      message: `is past the end: publishing is over after ${formatDuration(lengthMs)}`,
      hint: `give less than ${formatDuration(lengthMs)}`,
    },
  ];
}

function checkRate(
  rate: string | number,
  group: string | undefined,
  path: string,
  named: readonly RatedGroup[],
): InputError[] {
  const change = parseRate(rate);
  const why = whyUnrated(named, group);
  return [
    ...('message' in change ? [{ path: `${path}.rate`, ...change }] : []),
    ...(why === undefined
      ? []
      : [
          {
            path: `${path}.rate`,
            message: `has no rate to change. ${why}`,
            hint: 'set group to one that sends at a rate, or remove it',
          },
        ]),
  ];
}

function checkChange(network: NetworkForm, path: string, acted: readonly ActedGroup[]): InputError[] {
  return [
    ...checkNetwork(network, `${path}.network`),
    ...refuseNetworkChange(network, `${path}.network`, acted),
  ];
}

/** Why the network of one of these groups cannot be changed. @param path of the change, for its errors */
export function refuseNetworkChange(
  network: NetworkForm,
  path: string,
  acted: readonly Pick<ActedGroup, 'name' | 'connect' | 'network'>[],
): InputError[] {
  const why = acted.map((group) => ({ name: group.name, reason: whyUnshaped(network, group) }));
  const first = why.find(({ reason }) => reason !== undefined);
  const ofGroup = first?.name === undefined ? '' : ` of group ${first.name}`;
  if (first?.reason === undefined) return [];
  return [{ ...first.reason, path, message: `${first.reason.message}${ofGroup}` }];
}

/** A device that wakes connects whether a disconnect was for it or not: its recovery has no meaning. */
function checkSleep(path: string, acted: readonly ActedGroup[]): InputError[] {
  if (acted.every(({ lifecycle }) => lifecycle === undefined)) return [];
  return [
    {
      path,
      message: 'disconnects devices that have a lifecycle, and connect and disconnect by that',
      hint: 'set group to one whose devices stay awake, or remove lifecycle',
    },
  ];
}

function checkSilence({ how }: Disconnect, howPath: string, acted: readonly ActedGroup[]): InputError[] {
  if (how !== 'silent' || acted.every(({ connect }) => connect.client === 'dense')) return [];
  return [
    {
      path: howPath,
      message: 'the client device-sdk answers pings by itself, and cannot be silent',
      hint: 'set connect.client to "dense"',
    },
  ];
}
