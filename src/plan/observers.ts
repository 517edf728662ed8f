import type { ObserverName } from '../profile/load-profile.ts';
import type { LoadShapeName } from '../profile/load-shapes/resolved-load.ts';
import { loadShapeOf } from '../profile/load-shapes/resolved-load.ts';
import { traitsOf } from '../targets/traits-of.ts';
import { type Downlink, downlinksOf } from './downlinks.ts';
import { countEchoesBefore, echoingDevices, echoingWithin } from './echoes.ts';
import { groupProfilesOf, groupsOf, isOfDevices } from './groups.ts';
import type { Plan, Slice } from './plan.ts';
import { plannedStreamsOf, type Stream } from './streams.ts';

/** A place where messages are seen and counted. */
export interface Observer {
  /** Stands in keys of the run store. */
  readonly name: string;
  /** Where its record is stored: in the result of the slice whose devices receive, or in a reader's arrival windows. */
  readonly recordedBy: 'slice' | 'windows';
  /**
   * Of the messages 0 … n − 1 of a stream, how many are due here, were they all sent. It gives each of them its rank, and
   * interval sets hold ranks: they stay dense where only every tenth message is due. Absent: every message is due.
   */
  readonly dueBefore?: (slice: Slice, stream: number) => (n: number) => number;
  /** Ranks of one message of the slice, where each has as many. Absent: one. */
  readonly ranksPerMessage?: (slice: Slice) => number;
}

/** The queue or stream behind the rule, or measure-latency itself where the rule invokes it. */
export const ruleObserver = 'rule';
/** Slices of their own, which subscribe to the run's topics. */
export const subscriberObserver = 'subscriber';
/** A device's subscription to its own topic. */
export const echoObserver = 'echo';
/** Devices' subscriptions to commands. */
export const downlinkObserver = 'downlink';

/** Observers of a run, the primary one first: the report's `messages` are counted there. */
export function observersOf(plan: Plan): readonly Observer[] {
  const downlinks = downlinksOf(plan);
  const sendsCommands = downlinks.length > 0;
  const ofTarget = observerNamesOf(plan).map(
    (name): Observer => ({
      name,
      recordedBy: 'windows',
      ...(sendsCommands && { dueBefore: messagesDueBefore }),
    }),
  );
  const hasEchoes = groupsOf(plan).some(({ profile }) => echoingDevices(profile) > 0);
  return [
    ...ofTarget,
    ...(hasEchoes
      ? [
          {
            name: echoObserver,
            recordedBy: 'slice' as const,
            dueBefore: (slice: Slice, stream: number) => echoesDueBefore(slice, stream),
          },
        ]
      : []),
    ...(sendsCommands
      ? [{ name: downlinkObserver, recordedBy: 'slice' as const, ...deliveriesOf(downlinks) }]
      : []),
  ];
}

/** Commands are due at devices alone. */
function messagesDueBefore({ group }: Slice): (n: number) => number {
  return isOfDevices(group) ? (n) => n : () => 0;
}

/** Each command of a backend is due at all devices that it is for. */
function deliveriesOf(downlinks: readonly Downlink[]): Pick<Observer, 'dueBefore' | 'ranksPerMessage'> {
  const fanOutOf = ({ group }: Slice) => downlinks.find(({ sender }) => sender === group)?.fanOut ?? 0;
  return {
    dueBefore: (slice) => {
      const fanOut = fanOutOf(slice);
      return (n) => n * fanOut;
    },
    ranksPerMessage: fanOutOf,
  };
}

type ObservedRun = Pick<Plan, 'profile'> & { readonly target?: Plan['target'] | undefined };

/** Observers beside the devices: those that the profile names, or the target's own. */
export function observerNamesOf({ profile, target }: ObservedRun): readonly ObserverName[] {
  return profile.observers ?? traitsOf(target).observers;
}

/** How long messages in flight may take to arrive, and replies to come: 0 where no observer sees them, and each ends with its answer. */
export function drainMsOf({ profile, target }: ObservedRun): number {
  const groups = groupProfilesOf(profile);
  const someReply = groups.some(({ reply }) => reply !== undefined);
  const replyTimeouts = groups.flatMap(({ command, connect }) =>
    command !== undefined && someReply && connect.protocol === 'mqtt' ? [command.replyTimeoutMs] : [],
  );
  const isObserved =
    observerNamesOf({ profile, target }).length > 0 ||
    groups.some(({ command }) => command !== undefined) ||
    groups.some((group) => echoingDevices(group) > 0);
  return isObserved ? Math.max(profile.drainMs, ...replyTimeouts) : 0;
}

/** Whether the IoT rule's queue or stream counts the run's messages. */
export function isReadByRule(plan: Pick<Plan, 'profile' | 'target'>): boolean {
  return observerNamesOf(plan).includes(ruleObserver);
}

/** `dueBefore` of the echo: messages of devices that subscribe to their own topic. */
export function echoesDueBefore(
  slice: Slice,
  stream: number,
  streams = plannedStreamsOf(slice),
): (n: number) => number {
  return echoesByShape[loadShapeOf(slice.group.profile)](slice, stream, streams);
}

type CountEchoes = (slice: Slice, stream: number, streams: readonly Stream[]) => (n: number) => number;

const echoesByShape: Readonly<Record<LoadShapeName, CountEchoes>> = {
  open: (slice, stream, streams) => {
    const turns = streams[stream]?.turns;
    return turns === undefined ? () => 0 : countEchoesBefore(slice, turns);
  },
  // The first stream of users is that of the devices that echo, where there are any (`streamOfUsers`).
  closed: (slice, stream) => (stream === 0 && echoingWithin(slice) > 0 ? (n) => n : () => 0),
};
