import type { Line } from './recording.ts';

/** What IoT Core's process saw of commands to some clients, counted without the emulator's counters and without those of devices. */
export interface RecordedCommands {
  /** Connects that went on with a session, and those that did not. */
  readonly resumed: number;
  readonly unresumed: number;
  /** Commands that a session was given to keep, one for each client. */
  readonly kept: number;
  /** Of those, the ones that were never written to their client. */
  readonly neverSent: number;
  /** Commands that were written to a client, and copies beyond the first. */
  readonly delivered: number;
  readonly repeats: number;
  /** First copies on a connection that went on with a session, and began after the command had come in. */
  readonly stored: number;
  /** First copies after that of a later command of the same slice. */
  readonly reordered: number;
  /** Connections that ended before all that was stored was written. */
  readonly interrupted: number;
  /** From the connect with which a client came back until the last stored command was written, milliseconds: one for each time. */
  readonly catchUpsMs: readonly number[];
}

interface Client {
  /** The connection that it has, or had last: when it began, if it went on with a session. */
  resumedAt: number | undefined;
  /** Since when it catches up, when the last stored command was written, and on the connection of which instant. */
  drain: { readonly from: number; last: number; on: number } | undefined;
  /** By slice of the backend. */
  readonly highest: Map<string, number>;
}

/** @param lines of a run, in their order */
export function recordedCommands(lines: readonly Line[], clientIds: readonly string[]): RecordedCommands {
  const clients = new Map<string, Client>(
    clientIds.map((id) => [id, { resumedAt: undefined, drain: undefined, highest: new Map() }]),
  );
  const cameInAt = new Map<string, number>();
  const kept = new Set<string>();
  const written = new Set<string>();
  const catchUpsMs: number[] = [];
  const counts = { resumed: 0, unresumed: 0, repeats: 0, stored: 0, reordered: 0, interrupted: 0 };
  const end = (client: Client): void => {
    if (client.drain !== undefined) catchUpsMs.push(client.drain.last - client.drain.from);
    client.drain = undefined;
  };

  const onWritten = (client: Client, { of, at }: Line): void => {
    const [slice = '', n] = of.split(' ');
    const sentAt = cameInAt.get(`${slice} ${n}`)!;
    const { resumedAt } = client;
    const isStored = resumedAt !== undefined && sentAt < resumedAt;
    if (written.has(of)) counts.repeats++;
    else {
      written.add(of);
      if (isStored) counts.stored++;
      const highest = client.highest.get(slice) ?? -1;
      if (Number(n) < highest) counts.reordered++;
      client.highest.set(slice, Math.max(highest, Number(n)));
    }
    if (!isStored) return;
    if (client.drain !== undefined && client.drain.on !== resumedAt) {
      if (sentAt < client.drain.from) counts.interrupted++;
      else end(client);
    }
    client.drain = { from: client.drain?.from ?? resumedAt, last: at, on: resumedAt };
  };

  for (const line of lines) {
    const { what, of, at } = line;
    if (what === 'sent' && !cameInAt.has(of)) cameInAt.set(of, at);
    const client = clients.get(of.split(' ').at(-1)!);
    if (client === undefined) continue;
    if (what === 'connected') {
      counts.unresumed++;
      client.resumedAt = undefined;
    }
    if (what === 'resumed') {
      counts.unresumed--;
      counts.resumed++;
      client.resumedAt = at;
    }
    if (what === 'kept') kept.add(of);
    if (what === 'written') onWritten(client, line);
  }
  for (const client of clients.values()) end(client);
  return {
    ...counts,
    kept: kept.size,
    neverSent: [...kept].filter((each) => !written.has(each)).length,
    delivered: written.size,
    catchUpsMs,
  };
}
