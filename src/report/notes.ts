import { formatCount, formatPlural } from '../shared/format.ts';
import { describeCounts } from './describe-counts.ts';
import type { LiveDelivery, LiveViewCause, Report } from './report-model.ts';

/** Notes on the ledger, one sentence each. */
export function notesOf(report: Report): readonly string[] {
  const { runId, redelivered, unrelated, liveView, brokerNotes = [] } = report;
  const otherHosts = unrelated.notJson + unrelated.noEnvelope;
  const sentences: string[] = [];
  if (otherHosts > 0) {
    sentences.push(
      `Beside them ${formatPlural(otherHosts, 'message')} not of Stampede’s making came on the same topics.`,
    );
  }
  if (report.wills !== undefined) {
    sentences.push(
      `The observer received ${formatPlural(report.wills, 'will')} of devices, duplicates included.`,
    );
  }
  const { otherRun = 0 } = unrelated;
  if (otherRun > 0) {
    sentences.push(`Beside them ${formatPlural(otherRun, 'message')} of other runs came on the same topics.`);
  }
  sentences.push(...comparisonNotes(report), ...subscriberNotes(report), ...brokerNotes);
  if (redelivered > 0) {
    sentences.push(
      `${formatPlural(redelivered, 'message')} came to measure-latency again: an invocation died or failed with them.`,
    );
  }
  if (liveView !== undefined) sentences.push(liveNoteOf(runId, liveView));
  return sentences;
}

/** Where messages went that one of two observers did not see. */
function comparisonNotes({ compared }: Report): string[] {
  if (compared === undefined) return [];
  const { observers, onlyAtFirst, onlyAtSecond, atBoth } = compared;
  const [first, second] = observers;
  if (onlyAtFirst + onlyAtSecond + atBoth === 0) return [];
  return [
    `Of what was sent, ${formatCount(onlyAtFirst)} did not come to the ${first} and came to the ${second}, ${formatCount(onlyAtSecond)} did not come to the ${second} and came to the ${first}, ${formatCount(atBoth)} came to neither.`,
  ];
}

/** How the run's subscribers lost their connections, and what became of their sessions. */
function subscriberNotes({ subscribers, messages, qos }: Report): string[] {
  if (subscribers === undefined) return [];
  const { gaps, sessionsLost, disconnectedBy, redelivered = 0 } = subscribers;
  if (gaps === 0) return [];
  const reasons = describeCounts(disconnectedBy);
  const sessions =
    sessionsLost === 0
      ? []
      : [
          `The target had not kept the session of a subscriber ${formatPlural(sessionsLost, 'time')}: what it had not delivered by then is lost with it.`,
        ];
  return [
    `Subscribers lost their connection ${formatPlural(gaps, 'time')} (${reasons}) and subscribed again.`,
    ...sessions,
    ...(messages.duplicates > 0 && redelivered > 0 ? [describeRedelivered(redelivered, qos)] : []),
  ];
}

function describeRedelivered(redelivered: number, qos: Report['qos']): string {
  const sentAgain = `${formatPlural(redelivered, 'message')} came to subscribers marked as sent before (DUP): where a session goes on, the target sends again what it takes for undelivered, and duplicates may be among it.`;
  // At QoS 2 the client delivers what has the identifier of an unfinished exchange once.
  return qos === 2
    ? `${sentAgain} At QoS 2 a duplicate is one that it sent again after its PUBREL, as Mosquitto 2.0 does where a connection breaks just after the session went on.`
    : sentAgain;
}

function liveNoteOf(runId: string, { cause, resentPoints, refusedPoints, leftPoints }: LiveDelivery): string {
  const fates = [
    ...(resentPoints > 0 ? [`${formatCount(resentPoints)} were sent again at the end`] : []),
    ...(refusedPoints > 0 ? [`${formatCount(refusedPoints)} were refused by it`] : []),
    ...(leftPoints > 0
      ? [`${formatCount(leftPoints)} are in the run store under runs/${runId}/influx-overflow`]
      : []),
  ];
  return `${describeCause(cause)} Of the live view’s points ${fates.join(', ')}; the report needs none of them.`;
}

/** Without a cause, InfluxDB took everything in time except points that it refuses for good. */
function describeCause(cause: LiveViewCause | undefined): string {
  if (cause === undefined) return 'InfluxDB did not take all points.';
  const { httpStatus, isWholeRun } = cause;
  const when = isWholeRun ? 'for the whole run' : 'for a part of the run';
  if (httpStatus === null) return `InfluxDB could not be reached, or its token not be read, ${when}.`;
  if (httpStatus === 401 || httpStatus === 403) {
    const why = httpStatus === 401 ? 'the token is not valid' : 'the token may not write to the bucket';
    return `InfluxDB refused the live view ${when}: HTTP ${httpStatus}, ${why}.`;
  }
  // InfluxDB refused, or a proxy in front of it: in a rehearsal embedded AWS is such a proxy.
  return `Writes to InfluxDB were answered with HTTP ${httpStatus} ${when}.`;
}
