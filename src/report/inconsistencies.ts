import type { MessageLedger } from '../measure/run-ledger.ts';
import type { SubscriberTotals } from '../measure/subscriber-watch.ts';
import { formatPlural, formatShare } from '../shared/format.ts';
import { describeCounts } from './describe-counts.ts';
import type { GeneratorVerdict } from './generator-report.ts';
import type { Causes } from './report-model.ts';

/** The figures that inconsistencies are derived from: part of a report, and of its input. */
export interface LedgerSides {
  readonly generator: { readonly health: GeneratorVerdict };
  readonly messages: MessageLedger;
  readonly subscribers?: Pick<SubscriberTotals, 'peakCpuShare'>;
  readonly causes: Pick<Causes, 'deadLettered' | 'unaccounted' | 'isNotReadExact'>;
}

/**
 * Why the run says little of the target although nothing failed, a sentence each: the generator was the bottleneck,
 * or the test's own subscriber has not seen all that came.
 */
export function inconsistenciesOf(run: LedgerSides): string[] {
  const { state, sentence } = run.generator.health;
  return [...(state === 'bottleneck' ? [sentence] : []), ...describeBacklog(run), ...describeSlowReader(run)];
}

/** Counts of messages that neither arrived nor are lost; empty if there are none. Earlier reports have no such columns. */
function describeBacklog({ messages, causes }: LedgerSides): string[] {
  const { notRead = 0, deadLettered = 0, unaccounted = 0 } = messages;
  const sentences: string[] = [];
  if (notRead > 0) {
    sentences.push(
      causes.isNotReadExact === true
        ? `${formatPlural(notRead, 'message')} not read yet: measure-latency did not keep up, or did not run. They are in the stream, not lost; latencies leave them out.`
        : `Up to ${formatPlural(notRead, 'message')} not read yet: measure-latency did not keep up, or did not run. The queue held as many or more, and does not say of which run. What of them is this run’s is not lost; latencies leave it out.`,
    );
  }
  if (deadLettered > 0) {
    sentences.push(
      `${formatPlural(deadLettered, 'message')} dead-lettered, and not lost: ${describeCounts(causes.deadLettered)}.`,
    );
  }
  if (unaccounted > 0) {
    sentences.push(
      `${formatPlural(unaccounted, 'message')} not accounted for, and not known to be lost: ${causes.unaccounted.join('; ')}.`,
    );
  }
  return sentences;
}

/** Of one vCPU: a subscriber that uses so much of it in a second may not keep up. */
const busyCpuShare = 0.9;

/** A broker drops messages for a client that does not read them in time. */
function describeSlowReader({ messages, subscribers }: LedgerSides): string[] {
  if (subscribers === undefined || messages.lost === 0 || subscribers.peakCpuShare < busyCpuShare) return [];
  return [
    `A subscriber used ${formatShare(subscribers.peakCpuShare)} of its vCPU in its busiest second: the target may have dropped messages because the subscriber did not read them in time.`,
  ];
}
