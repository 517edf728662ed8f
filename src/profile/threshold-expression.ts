import { type Aggregation, aggregationsOf, type ThresholdMetric } from './threshold-metrics.ts';
import { checkSlope } from './threshold-slopes.ts';

export type ThresholdOperator = '<' | '<=' | '>' | '>=' | '==' | '===' | '!=';

/** `p(99)<500` → the 99th percentile, below, 500. */
export interface ThresholdExpression {
  readonly aggregation: Aggregation;
  /** Only with aggregation `p`: 0–100. */
  readonly percentile?: number;
  readonly operator: ThresholdOperator;
  /** With `isSlope`: percent an hour. */
  readonly value: number;
  /** `p(99).slope<1%/h`: it judges how the figure changes over the run. */
  readonly isSlope?: true;
}

/**
 * k6's grammar: an aggregation, an operator, a number; blanks are free. Ours beside it: the slope of an aggregation, in percent an hour.
 * @see https://grafana.com/docs/k6/latest/using-k6/thresholds/#threshold-syntax
 */
const grammar =
  /^\s*(?:p\(\s*(?<percentile>\d+(?:\.\d+)?)\s*\)|(?<word>[A-Za-z]+))(?<slope>\s*\.\s*slope)?\s*(?<operator><=|>=|<|>|===|==|!=)\s*(?<value>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*(?<unit>%\s*\/\s*h)?\s*$/;

/** The expression, or why it is not valid for this metric. */
export function parseThresholdExpression(
  text: string,
  metric: ThresholdMetric,
): ThresholdExpression | { readonly wrong: string; readonly hint: string } {
  const allowed = aggregationsOf[metric.kind];
  const spelled = allowed.map((name) => (name === 'p' ? 'p(N)' : name)).join(', ');
  const groups = grammar.exec(text)?.groups;
  if (groups === undefined) {
    return {
      wrong: `"${text}" is not a threshold`,
      hint: `write an aggregation (${spelled}), an operator (< <= > >= == === !=) and a number, such as "${exampleOf(metric)}"`,
    };
  }
  const operator = groups.operator as ThresholdOperator;
  const isSlope = groups.slope !== undefined;
  const ofSlope = checkSlope(text, groups, metric);
  if (ofSlope !== undefined) return ofSlope;
  const judged = { operator, value: Number(groups.value), ...(isSlope && { isSlope: true as const }) };
  if (groups.percentile !== undefined) {
    const percentile = Number(groups.percentile);
    if (!allowed.includes('p')) return notAllowed(`p(${percentile})`, spelled, metric);
    if (percentile > 100)
      return { wrong: `p(${percentile}) is no percentile`, hint: 'N of p(N) is between 0 and 100' };
    return { aggregation: 'p', percentile, ...judged };
  }
  const aggregation = allowed.find((name) => name === groups.word && name !== 'p');
  if (aggregation === undefined) return notAllowed(groups.word ?? '', spelled, metric);
  return { aggregation, ...judged };
}

/** Whether a measured value satisfies the expression. */
export function satisfies(expression: ThresholdExpression, actual: number): boolean {
  switch (expression.operator) {
    case '<':
      return actual < expression.value;
    case '<=':
      return actual <= expression.value;
    case '>':
      return actual > expression.value;
    case '>=':
      return actual >= expression.value;
    case '==':
    case '===':
      return actual === expression.value;
    case '!=':
      return actual !== expression.value;
  }
}

function notAllowed(used: string, spelled: string, metric: ThresholdMetric) {
  return {
    wrong: `"${used}" is not an aggregation of this metric (${metric.help})`,
    hint: `use one of ${spelled}, such as "${exampleOf(metric)}"`,
  };
}

function exampleOf(metric: ThresholdMetric): string {
  switch (metric.kind) {
    case 'latency':
      return 'p(99)<500';
    case 'throughput':
      return 'rate>=19000';
    case 'counter':
      return 'rate<0.001';
    case 'gauge':
      return 'value<100';
    case 'cloudwatch':
      return 'count==0';
  }
}
