import { type AcknowledgementLatencyName, acknowledgementLatencyOf } from '../measure/latency-names.ts';
import { echoingDevices } from '../plan/echoes.ts';
import { isExactlyOnce } from '../plan/groups.ts';
import { echoesDueBefore } from '../plan/observers.ts';
import type { Slice } from '../plan/plan.ts';
import { plannedStreamsOf } from '../plan/streams.ts';
import { hasSchedule } from '../profile/load-shapes/resolved-load.ts';

/** What the numbers of a slice's messages mean to its counters. */
export interface CountedStreams {
  /** How many there are. */
  readonly streams: number;
  /** For each stream, how many of its messages 0 … n − 1 come back to their devices; undefined: none does. */
  readonly echoRanksOf: ((stream: number) => (n: number) => number) | undefined;
  /** Whether users decide when messages are sent. */
  readonly hasUsers: boolean;
  /** Whether its kinds of message have names: each is counted by itself as well. */
  readonly haveNames: boolean;
  /** Whether what was sent late is recorded by when it was sent: of commands, whose devices may have been offline by then. */
  readonly recordsLateSends: boolean;
  /** Whether what becomes of messages is recorded by the second in which they are due: in a run with a search. */
  readonly recordsHolds: boolean;
  /** How the time to a message's acknowledgement is called. */
  readonly acknowledgement: AcknowledgementLatencyName;
}

export function countedStreamsOf(slice: Slice, streams = plannedStreamsOf(slice)): CountedStreams {
  const { profile } = slice.group;
  const ranks = streams.map((_, stream) => echoesDueBefore(slice, stream, streams));
  return {
    streams: streams.length,
    echoRanksOf: echoingDevices(profile) > 0 ? (stream) => ranks[stream]! : undefined,
    hasUsers: !hasSchedule(profile),
    haveNames: profile.messages !== undefined,
    recordsLateSends: profile.command !== undefined,
    recordsHolds: profile.search !== undefined,
    acknowledgement: acknowledgementLatencyOf(isExactlyOnce(slice.group) ? 2 : 1),
  };
}
