import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const recorder = pathToFileURL(path.join(import.meta.dirname, 'iot-core-recorder.ts')).href;

/** For the processes of a rehearsal: IoT Core's writes what it sees to this file. */
export function recorderVariables(file: string): Readonly<Record<'NODE_OPTIONS' | 'RECORDER_FILE', string>> {
  return { NODE_OPTIONS: `--import=${recorder}`, RECORDER_FILE: file };
}

/** What IoT Core's process saw of a run, counted from the recorder's lines. */
export interface Recorded {
  /** Distinct messages that came in, were accepted and were put into the queue or the stream. */
  readonly sent: number;
  readonly taken: number;
  readonly queued: number;
  /** Copies in the queue beyond the first. */
  readonly duplicates: number;
  /** Distinct messages whose acknowledgement the service wrote, and those of which it did so well within the ack timeout. */
  readonly acked: number;
  readonly ackedInTime: number;
  /** Queued, and accepted, without an acknowledgement in time. */
  readonly queuedUnacked: number;
  readonly takenUnacked: number;
  /** Answered so; over HTTPS only. */
  readonly throttled: number;
  /** Distinct devices that had a CONNACK of success, and all such CONNACKs of devices. */
  readonly devices: number;
  readonly connects: number;
  /** Distinct messages that came in, by key of their stream (`3`, `3.1`). */
  readonly sentByStream: Readonly<Record<string, number>>;
  /** Messages of the service's busiest second, whichever it began in. */
  readonly busiestSecond: number;
  /** All of the run, in their order. */
  readonly lines: readonly Line[];
}

export interface Line {
  /** Of commands: `kept` by a session, `written` to a client. */
  readonly what: string;
  /** `slice n`, `slice.stream n`, `slice n clientId` of a command, or a client id. */
  readonly of: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** @param ackTimeoutMs of the run's profile @param identities of its client ids, each the run's own or a profile's name */
export function readRecording(
  file: string,
  runId: string,
  ackTimeoutMs: number,
  identities: readonly string[] = [runId],
): Recorded {
  // Nothing was recorded of a run of which nothing came in.
  const lines = linesOf(existsSync(file) ? readFileSync(file, 'latin1') : '', runId, identities);
  const distinct = (what: string) => new Set(lines.flatMap((line) => (line.what === what ? [line.of] : [])));
  const [sent, taken, queued, acked] = (['sent', 'taken', 'queued', 'acked'] as const).map(distinct);
  const connects = lines.filter(({ what }) => what === 'connected');
  const ackedInTime = inTime(lines, ackTimeoutMs);
  return {
    sent: sent!.size,
    taken: taken!.size,
    queued: queued!.size,
    duplicates: lines.filter(({ what }) => what === 'queued').length - queued!.size,
    acked: acked!.size,
    ackedInTime: ackedInTime.size,
    queuedUnacked: sizeWithout(queued!, ackedInTime),
    takenUnacked: sizeWithout(taken!, ackedInTime),
    throttled: distinct('throttled').size,
    devices: new Set(connects.map(({ of }) => of)).size,
    connects: connects.length,
    sentByStream: countByStream(sent!),
    busiestSecond: busiestSecondOf(lines),
    lines,
  };
}

function countByStream(messages: ReadonlySet<string>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const message of messages) {
    const [stream = ''] = message.split(' ');
    counts[stream] = (counts[stream] ?? 0) + 1;
  }
  return counts;
}

const ofConnections: ReadonlySet<string> = new Set(['connected', 'resumed', 'disconnected']);

/** A run's, without its control channels. */
function linesOf(text: string, runId: string, identities: readonly string[]): Line[] {
  return text.split('\n').flatMap((line) => {
    const [what = '', ...rest] = line.split(' ');
    const at = Number(rest.pop());
    if (ofConnections.has(what)) {
      const [clientId = ''] = rest;
      return identities.some((identity) => clientId.startsWith(`stampede-${identity}-`)) &&
        !clientId.includes('-control-')
        ? [{ what, of: clientId, at }]
        : [];
    }
    return rest[0] === runId ? [{ what, of: rest.slice(1).join(' '), at }] : [];
  });
}

function sizeWithout(all: ReadonlySet<string>, some: ReadonlySet<string>): number {
  return [...all].filter((each) => !some.has(each)).length;
}

/** On a busy machine a device may read its acknowledgement long after it was written: well in time is half of the timeout. */
function inTime(lines: readonly Line[], ackTimeoutMs: number): Set<string> {
  const sentAt = new Map<string, number>();
  const found = new Set<string>();
  for (const { what, of, at } of lines) {
    if (what === 'sent' && !sentAt.has(of)) sentAt.set(of, at);
    if (what === 'acked' && at - sentAt.get(of)! < ackTimeoutMs / 2) found.add(of);
  }
  return found;
}

function busiestSecondOf(lines: readonly Line[]): number {
  const at = lines.flatMap((line) => (line.what === 'sent' ? [line.at] : [])).sort((a, b) => a - b);
  let first = 0;
  return at.reduce((most, instant, i) => {
    while (instant - at[first]! >= 1_000) first++;
    return Math.max(most, i - first + 1);
  }, 0);
}
