import { renderReportHtml } from '../../../src/report/html.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { falseSentences, sentencesOfPage } from '../report/sentences.ts';
import type { Truth } from '../report/truth.ts';
import type { Recorded } from './recording.ts';

/** A run as its report has it, and as IoT Core's process saw it. */
export interface RecordedReport {
  readonly report: Report;
  readonly recorded: Recorded;
}

/** Facts of a run that a test has besides the record. */
export interface Known extends Partial<Omit<Truth, 'intended'>> {
  /** Messages that were due; null where a stop decided that, which test/unit/report/sentences.test.ts holds to the message. */
  readonly intended: number | null;
}

/** Figures that the record contradicts, and sentences that are false or have no rule; empty for a correct report. */
export function falseClaims(run: RecordedReport, known: Known): string[] {
  const truth = truthOf(run, known);
  const sentences = sentencesOfPage(renderReportHtml(run.report));
  return [...contradictions(run, truth), ...falseSentences(sentences, truth, run.report)];
}

function truthOf({ report, recorded }: RecordedReport, known: Known): Truth {
  const { taken, queued } = recorded;
  const isHttps = report.protocol === 'https';
  // What a device wrote to a connection that the service was closing never reached it: the service cannot have recorded it.
  const cut = Object.values(report.causes.disconnected).reduce((sum, count) => sum + count, 0);
  const sent = Math.min(Math.max(recorded.sent, report.messages.sent), recorded.sent + cut);
  return {
    sent,
    taken,
    acked: recorded.acked,
    // A slice that is stopped waits for no answer: those that came a moment later it does not have. Nor does a device have one that
    // it had not read when its connection ended.
    ackedInTime: isCut(report) ? 0 : Math.max(0, recorded.ackedInTime - cut),
    throttled: isHttps ? recorded.throttled : recorded.sent - taken,
    received: queued,
    duplicates: recorded.duplicates,
    arrivedUnacked: isCut(report) ? queued : recorded.queuedUnacked,
    takenUnacked: isCut(report) ? taken : recorded.takenUnacked,
    // Over HTTPS there is no connection that the service would know as one.
    devicesConnected: isHttps ? report.devices.connected : recorded.devices,
    connectsGivenUp: report.devices.connectFailed,
    ...connectsOf(report, recorded),
    // Of messages that the service never read, it has no seconds either.
    ...((known.sent ?? sent) > recorded.sent ? {} : { busiestSecond: recorded.busiestSecond }),
    slicesKilled: 0,
    isMachineReal: true,
    ...known,
    intended: known.intended ?? report.messages.intended,
  };
}

/**
 * The record has the connects that the service granted. Of these a device may not have seen the answer, where the connection ended with it:
 * then it is an attempt. The seconds are those of the devices' clocks, which the record does not have.
 */
function connectsOf({ connects, protocol }: Report, recorded: Recorded): Pick<Truth, 'connects'> {
  if (connects === undefined || protocol === 'https') return {};
  const { attempts, successes, offeredPerSecond, grantedPerSecond } = connects;
  const unseen = recorded.connects - successes;
  const isExplained = unseen >= 0 && unseen <= attempts - successes;
  return {
    connects: {
      attempts: Math.max(attempts, recorded.connects),
      successes: isExplained ? successes : recorded.connects,
      offered: offeredPerSecond,
      granted: grantedPerSecond,
    },
  };
}

const isCut = ({ stop, execution }: Report): boolean => stop !== undefined || execution !== undefined;

/** What the ledger says against the record, to the message; a range only where slices died or something is still held. */
function contradictions({ report }: RecordedReport, truth: Truth): string[] {
  const { messages, devices, imbalances, slices } = report;
  const { sent, received, duplicates, lost, acked, sendUnknown, ackUnknown } = messages;
  const held = messages.notRead + messages.deadLettered + messages.unaccounted;
  const leastAcked = truth.ackedInTime! - ackUnknown - sendUnknown;
  const isAcknowledged = report.protocol === 'https' || report.qos === 1;
  const claims: readonly (readonly [what: string, least: number, stated: number, most: number])[] = [
    ['imbalances', 0, imbalances.length, 0],
    ['slices died', truth.slicesKilled, slices.died, truth.slicesKilled],
    ['intended', truth.intended, messages.intended, truth.intended],
    ['sent', truth.sent - sendUnknown, sent, truth.sent],
    ['received', truth.isQueueLost ? 0 : truth.received - held, received, truth.received],
    ['duplicates', held > 0 || truth.isQueueLost ? 0 : truth.duplicates, duplicates, truth.duplicates],
    ['lost', sent - truth.received - held, lost, truth.sent - truth.received],
    ...(isAcknowledged ? [['acked', leastAcked, acked, truth.acked] as const] : []),
    [
      'devices connected',
      truth.devicesConnected - devices.unknown - truth.connectsGivenUp!,
      devices.connected,
      truth.devicesConnected,
    ],
  ];
  return claims.flatMap(([what, least, stated, most]) =>
    least <= stated && stated <= most ? [] : [`${what}: ${stated}, and the record has ${least} to ${most}`],
  );
}
