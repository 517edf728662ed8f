import { sumFields } from '../shared/counts.ts';
import {
  closeStreams,
  countDevices,
  type LegEntry,
  type LegPart,
  type LegRecord,
  type RunEnding,
  type SentEntry,
} from './leg-entry.ts';
import { ReasonCounts } from './reason-counts.ts';

/**
 * Closes a leg. Where its kinds of message have names each is closed by itself, as if the leg had sent nothing else, and the leg is
 * their sum: what a leg that died did not record is divided among its kinds by the plan, to the message.
 */
export function closeLeg(part: LegPart, record: LegRecord, run: RunEnding): LegEntry {
  if (!haveNames(part)) return closeStreams(part, record, run);
  const kinds = part.streams.map((_, stream) =>
    closeStreams(kindPartOf(part, stream), kindRecordOf(record, stream), run),
  );
  const streams = kinds.flatMap((kind) => kind.streams);
  const [{ connected, knowsDevices }] = kinds as [LegEntry];
  const sent = streams.map((stream) => stream.sent);
  return {
    ...sumEntries(kinds),
    kinds: kinds.map(({ messages, droppedBy }) => ({ messages, droppedBy })),
    connected: hasEnded(record) ? connected : Math.max(connected, countDevices(sent, part)),
    knowsDevices,
    streams,
    unwatched: kinds.flatMap(({ unwatched }) => unwatched),
  };
}

function haveNames({ streams }: LegPart): boolean {
  return streams.some(({ acknowledged }) => acknowledged !== undefined);
}

/** A leg as if it had sent one of its streams only. */
function kindPartOf(part: LegPart, stream: number): LegPart {
  const kind = part.streams[stream]!;
  return { ...part, acknowledged: kind.acknowledged === true, streams: [kind] };
}

function kindRecordOf({ totals, arrived, ...record }: LegRecord, stream: number): LegRecord {
  const seen = arrived.slice(stream, stream + 1);
  if (totals === undefined) return { ...record, totals, arrived: seen };
  const kind = totals.streams[stream]!;
  const { messages, droppedBy, undecided } = kind.counts!;
  return {
    ...record,
    totals: { ...totals, messages: { ...messages, echoed: 0 }, droppedBy, undecided, streams: [kind] },
    arrived: seen,
  };
}

export function sumEntries(entries: readonly SentEntry[]): SentEntry {
  const droppedBy = new ReasonCounts();
  for (const entry of entries) droppedBy.addAll(entry.droppedBy);
  return {
    messages: entries.map(({ messages }) => messages).reduce(sumFields),
    droppedBy: droppedBy.counts(),
  };
}

function hasEnded({ totals }: LegRecord): boolean {
  return totals !== undefined && totals.outcome !== 'running';
}
