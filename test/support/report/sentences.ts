import type { Report } from '../../../src/report/report-model.ts';
import { figureRules } from './figure-sentences.ts';
import { generatorRules } from './generator-sentences.ts';
import { ledgerRules } from './ledger-sentences.ts';
import { plotRules } from './plot-sentences.ts';
import { quotaRules } from './quota-sentences.ts';
import type { Rule } from './rule.ts';
import type { Truth } from './truth.ts';
import { verdictRules } from './verdict-sentences.ts';

/** Every sentence of a page: paragraphs, list items, descriptions of plots and what stands beside CloudWatch's sums, as people read them. */
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
  const sentences = blocks.filter((text) => /\S+(?: \S+){2}/.test(plainText(text)));
  return [...sentences, ...sums.map(([, metric, sum, text]) => `CloudWatch ${metric} ${sum} ${text}`)].map(
    plainText,
  );
}

function plainText(markup: string): string {
  const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', amp: '&', '#39': "'" };
  return markup
    .replace(/<[^>]*>/g, '')
    .replace(/&(lt|gt|quot|amp|#39);/g, (_, name: string) => entities[name]!)
    .replace(/\s+/g, ' ')
    .trim();
}

const rules: readonly Rule[] = [
  ...ledgerRules,
  ...verdictRules,
  ...generatorRules,
  ...quotaRules,
  ...figureRules,
  ...plotRules,
];

/** Sentences that no rule knows, and those whose rule finds them false; both empty of an honest report. */
export function falseSentences(sentences: readonly string[], truth: Truth, report: Report): string[] {
  return sentences.flatMap((sentence) => {
    const rule = rules.find(([pattern]) => pattern.test(sentence));
    if (rule === undefined) return [`unknown: ${sentence}`];
    const [pattern, check] = rule;
    const [, ...groups] = pattern.exec(sentence)!;
    return check([sentence, ...groups], truth, report) ? [] : [`false: ${sentence}`];
  });
}
