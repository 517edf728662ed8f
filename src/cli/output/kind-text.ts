import { basename } from 'node:path';
import { makeArrivalRate } from '../../plan/arrival-rate.ts';
import { topicOfDevice } from '../../plan/device-topic.ts';
import { isBasicIngest, kindsOf } from '../../plan/kinds.ts';
import { meanMessageBytes, messageBytes } from '../../plan/message-size.ts';
import type { GroupPlan } from '../../plan/plan.ts';
import { intendedOf, intendedOfGroup } from '../../plan/streams.ts';
import { isModuleEncoding } from '../../profile/encoding.ts';
import type { ArrivalPattern, Pulse } from '../../profile/load-profile.ts';
import { hasSchedule, isIdle } from '../../profile/load-shapes/resolved-load.ts';
import type { RandomTime } from '../../profile/time-distribution.ts';
import { sumBy } from '../../shared/counts.ts';
import { formatDuration } from '../../shared/duration.ts';
import {
  formatBytes,
  formatCount,
  formatPerSecond,
  formatPlural,
  formatQuantity,
} from '../../shared/format.ts';

/** The size of a group's messages, and each kind that has a name: rows of the plan, a label and its text. */
export function describeKinds(group: GroupPlan): [label: string, text: string][] {
  if (isIdle(group.profile)) return [];
  const kinds = kindsOf(group);
  const bytes = formatBytes(sumBy(kinds, (kind) => meanMessageBytes(kind) * intendedOf(kind)));
  if (group.profile.messages === undefined) {
    const topic = topicOfDevice(group, group.firstDevice, group.firstSlice);
    return [
      ...encodingText(group).map((text): [string, string] => ['payload', text]),
      ...(isBasicIngest(group) ? [['topic', `${topic}, by Basic Ingest`] satisfies [string, string]] : []),
      ['size', `${sizeText(group)}, ${bytes} in all`],
    ];
  }
  const { connect } = group.profile;
  return [
    ...kinds.map((kind): [string, string] => {
      const { profile } = kind;
      const parts = [
        ...(connect.protocol === 'mqtt' ? [`QoS ${profile.publish.qos}`] : []),
        ...(isBasicIngest(kind) ? ['Basic Ingest'] : []),
        ...encodingText(kind),
        sizeText(kind),
        `${formatCount(intendedOf(kind))} in all`,
        describeRate(kind),
      ];
      return ['kind', `${kind.kind}: ${parts.join(', ')}`];
    }),
    ['size', `${bytes} in all`],
  ];
}

/** How a payload is written, where it is no JSON object with the envelope in it. */
function encodingText({ profile: { publish } }: GroupPlan): string[] {
  const { encoding } = publish;
  if (encoding === undefined) return [];
  if (typeof encoding === 'string') return [encoding];
  if (!isModuleEncoding(encoding)) return [`protobuf ${encoding.protobuf.message}`];
  const { file, function: name } = encoding.module;
  return [`by ${name === undefined ? '' : `${name} of `}${basename(file)}`];
}

function sizeText(kind: GroupPlan): string {
  const largest = formatBytes(messageBytes(kind));
  if (kind.profile.publish.sizes === undefined) return `${largest} a message`;
  return `about ${formatBytes(Math.round(meanMessageBytes(kind)))} a message, at most ${largest}`;
}

/** The highest rate of messages, and how those of a device are due. */
export function describeRate({ profile, load }: Pick<GroupPlan, 'profile' | 'load'>): string {
  if (load.peakPerSecond === 0)
    return profile.lifecycle === undefined
      ? 'none; devices stay connected'
      : 'none; devices connect while awake';
  const how = (profile.messages ?? [profile]).some(isByPeriods)
    ? describePattern(profile.pattern)
    : [
        devicePace(makeArrivalRate(profile).peakPerSecond, profile.devices),
        ...describePattern(profile.pattern),
      ];
  const text = [...how].join(', ');
  return `up to ${formatPerSecond(load.peakPerSecond)}${text === '' ? '' : ` (${text})`}`;
}

/** Whether a device sends at certain times, so that a rate says nothing of it. */
function isByPeriods({ pattern }: { readonly pattern?: ArrivalPattern }): boolean {
  return pattern?.kind === 'pulse' || pattern?.kind === 'burst';
}

function describePattern(pattern: ArrivalPattern | undefined): string[] {
  switch (pattern?.kind) {
    case undefined:
      return [];
    case 'poisson':
      return ['at random'];
    case 'jitter':
      return [`${formatDuration(pattern.spreadMs)} of jitter`];
    case 'gaps':
      return [describeGap(pattern.gap)];
    case 'pulse':
      return [`all devices every ${formatDuration(pattern.everyMs)}`, within(pattern)];
    case 'burst': {
      const { count, spacingMs, everyMs, together } = pattern;
      return [
        `${formatPlural(count, 'message')} ${formatDuration(spacingMs)} apart every ${formatDuration(everyMs)}`,
        together === undefined ? 'one device after the other' : `all devices ${within(together)}`,
      ];
    }
  }
}

function describeGap(gap: RandomTime): string {
  switch (gap.kind) {
    case 'uniform':
      return `gaps of ${formatDuration(gap.minMs)} to ${formatDuration(gap.maxMs)}`;
    case 'exponential':
      return 'gaps of an exponential distribution';
    case 'normal':
      return `gaps of a normal distribution, sd ${formatDuration(gap.sdMs)}`;
  }
}

function within({ lastsMs, isRandom }: Pulse): string {
  return `within ${formatDuration(lastsMs)}${isRandom ? ' at random' : ''}`;
}

/** How often each of so many devices sends at a rate of all together. */
function devicePace(perSecond: number, devices: number): string {
  const each = perSecond / devices;
  return each >= 1
    ? `${formatPerSecond(each)} a device`
    : `each device every ${formatQuantity(1 / each, ' s')}`;
}

/** `30,000 in 10m, 50/s (0.056/s a device)` */
export function describeMessages(group: GroupPlan): string {
  const { profile, load } = group;
  if (load.peakPerSecond === 0) return describeRate(group);
  const count = `${hasSchedule(profile) ? '' : 'about '}${formatCount(intendedOfGroup(group))}`;
  return `${count} in ${formatDuration(makeArrivalRate(profile).durationMs)}, ${describeRate(group)}`;
}
