import type { DropReason } from '../measure/hold-seconds.ts';
import { IntervalSet } from '../measure/interval-set.ts';
import { LateSendRecord } from '../measure/late-sends.ts';
import { type EncodedHistogram, LatencyHistogram } from '../measure/latency-histogram.ts';
import type { KindSliceLatencyName } from '../measure/latency-names.ts';
import type { PublishCounts, StreamResult, UndecidedCounts } from '../measure/slice-result.ts';
import { ofEach } from '../shared/counts.ts';
import type { CountedStreams } from './counted-streams.ts';
import { DueCounters } from './due-counters.ts';
import { SecondTally } from './second-counts.ts';

/** What is due or in flight at an instant, and so not decided yet. */
export type Undecided = UndecidedCounts;

export const nothingUndecided: Undecided = { waiting: { 'not-connected': 0, backlog: 0 }, inFlight: 0 };

export function isDecided({ waiting, inFlight }: Undecided): boolean {
  return inFlight + waiting.backlog + waiting['not-connected'] === 0;
}

/** Of all streams of a slice. */
export function sumUndecided(streams: readonly Undecided[]): Undecided {
  return streams.reduce(
    (sum, { waiting, inFlight }) => ({
      waiting: {
        'not-connected': sum.waiting['not-connected'] + waiting['not-connected'],
        backlog: sum.waiting.backlog + waiting.backlog,
      },
      inFlight: sum.inFlight + inFlight,
    }),
    nothingUndecided,
  );
}

/** What became of the messages of one stream of a slice. */
export class StreamCounters {
  intended = 0;
  acked = 0;
  throttled = 0;
  failed = 0;
  unacknowledged = 0;
  /** Numbers of the messages that were sent. */
  readonly sent = new IntervalSet();
  readonly dropped: Record<DropReason, number> = { 'not-connected': 0, backlog: 0, stopped: 0 };
  /** What was intended by the end of each stage that is over, where users decide. */
  readonly stageEnds: number[] = [];
  /** Of a kind of message that has a name; made with the first sample. */
  readonly #latencies = new Map<KindSliceLatencyName, LatencyHistogram>();
  /** Of a kind of message that has a name. */
  readonly perSecond: { readonly intended: SecondTally; readonly sent: SecondTally } | undefined;
  /** Undefined: it is not recorded when what was late was sent. */
  readonly lateSends: LateSendRecord | undefined;
  /** Of a run with a search. */
  readonly due: DueCounters | undefined;
  /** Ranks of messages that were back at the devices that sent them. */
  readonly echoes = new IntervalSet();

  /** @param startMs epoch milliseconds of the slice's first second */
  constructor({ haveNames, recordsLateSends, recordsHolds }: CountedStreams, startMs: number) {
    this.due = recordsHolds ? new DueCounters(Math.floor(startMs / 1_000)) : undefined;
    this.lateSends = recordsLateSends ? new LateSendRecord() : undefined;
    if (haveNames) this.perSecond = { intended: new SecondTally(startMs), sent: new SecondTally(startMs) };
  }

  measured(name: KindSliceLatencyName, latencyMs: number): void {
    let histogram = this.#latencies.get(name);
    if (histogram === undefined) {
      histogram = new LatencyHistogram();
      this.#latencies.set(name, histogram);
    }
    histogram.record(latencyMs);
  }

  latencies(): Partial<Record<KindSliceLatencyName, EncodedHistogram>> {
    return Object.fromEntries([...this.#latencies].map(([name, histogram]) => [name, histogram.encode()]));
  }

  /** @param undecided of the stream: waiting counts as dropped, in flight as unacknowledged */
  messages({ waiting, inFlight }: Undecided): PublishCounts {
    const { stopped, backlog, 'not-connected': notConnected } = this.dropped;
    return {
      intended: this.intended,
      sent: this.sent.count,
      dropped: stopped + backlog + notConnected + waiting.backlog + waiting['not-connected'],
      acked: this.acked,
      throttled: this.throttled,
      failed: this.failed,
      unacknowledged: this.unacknowledged + inFlight,
    };
  }

  /** @param ranksBefore of its messages 0 … n − 1, how many come back to their devices; absent: none */
  echoesMissing(ranksBefore: (n: number) => number = () => 0): number {
    let missing = -this.echoes.count;
    this.sent.forEachInterval((start, length) => {
      missing += ranksBefore(start + length) - ranksBefore(start);
    });
    return missing;
  }

  result(
    undecided: Undecided,
    { hasUsers, haveNames }: Pick<CountedStreams, 'hasUsers' | 'haveNames'>,
  ): StreamResult {
    return {
      intended: this.intended,
      sent: this.sent.encode(),
      ...(this.lateSends && { lateSends: this.lateSends.encode() }),
      ...(hasUsers && { stageEnds: this.stageEnds.slice() }),
      ...(haveNames && {
        counts: {
          messages: this.messages(undecided),
          droppedBy: this.droppedBy(undecided),
          undecided,
          latencies: this.latencies(),
          ...(this.perSecond && {
            perSecond: ofEach(['intended', 'sent'], (each) => this.perSecond![each].encode()),
          }),
        },
      }),
    };
  }

  /** Reasons with a count above 0. */
  droppedBy({ waiting }: Undecided): Partial<Record<DropReason, number>> {
    const all: [DropReason, number][] = [
      ['not-connected', this.dropped['not-connected'] + waiting['not-connected']],
      ['backlog', this.dropped.backlog + waiting.backlog],
      ['stopped', this.dropped.stopped],
    ];
    return Object.fromEntries(all.filter(([, count]) => count > 0));
  }
}
