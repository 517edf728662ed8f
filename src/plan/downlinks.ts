import type { LoadProfile } from '../profile/load-profile.ts';
import { sumBy } from '../shared/counts.ts';
import type { InputError } from '../shared/errors.ts';
import type { PositionalRandom } from '../shared/random.ts';
import { topicFilterMatches } from '../targets/aws-iot/match-topic-filter.ts';
import { type GroupedPlan, groupsOf, identityOf, isOfDevices, settingOf } from './groups.ts';
import { type GroupPlan, identifyDevice, type Slice } from './plan.ts';

/**
 * A backend and the devices that it sends commands to. The devices are numbered 0 … D − 1 in the order of their groups: each has a
 * *place*. Command n of a stream is due at one place, or at each of them; a *delivery* is a command at a place, and its rank is the
 * order of all deliveries of the stream: n, or n · D + place of a broadcast. Sets of ranks say exactly what was delivered.
 */
export interface Downlink {
  readonly sender: GroupPlan;
  readonly receivers: readonly GroupPlan[];
  /** Of all receivers together: D. */
  readonly devices: number;
  /** Each command is for all devices, by one topic; otherwise each is for one of them. */
  readonly isBroadcast: boolean;
  /** Deliveries of one command: D of a broadcast, else 1. */
  readonly fanOut: number;
  /** Devices that reply, where the backend can receive it; 0: it cannot. */
  readonly replying: number;
}

/** Commands of one slice of a backend, which are all of one stream. */
export interface CommandStream {
  readonly downlink: Downlink;
  readonly slice: number;
  /** Place of the first command's device: slices of a backend begin at different ones. */
  readonly firstPlace: number;
}

const known = new WeakMap<GroupedPlan, readonly Downlink[]>();

/** In the order of the profile; empty: no group is a backend. */
export function downlinksOf(plan: GroupedPlan): readonly Downlink[] {
  let downlinks = known.get(plan);
  if (downlinks === undefined) {
    downlinks = groupsOf(plan).flatMap((sender) => downlinkOf(sender, groupsOf(plan)));
    known.set(plan, downlinks);
  }
  return downlinks;
}

function downlinkOf(sender: GroupPlan, groups: readonly GroupPlan[]): Downlink[] {
  const { command, connect } = sender.profile;
  if (command === undefined) return [];
  const receivers = groups.filter(
    (group) =>
      isOfDevices(group) &&
      group.profile.connect.protocol === 'mqtt' &&
      // Devices that observe presence do nothing else.
      group.profile.observe === undefined &&
      (command.to === undefined || command.to === group.group),
  );
  const devices = sumBy(receivers, ({ profile }) => profile.devices);
  const isBroadcast = command.address === 'broadcast';
  const canReceive = connect.protocol === 'mqtt';
  return [
    {
      sender,
      receivers,
      devices,
      isBroadcast,
      fanOut: isBroadcast ? devices : 1,
      replying: canReceive ? sumBy(receivers, repliesOf) : 0,
    },
  ];
}

/** Devices of a group that reply. */
function repliesOf({ profile }: GroupPlan): number {
  return profile.reply === undefined ? 0 : profile.devices;
}

/** Downlinks whose commands devices of a group receive. */
export function downlinksTo(plan: GroupedPlan, group: GroupPlan): readonly Downlink[] {
  return downlinksOf(plan).filter(({ receivers }) => receivers.includes(group));
}

/** The streams of a downlink, one for each slice of its backend. */
export function commandStreamsOf(downlink: Downlink): readonly CommandStream[] {
  const { firstSlice, slices } = downlink.sender;
  return Array.from({ length: slices.count }, (_, i) => commandStreamOf(downlink, firstSlice + i));
}

/** The stream of a backend's slice. */
export function commandStreamOf(downlink: Downlink, slice: number): CommandStream {
  const { sender, devices } = downlink;
  const firstPlace = Math.floor((devices * (slice - sender.firstSlice)) / sender.slices.count);
  return { downlink, slice, firstPlace };
}

/** The stream of a slice that is a backend's; undefined: it is devices. */
export function commandStreamIn(plan: GroupedPlan, { group, slice }: Slice): CommandStream | undefined {
  const downlink = downlinksOf(plan).find(({ sender }) => sender === group);
  return downlink && commandStreamOf(downlink, slice);
}

/** Of a group whose clients receive replies; undefined: none are due to it. */
export function replyingDownlinkOf(plan: GroupedPlan, group: GroupPlan): Downlink | undefined {
  return downlinksOf(plan).find(({ sender, replying }) => sender === group && replying > 0);
}

/** The place of a device among those that a backend sends to; undefined: it is none of them. @param device index over the run */
export function placeOf({ receivers }: Downlink, device: number): number | undefined {
  let before = 0;
  for (const { firstDevice, profile } of receivers) {
    if (device >= firstDevice && device < firstDevice + profile.devices) return before + device - firstDevice;
    before += profile.devices;
  }
  return undefined;
}

/** The device at a place, index over the run. */
export function deviceAt(
  { receivers }: Downlink,
  place: number,
): { readonly group: GroupPlan; readonly device: number } {
  let before = 0;
  for (const group of receivers) {
    const { devices } = group.profile;
    if (place < before + devices) return { group, device: group.firstDevice + place - before };
    before += devices;
  }
  throw new RangeError(`place ${place} of ${before} devices`);
}

/** Whether command n is due at a place. */
export function isDueAt({ downlink, firstPlace }: CommandStream, n: number, place: number): boolean {
  return downlink.isBroadcast || (firstPlace + n) % downlink.devices === place;
}

export function rankOf({ downlink }: CommandStream, n: number, place: number): number {
  return downlink.isBroadcast ? n * downlink.fanOut + place : n;
}

/** Of the commands 0 … n − 1, how many are due at a place. */
export function countDueAt(stream: CommandStream, place: number, n: number): number {
  const { devices, isBroadcast } = stream.downlink;
  if (isBroadcast) return n;
  const first = firstAt(stream, place);
  return n <= first ? 0 : 1 + Math.floor((n - 1 - first) / devices);
}

/** The number of the i-th command that is due at a place, from 0. */
export function commandAt(stream: CommandStream, place: number, i: number): number {
  const { devices, isBroadcast } = stream.downlink;
  return isBroadcast ? i : firstAt(stream, place) + i * devices;
}

function firstAt({ downlink: { devices }, firstPlace }: CommandStream, place: number): number {
  return (place - firstPlace + devices) % devices;
}

/** Of the commands 0 … n − 1, how many replies are due. */
export function countReplies({ downlink, firstPlace }: CommandStream, n: number): number {
  const { devices, isBroadcast, replying } = downlink;
  if (replying === 0) return 0;
  if (isBroadcast) return n * replying;
  const end = firstPlace + (n % devices);
  const inRound = replyingBefore(downlink, Math.min(end, devices)) - replyingBefore(downlink, firstPlace);
  return Math.floor(n / devices) * replying + inRound + replyingBefore(downlink, Math.max(0, end - devices));
}

/** Of the devices at places 0 … place − 1, how many reply. */
function replyingBefore({ receivers }: Downlink, place: number): number {
  let before = 0;
  return sumBy(receivers, (group) => {
    const within = Math.min(group.profile.devices, Math.max(0, place - before));
    before += group.profile.devices;
    return group.profile.reply === undefined ? 0 : within;
  });
}

/** Payloads use lane 0 and up of the same seed. */
const replyLane = 0x3e91;

/** How long after a command came its reply is sent. @param random of the seed of the device's group @param device index over the run */
export function replyDelayMs(
  random: PositionalRandom,
  { delay: { leastMs, mostMs } }: NonNullable<LoadProfile['reply']>,
  device: number,
  n: number,
): number {
  random.seek(device, n, replyLane);
  return leastMs + (mostMs - leastMs) * random.next();
}

/** Topics of commands and replies begin with this: policies name it, and no rule of Stampede's reads it. */
const commandRoot = 'stampede-commands';

/** The topic that command n of a stream is published to. */
export function commandTopic({ downlink, firstPlace }: CommandStream, n: number): string {
  const { devices, isBroadcast } = downlink;
  if (isBroadcast) return broadcastTopic(downlink);
  const { group, device } = deviceAt(downlink, (firstPlace + n) % devices);
  return deviceTopic(group, device);
}

/** What a device of a group subscribes to, so that each command comes once. @param device index over the run */
export function commandFilters(plan: GroupedPlan, group: GroupPlan, device: number): readonly string[] {
  const filters = downlinksTo(plan, group).map((downlink) =>
    downlink.isBroadcast ? broadcastTopic(downlink) : deviceTopic(group, device),
  );
  return [...new Set(filters)];
}

/** Where a client of a backend receives replies. @param client index over the run, as the envelope of its commands says */
export function replyTopic(sender: Pick<GroupPlan, 'runId' | 'profile'>, client: number): string {
  return `${commandRoot}/${identityOf(sender)}/replies/${identifyDevice(sender.runId, client).deviceId}`;
}

function deviceTopic(group: GroupPlan, device: number): string {
  return `${commandRoot}/${identityOf(group)}/devices/${identifyDevice(group.runId, device).deviceId}`;
}

/** Of the run only where no session of its receivers has an identity that outlives the run. */
function broadcastTopic({ sender, receivers }: Downlink): string {
  const { to } = sender.profile.command!;
  const stable = receivers.find(({ profile }) => profile.connect.identity !== undefined);
  return `${commandRoot}/${identityOf(stable ?? sender)}/${to === undefined ? 'all' : `groups/${to}`}`;
}

/** Whether commands or replies travel on such a topic. */
export function isCommandTopic(topic: string): boolean {
  return topic.startsWith(`${commandRoot}/`);
}

/** A rule that reads the topics of commands would take them for messages of devices. */
export function checkCommandTopics(plan: GroupedPlan, topicFilter: string): InputError[] {
  const [first] = downlinksOf(plan);
  if (first === undefined || !topicFilterMatches(topicFilter, replyTopic(first.sender, 0))) return [];
  return [
    {
      path: settingOf(first.sender, 'from'),
      message: `commands travel under ${commandRoot}/, which the rule reads too (${topicFilter}): it would take them for messages of devices`,
      hint: 'deploy with a narrower topicFilter',
    },
  ];
}

/** Places in a row: those of the devices of a slice. */
export interface PlaceRange {
  readonly first: number;
  readonly count: number;
}

/**
 * Of the deliveries with ranks from … until − 1, how many are due at such places. Places come round every D ranks, a broadcast's and
 * those of devices in turn alike; with y the rank counted from a round's beginning, ⌊y/D⌋ · count + (y mod D within the range) are before it.
 */
export function countWithin(
  { downlink: { devices, isBroadcast }, firstPlace }: CommandStream,
  { first, count }: PlaceRange,
  from: number,
  until: number,
): number {
  const shift = isBroadcast ? 0 : firstPlace;
  const before = (rank: number): number => {
    const y = rank + shift;
    return Math.floor(y / devices) * count + Math.min(count, Math.max(0, (y % devices) - first));
  };
  return Math.max(0, before(until) - before(from));
}
