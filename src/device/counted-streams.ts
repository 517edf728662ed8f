import { type AcknowledgementLatencyName, acknowledgementLatencyOf } from '../measure/latency-names.ts';
import { echoingDevices } from '../plan/echoes.ts';
import { echoesDueBefore } from '../plan/observers.ts';
import type { Slice } from '../plan/plan.ts';
import { plannedStreamsOf } from '../plan/streams.ts';

/** What the numbers of a slice's messages mean to its counters. */
export interface CountedStreams {
  /** How many there are. */
  readonly streams: number;
  /** Of a message of stream 0, its place among those that come back to their devices; undefined: none comes back. */
  readonly echoRankOf: ((n: number) => number) | undefined;
  /** Whether users decide when messages are sent. */
  readonly hasUsers: boolean;
  /** How the time to a message's acknowledgement is called. */
  readonly acknowledgement: AcknowledgementLatencyName;
}

export function countedStreamsOf(slice: Slice): CountedStreams {
  const { profile } = slice.group;
  return {
    streams: plannedStreamsOf(slice).length,
    echoRankOf: echoingDevices(profile) > 0 ? echoesDueBefore(slice, 0) : undefined,
    hasUsers: profile.users !== undefined,
    acknowledgement: acknowledgementLatencyOf(profile.publish.qos),
  };
}
