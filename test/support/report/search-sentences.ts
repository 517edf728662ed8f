import type { Report } from '../../../src/report/report-model.ts';
import { all, count, isAbout, millisecondsIn, numberIn, type Rule } from './rule.ts';
import type { Check } from './truth.ts';

const level = `${count}(?:/s| users?| devices?| connects/s)`;
const isSearch: Check = (_, __, { search }) => search !== undefined;

function stepsAt({ search }: Report, stated: string | undefined) {
  return search?.steps.filter((step) => step.level === numberIn(stated)) ?? [];
}

/** Of holds that said something, at least half passed, and no lower level failed. */
const isHeld =
  (group: number): Check =>
  (match, _, report) => {
    const steps = stepsAt(report, match[group]);
    const passed = steps.filter(({ outcome }) => outcome === 'passed').length;
    const lowerFailed = report.search?.steps.some(
      (step) => step.outcome === 'failed' && step.level < numberIn(match[group]),
    );
    return passed > 0 && passed >= steps.filter(({ outcome }) => outcome === 'failed').length && !lowerFailed;
  };

/** Failed holds of the level broke what is named, and no more. */
const isBroken =
  (group: number): Check =>
  (match, _, report) => {
    const named = match[group + 1] ?? '';
    const broke = stepsAt(report, match[group]).flatMap((step) => step.broke);
    return (
      broke.length > 0 && broke.every(({ metric, expression }) => named.includes(`${metric} ${expression}`))
    );
  };

const isPlanned: Check = ([, stated], _, { search }) =>
  stated === undefined
    ? search?.settings.planned === undefined
    : search?.settings.planned === numberIn(stated);

const plan = `(?:You plan ${level}; it|It)`;
const step = '(\\d+)(?: \\(as (\\d+)\\))?';

/** Under the headings of the table, what became of the messages of a hold. */
const isTrueHold: Check = ([, number, repeats, at, perSecond, lost, p99, outcome], _, report) => {
  const hold = report.search?.steps[Number(number)];
  if (hold === undefined) return false;
  const { figures } = hold;
  const { connects } = figures;
  const seconds = (hold.holdUntil - hold.holdFrom) / 1_000;
  const isObserved = Object.keys(report.observers).length > 0;
  const known = figures.latencyMs[connects === undefined ? 'end_to_end_latency' : 'connect'];
  const got = connects?.granted ?? (isObserved ? figures.received : figures.acked);
  return (
    hold.outcome === outcome &&
    hold.level === numberIn(at) &&
    hold.repeats === (repeats === undefined ? undefined : Number(repeats)) &&
    isAbout(numberIn(perSecond), connects === undefined && isObserved ? figures.perSecond : got / seconds) &&
    numberIn(lost) === (connects?.failed ?? (isObserved ? figures.lost : figures.failed)) &&
    (p99 === '–' ? known === undefined : isAbout(numberIn(p99), known?.p99 ?? -1))
  );
};

const cells = ['([\\d.,]+)', '([\\d,]+)', '([\\d.,]+|–)', '(passed|failed|void)'];
const caption = 'The holds of the search, in the order of time';

const point = `[\\d,]+(?:/s| users?| devices?| connects/s): [\\d.,<]+ (?:m?s|%) \\((?:passed|failed|void)\\)`;

/** A plot's description: each hold with its p99, or with the share of its messages that was lost. */
const arePoints: Check = ([sentence = ''], _, { search, observers }) =>
  [
    ...sentence.matchAll(/([\d,]+)(?:\/s| users?| devices?| connects\/s): ([\d.,<]+ (m?s|%)) \((\w+)\)/g),
  ].every(([, at, value, unit, outcome]) =>
    search?.steps.some(({ level: held, outcome: real, figures }) => {
      const { lost, failed, sent, latencyMs, connects } = figures;
      const percent =
        connects === undefined
          ? (100 * (Object.keys(observers).length > 0 ? lost : failed)) / sent
          : (100 * connects.failed) / (connects.failed + connects.granted);
      const p99 = (connects === undefined ? latencyMs.end_to_end_latency : latencyMs.connect)?.p99;
      const isTrue =
        unit === '%'
          ? Math.abs(numberIn(value?.split(' ')[0]) - percent) <= 0.51
          : isAbout(millisecondsIn(value), p99 ?? -1);
      return held === numberIn(at) && real === outcome && isTrue;
    }),
  );

/** What reports state of a search. */
export const searchRules: readonly Rule[] = [
  [
    new RegExp(`^${plan} holds ${level}, and ${level} breaks? (.*)\\.$`),
    all(isPlanned, isHeld(2), isBroken(3)),
  ],
  [
    new RegExp(`^${plan} holds ${level}, the highest level of the search\\.$`),
    all(isPlanned, isHeld(2), ([, , held], _, { search }) => search?.settings.to === numberIn(held)),
  ],
  [
    new RegExp(`^${plan} does not hold ${level}, the lowest level of the search: ${level} breaks? (.*)\\.$`),
    all(isPlanned, isBroken(3), ([, , held], _, { search }) => search?.settings.from === numberIn(held)),
  ],
  [
    new RegExp(
      `^The search ended without an answer, because (.*); so far, (?:it holds ${level}|no level passed), and (?:${level} breaks? (.*)|no level failed)\\.$`,
    ),
    (match, truth, report) =>
      (match[2] === undefined
        ? !report.search?.steps.some(({ outcome }) => outcome === 'passed')
        : isHeld(2)(match, truth, report)) &&
      (match[3] === undefined
        ? !report.search?.steps.some(({ outcome }) => outcome === 'failed')
        : isBroken(3)(match, truth, report)),
  ],
  [
    new RegExp(
      `^The complete record of the run contradicts the answer that its search had; by the record, (?:it holds ${level}|no level passed), and (?:${level} breaks (.*)|no level failed)\\.$`,
    ),
    (match, truth, report) =>
      report.search?.answer.ended === 'contradicted' &&
      (match[1] === undefined || isHeld(1)(match, truth, report)) &&
      (match[2] === undefined || isBroken(2)(match, truth, report)),
  ],
  [
    new RegExp(
      `^${level} (passed|failed) ${count} of ${count} holds?(?:; ${level} failed ${count} of ${count} holds?)?\\.$`,
    ),
    ([, first, outcome, some, of, second, failed, ofFailing], _, report) =>
      [
        [first, outcome, some, of],
        [second, 'failed', failed, ofFailing],
      ].every(([at, as, part, whole]) => {
        if (at === undefined) return true;
        const counted = stepsAt(report, at).filter((each) => each.outcome !== 'void');
        const such = counted.filter((each) => each.outcome === as);
        return counted.length === numberIn(whole) && such.length === numberIn(part);
      }),
  ],
  [
    /^Step (\d+) broke (.*)\.$/,
    ([, number, what = ''], _, { search }) => {
      const broke = search?.steps[Number(number)]?.broke ?? [];
      return broke.length > 0 && broke.every(({ metric }) => what.includes(metric));
    },
  ],
  [
    /^Step (\d+) is void: (.*)$/,
    ([, number, why], _, { search }) =>
      search?.steps[Number(number)]?.voidBecause?.map(({ sentence }) => sentence).join(' ') === why,
  ],
  [
    /^Step (\d+) was (\w+) when the search went on; by the complete record it is (\w+)\.$/,
    ([, number, before, after], _, { search }) => {
      const hold = search?.steps[Number(number)];
      return hold?.seen === before && hold?.outcome === after && before !== after;
    },
  ],
  [/^The search needs /, (_, __, { search, objective }) => (search ?? objective)?.answer.ended === 'void'],
  [
    /^The search ended: its next level was refused: .*\.$/,
    (_, __, { search, objective }) => (search ?? objective)?.answer.ended === 'refused',
  ],
  [
    /^p99 is that of (\S+), of the (?:messages due|connects) in the hold\.$/,
    ([, name = ''], _, { search }) => search?.steps.some(({ figures }) => name in figures.latencyMs) === true,
  ],
  [
    /^figcaption: (?:p99 of \S+|Lost|Failed) by level$/,
    (_, __, { search }) => new Set(search?.steps.map((each) => each.level)).size > 1,
  ],
  [new RegExp(`^${point}(?:, ${point})*\\.$`), arePoints],
  [/^search level (?:received\/s lost|(?:acked|connects)\/s failed) p99, ms outcome$/, isSearch],
  [new RegExp(`^caption: ${caption}$`), isSearch],
  [new RegExp(`^step ${step} ${level} ${cells.join(' ')}$`), isTrueHold],
  [
    new RegExp(
      `^row of ${caption} \\| step: ${step} \\| level: ${level} \\| (?:received|acked|connects)/s: ${cells[0]} \\| (?:lost|failed): ${cells[1]} \\| p99, ms: ${cells[2]} \\| outcome: ${cells[3]}$`,
    ),
    isTrueHold,
  ],
];
