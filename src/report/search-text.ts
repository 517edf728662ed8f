import { endings } from '../plan/search/describe-end.ts';
import { formatLevel, levelThat } from '../plan/search/format-level.ts';
import type { BrokenObjective, HoldFigures, JudgedHold } from '../plan/search/judged-hold.ts';
import type { SearchEnd } from '../plan/search/search-answer.ts';
import { formatCount, formatMs, formatPlural, formatRate, formatValue, joinWords } from '../shared/format.ts';
import { hasArrivals } from './ledger-equations.ts';
import type { Report } from './report-model.ts';
import type { SearchReport, SearchStepReport } from './search-report.ts';

/** What a search found, and its holds: one table, for the page and the terminal. */
export interface SearchTable {
  /** A sentence. */
  readonly answer: string;
  readonly caption: string;
  /** Of all columns; the first one names the rows. */
  readonly headings: readonly string[];
  /** A row for each of `search.steps`, a cell for each column. */
  readonly rows: readonly (readonly string[])[];
  /** What to know beside the table, a sentence each. */
  readonly notes: readonly string[];
}

/** Undefined: the run did not search. */
export function searchTableOf(report: Report): SearchTable | undefined {
  const { search } = report;
  if (search === undefined) return undefined;
  const { of } = search.settings;
  const { headings, cellsOf } = columnsOf(report);
  const latency = shownLatencyOf(search);
  return {
    answer: describeAnswer(search),
    caption: 'The holds of the search, in the order of time',
    headings: ['step', 'level', ...headings, 'p99, ms', 'outcome'],
    rows: search.steps.map((step) => {
      const p99 = latency === undefined ? undefined : step.figures.latencyMs[latency]?.p99;
      return [
        step.repeats === undefined ? `${step.step}` : `${step.step} (as ${step.repeats})`,
        formatLevel(of, step.level),
        ...cellsOf(step),
        p99 === undefined ? '–' : formatMs(p99),
        step.outcome,
      ];
    }),
    notes: [
      ...describeConfidence(search),
      ...describeNeeds(report, search.answer),
      ...search.steps.flatMap(describeStep),
      ...(latency === undefined
        ? []
        : [
            `p99 is that of ${latency}, of the ${of === 'connects' ? 'connects' : 'messages due'} in the hold.`,
          ]),
    ],
  };
}

/** What the service holds and what breaks it, or why that is not known; a sentence. */
export function describeAnswer(search: SearchReport): string {
  const { settings, answer } = search;
  const { of, from, planned } = settings;
  const { ended, holds } = answer;
  if (ended === 'contradicted')
    return `The complete record of the run contradicts the answer that its search had; by the record, ${describeKnown(search)}.`;
  if (!isKnown[ended])
    return `The search ended without an answer, because ${endings[ended]}; so far, ${describeKnown(search)}.`;
  const held = holds === null ? '' : formatLevel(of, holds);
  const found: Readonly<Record<KnownEnd, () => string>> = {
    found: () => describeKnown(search),
    'all-passed': () => `it holds ${held}, the highest level of the search`,
    'none-passed': () =>
      `it does not hold ${formatLevel(of, from)}, the lowest level of the search: ${describeBreak(search, from)}`,
  };
  const sentence = `${found[ended as KnownEnd]()}.`;
  return planned === undefined
    ? `I${sentence.slice(1)}`
    : `You plan ${formatLevel(of, planned)}; ${sentence}`;
}

type KnownEnd = 'found' | 'all-passed' | 'none-passed';
const isKnown: Readonly<Record<SearchEnd, boolean>> = {
  found: true,
  'all-passed': true,
  'none-passed': true,
  void: false,
  stopped: false,
  'out-of-time': false,
  refused: false,
  contradicted: false,
};

/** `it holds 3,012/s, and 3,163/s breaks end_to_end_latency p(99)<500 (quota publishInPerSecond)` */
function describeKnown(search: SearchReport): string {
  const { settings, answer } = search;
  const { holds, breaks } = answer;
  const held = holds === null ? 'no level passed' : `it holds ${formatLevel(settings.of, holds)}`;
  return `${held}, and ${breaks === null ? 'no level failed' : describeBreak(search, breaks)}`;
}

/** All that the failed holds of a level broke. */
function describeBreak({ settings, steps }: SearchReport, level: number): string {
  const broken = steps
    .flatMap((step) => (step.level === level ? step.broke : []))
    .map((each) => nameOf(each));
  if (broken.length === 0) return levelThat(settings.of, level, 'fails');
  return `${levelThat(settings.of, level, 'breaks')} ${joinWords([...new Set(broken)])}`;
}

/** `end_to_end_latency p(99)<500 with 812.4 (quota publishInPerSecond)` @param value absent: is not shown */
function nameOf({ metric, expression, quota }: BrokenObjective, value = ''): string {
  return `${metric} ${expression}${value}${quota === undefined ? '' : ` (quota ${quota})`}`;
}

/** How often holds of the two levels had the outcome that counts. */
function describeConfidence({ settings, answer }: SearchReport): string[] {
  const { passedHolds, ofHolds, failedHolds, ofFailing } = answer.confidence;
  const share = (level: number | null, outcome: string, count: number, of: number) =>
    level === null
      ? []
      : [
          `${formatLevel(settings.of, level)} ${outcome} ${formatCount(count)} of ${formatPlural(of, 'hold')}`,
        ];
  const shares = [
    ...share(answer.holds, 'passed', passedHolds, ofHolds),
    ...share(answer.breaks, 'failed', failedHolds, ofFailing),
  ];
  return shares.length === 0 ? [] : [`${shares.join('; ')}.`];
}

/** What it would take to know more. */
export function describeNeeds(
  { stop }: Report,
  { ended, needs }: Pick<SearchReport['answer'], 'ended' | 'needs'>,
): string[] {
  // The refusal is in the request that ended the run.
  if (ended === 'refused' && stop !== undefined)
    return [`${stop.reason.replace(/^the/, 'The').replace(/\.$/, '')}.`];
  return needs === undefined ? [] : [needs];
}

function describeStep({ step, outcome, broke, voidBecause = [], seen }: SearchStepReport): string[] {
  const values = broke.map((each) =>
    nameOf(each, each.actual === null ? '' : ` with ${formatValue(each.actual)}`),
  );
  return [
    ...(values.length === 0 ? [] : [`Step ${step} broke ${joinWords(values)}.`]),
    ...(voidBecause.length === 0
      ? []
      : [`Step ${step} is void: ${voidBecause.map(({ sentence }) => sentence).join(' ')}`]),
    ...(seen === undefined
      ? []
      : [`Step ${step} was ${seen} when the search went on; by the complete record it is ${outcome}.`]),
  ];
}

interface Columns {
  readonly headings: readonly string[];
  cellsOf(step: SearchStepReport): string[];
}

/** Where nothing observes arrivals, acknowledgements stand for them. */
function columnsOf(report: Report): Columns {
  if (report.search?.settings.of === 'connects')
    return {
      headings: ['connects/s', 'failed'],
      cellsOf({ figures: { connects }, holdFrom, holdUntil }) {
        const { granted = 0, failed = 0 } = connects ?? {};
        return [formatRate((granted * 1_000) / (holdUntil - holdFrom)), formatCount(failed)];
      },
    };
  if (hasArrivals(report))
    return {
      headings: ['received/s', 'lost'],
      cellsOf: ({ figures }) => [formatRate(figures.perSecond), formatCount(figures.lost)],
    };
  return {
    headings: ['acked/s', 'failed'],
    cellsOf: ({ figures, holdFrom, holdUntil }) => [
      formatRate((figures.acked * 1_000) / (holdUntil - holdFrom)),
      formatCount(figures.failed),
    ],
  };
}

const latencies: readonly (keyof HoldFigures['latencyMs'])[] = [
  'end_to_end_latency',
  'response_time',
  'puback_round_trip',
  'pubcomp_round_trip',
];

/** Of what a search of connects judges. */
const latenciesOfConnects: typeof latencies = ['connect', 'reconnect'];

/** The latency that most thresholds are about, of those that some hold has. */
export function shownLatencyOf({ steps }: { readonly steps: readonly JudgedHold[] }): string | undefined {
  const names = steps.some(({ figures }) => figures.connects !== undefined) ? latenciesOfConnects : latencies;
  return names.find((name) => steps.some(({ figures }) => figures.latencyMs[name] !== undefined));
}
