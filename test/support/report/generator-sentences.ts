import type { Check } from './true-run.ts';

const number = (text = '') => Number(text.replaceAll(',', ''));

/** Messages that were never sent, summed over the reasons a sentence gives, are those that no one sent, but for a stop's. */
const namesAllUnsent: Check = ([sentence = ''], truth, { stop, messages }) => {
  const named = [...sentence.matchAll(/([\d,]+) messages? (?:was|were) never sent/g)];
  const sum = named.reduce((all, [, count]) => all + number(count), 0);
  const unsent = truth.intended - truth.sent;
  return stop === undefined ? sum <= unsent && unsent <= sum + messages.sendUnknown : sum <= unsent;
};

/** Of a service that is not to blame for anything: no connect failed in the truth, so no sentence may say so. */
const blamesNoConnect: Check = ([sentence = ''], _, { causes }) =>
  !/connects failed|a quota refused/.test(sentence) || Object.keys(causes.connectFailed).length > 0;

const all =
  (...checks: readonly Check[]): Check =>
  (...given) =>
    checks.every((check) => check(...given));

/** Whether the generator was to blame, sentence by sentence. */
export const generatorRules: readonly (readonly [pattern: RegExp, check: Check])[] = [
  [
    /^The generator was the bottleneck \((.*?)\): .*\.$/,
    all(namesAllUnsent, blamesNoConnect, ([, signs = ''], truth) =>
      // What a true run does not simulate is a machine that is busy: only deaths are left.
      signs.includes('died') ? truth.slicesKilled > 0 : truth.isMachineReal === true,
    ),
  ],
  [
    /^The generator kept up: send lag p99 [\d.,]+ ms, (?:nothing dropped|nothing dropped but ([\d,]+) by the stop), /,
    ([, left = '0'], truth, { stop }) =>
      number(left) <= truth.intended - truth.sent && (stop !== undefined || truth.intended === truth.sent),
  ],
  [
    /^The generator was on time, with little to spare \(/,
    (_, truth, { stop }) => stop !== undefined || truth.intended === truth.sent,
  ],
  [/^The generator had time to spare .*, and yet .*/, all(namesAllUnsent, blamesNoConnect)],
  [/^The generator was strained \(.*\), and yet not the cause: .*/, all(namesAllUnsent, blamesNoConnect)],
  [/^The generator sent nothing: no message was due/, (_, { intended, sent }) => intended + sent === 0],
  [
    /^The generator sent nothing: the run ended before /,
    (_, { sent }, { stop }) => sent === 0 && stop !== undefined,
  ],
];
