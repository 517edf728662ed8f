import { isTrueEnding } from './network-sentences.ts';
import { all, numberIn, type Rule } from './rule.ts';
import type { Check } from './truth.ts';

/** Messages that were never sent, summed over the reasons a sentence gives, are those that no one sent, but for a stop's. */
const namesAllUnsent: Check = ([sentence = ''], truth, { stop, messages }) => {
  const named = [...sentence.matchAll(/([\d,]+) messages?(?: of [^:]+?)? (?:was|were) never sent/g)];
  const sum = named.reduce((all, [, count]) => all + numberIn(count), 0);
  const unsent = truth.intended - truth.sent;
  return stop === undefined ? sum <= unsent && unsent <= sum + messages.sendUnknown : sum <= unsent;
};

/** What is said of connects is what hindered them; on a real machine also what it says itself. */
const blamesConnectsRightly: Check = (
  [sentence = ''],
  { connectsHinderedBy = [], isMachineReal },
  { causes },
) => {
  const isNamed = (phrase: RegExp, who: (typeof connectsHinderedBy)[number]) =>
    !phrase.test(sentence) ||
    connectsHinderedBy.includes(who) ||
    (isMachineReal === true && Object.keys(causes.connectFailed).length > 0);
  return (
    isNamed(/this machine failed connects/, 'machine') &&
    isNamed(/a quota refused connects|connects? refused for a quota/, 'quota') &&
    isNamed(/connects failed at the endpoint/, 'endpoint') &&
    (!/no connect had failed/.test(sentence) || Object.keys(causes.connectFailed).length === 0)
  );
};

/** Groups whose messages a sentence blames on the injected network. */
const blamedOnNetwork =
  /messages? of ([^:]+?) (?:was|were) never sent: [^(]+\(the injected network (?:reset|ended|kept) /g;

/** What is said of the injected network is what it did, to the groups that had one. */
const blamesNetworkRightly: Check = ([sentence = ''], truth) =>
  [...sentence.matchAll(blamedOnNetwork)].every(([, names = '']) =>
    names.split(/, | and /).every((name) => truth.networks?.[name] !== undefined),
  ) &&
  (!/the injected network (?:reset|ended|kept) /.test(sentence) || isTrueEnding(sentence, truth)) &&
  (!/held up by the injected network/.test(sentence) || truth.networks !== undefined);

/** Whether the generator was to blame, sentence by sentence. */
export const generatorRules: readonly Rule[] = [
  [
    /^The generator was the bottleneck \((.*?)\): .*\.$/,
    all(namesAllUnsent, blamesConnectsRightly, blamesNetworkRightly, ([, signs = ''], truth) =>
      // What a true run does not simulate is a machine that is busy: only deaths are left.
      signs.includes('died')
        ? truth.slicesKilled > 0
        : truth.isMachineReal === true || truth.isGeneratorBusy === true,
    ),
  ],
  [
    /^The generator kept up: send lag p99 [\d.,]+ ms, (?:nothing dropped|nothing dropped but ([\d,]+) by the stop), /,
    ([, left = '0'], truth, { stop }) =>
      numberIn(left) <= truth.intended - truth.sent && (stop !== undefined || truth.intended === truth.sent),
  ],
  [
    /^The generator was on time, with little to spare \(/,
    (_, truth, { stop }) => stop !== undefined || truth.intended === truth.sent,
  ],
  [
    /^The generator had time to spare .*, and yet .*/,
    all(namesAllUnsent, blamesConnectsRightly, blamesNetworkRightly),
  ],
  [
    /^The generator was strained \(.*\), and yet not the cause: .*/,
    all(namesAllUnsent, blamesConnectsRightly, blamesNetworkRightly),
  ],
  [/^The generator sent nothing: no message was due/, (_, { intended, sent }) => intended + sent === 0],
  [
    /^The generator sent nothing: the run ended before /,
    (_, { sent }, { stop }) => sent === 0 && stop !== undefined,
  ],
];
