import type { Report } from '../../../src/report/report-model.ts';
import { actionRules } from './action-sentences.ts';
import { catchUpRules } from './catch-up-sentences.ts';
import { downlinkRules } from './downlink-sentences.ts';
import { driftRules } from './drift-sentences.ts';
import { figureRules } from './figure-sentences.ts';
import { generatorRules } from './generator-sentences.ts';
import { ledgerRules } from './ledger-sentences.ts';
import { networkRules } from './network-sentences.ts';
import { objectiveRules } from './objective-sentences.ts';
import { partRules } from './part-sentences.ts';
import { plotRules } from './plot-sentences.ts';
import { presenceRules } from './presence-sentences.ts';
import { quotaRules } from './quota-sentences.ts';
import { regionRules } from './region-sentences.ts';
import { requestRules } from './request-sentences.ts';
import { rowRules } from './row-sentences.ts';
import type { Rule } from './rule.ts';
import { searchRules } from './search-sentences.ts';
import { stormRules } from './storm-sentences.ts';
import { subscriberRules } from './subscriber-sentences.ts';
import { claimsOfPage, claimsOfTerminal, plainTextOf } from './table-claims.ts';
import type { Truth } from './truth.ts';
import { verdictRules } from './verdict-sentences.ts';

/** Every sentence of a page: paragraphs, list items, descriptions of plots and what stands beside CloudWatch's sums, as people read them; then its captions, tiles and rows of tables. */
export function sentencesOfPage(html: string): string[] {
  const page = html.replace(/<ul class="legend">[\s\S]*?<\/ul>/g, '');
  const blocks = [...page.matchAll(/<(p|li|desc)(?: [^>]*)?>([\s\S]*?)<\/\1>/g)].map(
    ([, , text = '']) => text,
  );
  const sums = [
    ...page.matchAll(
      /<th scope="row" class="text">([^<]*)<\/th><td class="number">([^<]*)<\/td><td class="text">(= [^<]*)<\/td>/g,
    ),
  ];
  // The verdict's mark, a run's id and labels of a scale say nothing that would not stand in a sentence as well.
  const sentences = blocks.filter((text) => /\S+(?: \S+){2}/.test(plainTextOf(text)));
  const equations = sums.map(([, metric, sum, text]) => `CloudWatch ${metric} ${sum} ${text}`);
  return [...[...sentences, ...equations].map(plainTextOf), ...claimsOfPage(page)];
}

const rules: readonly Rule[] = [
  ...searchRules,
  ...objectiveRules,
  ...requestRules,
  ...stormRules,
  ...downlinkRules,
  ...catchUpRules,
  ...presenceRules,
  ...driftRules,
  ...regionRules,
  ...actionRules,
  ...networkRules,
  ...ledgerRules,
  ...subscriberRules,
  ...verdictRules,
  ...generatorRules,
  ...quotaRules,
  ...figureRules,
  ...plotRules,
  ...partRules,
  ...rowRules,
];

/** Everything a terminal summary of 100 columns states; lines that are sentences end as the page's do. */
export function sentencesOfTerminal(summary: string): string[] {
  const known = (text: string) => rules.some(([pattern]) => pattern.test(text));
  const marked = (claim: string) => claim.replace(/^\* AWS/, 'Limits marked so are AWS');
  return claimsOfTerminal(summary, (claim) => known(marked(claim))).map((claim) => {
    const plain = marked(claim);
    const capital = `${plain[0]!.toUpperCase()}${plain.slice(1)}.`;
    return [plain, `${plain}.`, capital].find(known) ?? claim;
  });
}

/** Sentences without a rule, and sentences that are false by their rule; a correct report has neither. */
export function falseSentences(sentences: readonly string[], truth: Truth, report: Report): string[] {
  return sentences.flatMap((sentence) => {
    const rule = rules.find(([pattern]) => pattern.test(sentence));
    if (rule === undefined) return [`unknown: ${sentence}`];
    const [pattern, check] = rule;
    const [, ...groups] = pattern.exec(sentence)!;
    return check([sentence, ...groups], truth, report) ? [] : [`false: ${sentence}`];
  });
}
