import { formatCount, formatPlural } from './figures.ts';
import type { LiveAftermath, Report } from './report.ts';

/** What a reader of the ledger should know beside it, a sentence each. */
export function asidesOf({ runId, redelivered, foreign, liveView }: Report): readonly string[] {
  const strangers = foreign.notJson + foreign.noEnvelope;
  const sentences: string[] = [];
  if (strangers > 0) {
    sentences.push(
      `Beside them ${formatPlural(strangers, 'message')} not of Stampede’s making came on the same topics.`,
    );
  }
  if (redelivered > 0) {
    sentences.push(
      `${formatPlural(redelivered, 'message')} came to measure-latency again: an invocation died or failed with them.`,
    );
  }
  if (liveView !== undefined) sentences.push(liveAsideOf(runId, liveView));
  return sentences;
}

function liveAsideOf(runId: string, { resentPoints, refusedPoints, leftPoints }: LiveAftermath): string {
  const fates = [
    ...(resentPoints > 0 ? [`${formatCount(resentPoints)} were sent again at the end`] : []),
    ...(refusedPoints > 0 ? [`${formatCount(refusedPoints)} were refused by it`] : []),
    ...(leftPoints > 0
      ? [`${formatCount(leftPoints)} are in the run store under runs/${runId}/influx-spill`]
      : []),
  ];
  return `InfluxDB was away for a part of the run. Of the live view’s points ${fates.join(', ')}; the report needs none of them.`;
}
