import type { GroupReport, KindReport } from '../../../src/report/group-reports.ts';
import type { Report } from '../../../src/report/report-model.ts';
import { numberIn, type Rule } from './rule.ts';
import type { Check, Truth } from './truth.ts';

/** A group or a kind of message by the label of its plot. */
function partOf({ groups = [], kinds = [] }: Report, label: string): GroupReport | KindReport | undefined {
  const [group, kind] = label.split(' / ');
  const own = groups.find((each) => each.group === group);
  if (own === undefined) return kinds.find((each) => each.kind === label);
  return kind === undefined ? own : own.kinds?.find((each) => each.kind === kind);
}

/** A busiest second has no more than all messages, and no less than the mean of those that were recorded. */
function areRates(
  label: string,
  rates: readonly (string | undefined)[],
  report: Report,
  { slicesKilled }: Truth,
): boolean {
  const part = partOf(report, label);
  if (part?.overTime === undefined) return false;
  const { intended, sent, arrivals } = part.messages;
  const seconds = part.overTime.sent.length * part.overTime.secondsPerStep;
  const isObserved = !('endsWithAnswer' in part);
  return rates.every((text, i) => {
    if (text === undefined || text === '–') return i === 2 && !isObserved;
    const [stated, all] = [numberIn(text.replace('/s', '')), [intended, sent, arrivals][i]!];
    const least = slicesKilled > 0 && i < 2 ? 0 : all / seconds;
    return stated <= all && stated >= least * 0.94 - 0.06;
  });
}

/** The slowest step is within what was measured of the part. */
function areLatencies(label: string, [p50, p99]: readonly (string | undefined)[], report: Report): boolean {
  const measured = partOf(report, label)?.latencyMs.end_to_end_latency;
  if (measured === undefined) return false;
  const isWithin = (ms: number, least: number) => ms >= least * 0.98 - 0.1 && ms <= measured.max * 1.02 + 0.1;
  return isWithin(numberIn(p50), measured.p50) && isWithin(numberIn(p99), measured.p99);
}

const rate = '([\\d.,]+/s)';
const ofRates = `at most ${rate} (?:intended|started|due), ${rate} sent(?:, ${rate} arrived)?\\.`;
const ofLatencies = 'p50 up to ([\\d.,]+) ms, p99 up to ([\\d.,]+) ms\\.';

/** One sentence of each part, with its label first. */
function ofEach(sentence: string, isTrue: typeof areRates): Rule {
  const parts = (text: string) => [...text.matchAll(new RegExp(`(\\S+(?: / \\S+)?): ${sentence}`, 'g'))];
  const check: Check = ([text = ''], truth, report) =>
    parts(text).every(([, label = '', ...figures]) => isTrue(label, figures, report, truth));
  return [new RegExp(`^(?:\\S+(?: / \\S+)?: ${sentence} ?)+$`), check];
}

const hasParts: Check = (_, __, { groups = [], kinds = [] }) => groups.length + kinds.length > 0;

/** What the plots of device groups and kinds of message state. */
export const partRules: readonly Rule[] = [
  ofEach(ofRates, areRates),
  ofEach(ofLatencies, areLatencies),
  [
    /^(?:figcaption|title): (?:Messages a second by group and kind|end_to_end_latency by group and kind \(intended → arrival\))$/,
    hasParts,
  ],
  [/^caption: The (?:busiest step of each, messages a second|slowest step of each, milliseconds)$/, hasParts],
  [
    /^title: ((?:disconnect|failover|network|rate|faults|stop)\b.*)$/,
    ([, label], _, { actions = [] }) => actions.some((action) => action.label === label),
  ],
  [
    // A stop may come before devices begin to connect.
    /^(-?)(\d+):(\d\d) ((?:disconnect|failover|network|rate|faults|stop)\b.*)$/,
    ([, sign, minutes, seconds, label], _, { actions = [], timeline }) =>
      actions.some((action) => {
        const afterMs = action.at - timeline.startAt;
        return (
          action.label === label &&
          Math.floor(Math.abs(afterMs) / 1_000) === Number(minutes) * 60 + Number(seconds) &&
          (sign === '-') === afterMs <= -1_000
        );
      }),
  ],
  [/^summary: As a table: (?:Messages a second|end_to_end_latency) by group and kind.*$/, hasParts],
  [
    /^row of The busiest step of each, .*Group or kind: (.*) \| (?:intended|started|due): (.*) \| sent: (.*) \| arrived: (.*)$/,
    ([, label = '', ...rates], truth, report) => areRates(label, rates, report, truth),
  ],
  [
    /^row of The slowest step of each, .*Group or kind: (.*) \| p50: (.*) \| p99: (.*)$/,
    ([, label = '', ...latencies], _, report) => areLatencies(label, latencies, report),
  ],
];
