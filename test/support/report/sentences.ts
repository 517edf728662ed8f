import type { Report } from '../../../src/report/report-model.ts';
import { generatorRules } from './generator-sentences.ts';
import type { Check, Truth } from './true-run.ts';

/** Every sentence of a page: paragraphs, list items and what stands beside CloudWatch's sums, as people read them. */
export function sentencesOfPage(html: string): string[] {
  const page = html.replace(/<ul class="legend">[\s\S]*?<\/ul>/g, '');
  const blocks = [...page.matchAll(/<(p|li)(?: [^>]*)?>([\s\S]*?)<\/\1>/g)].map(([, , text = '']) => text);
  const sums = [
    ...page.matchAll(
      /<th scope="row" class="text">([^<]*)<\/th><td class="number">([^<]*)<\/td><td class="text">(= [^<]*)<\/td>/g,
    ),
  ];
  // Labels of a legend or a scale say nothing.
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

const number = (text = '') => Number(text.replaceAll(',', ''));
const count = '(-?[\\d,]+)';
const always: Check = () => true;

/** `5,700 intended = 4,987 sent + 713 dropped`: adds up, and nothing that is said to be is not so. */
const isTrueEquation: Check = ([line = ''], truth, { slices }) => {
  const [left = '', right = ''] = line.split(' = ');
  const termOf = (text: string) => {
    const [, amount = '', name = ''] = /^([\d,]+) (.*)$/.exec(text.trim()) ?? [];
    return [name, number(amount)] as const;
  };
  const [total, sum] = termOf(left);
  const parts = right.split(' + ').map(termOf);
  const of = Object.fromEntries([[total, sum], ...parts]);
  const unknown = of['not known'] ?? 0;
  const between = (name: string, real: number) =>
    of[name] === undefined || (of[name] <= real && real <= of[name] + unknown);
  return (
    parts.reduce((all, [, amount]) => all + amount, 0) === sum &&
    (unknown === 0 || slices.died > 0) &&
    (total !== 'intended' || (sum === truth.intended && between('sent', truth.sent))) &&
    (total !== 'intended' || between('dropped', truth.intended - truth.sent)) &&
    between('acked', truth.acked) &&
    (of.received === undefined || of.received === truth.received) &&
    (of.duplicates === undefined || of.duplicates === truth.duplicates) &&
    (of.lost === undefined || of.lost <= truth.sent - truth.received)
  );
};

/** CloudWatch's sum = a count of the run's + what explains the rest, none of it more than it was. */
const isTrueSum: Check = ([line = ''], truth, report) => {
  const [left = '', right = ''] = line.split(' = ');
  const terms = right.split(/ (?=[+−] [\d,]+ )/);
  const termOf = (text: string) => {
    const [, sign = '', amount = ''] = /^([+−]? ?)([\d,]+) /.exec(`${text} `) ?? [];
    return (sign.startsWith('−') ? -1 : 1) * number(amount);
  };
  const sum = number(/([\d,]+)$/.exec(left)?.[1]);
  const adds = terms.reduce((all, term) => all + termOf(term), 0) === sum;
  const soMany = (pattern: RegExp) => {
    const found = pattern.exec(line);
    return found === null ? null : number(found[1]);
  };
  const arrived = soMany(/\+ ([\d,]+) that arrived and were not acknowledged in time/);
  const pool = soMany(/that may be among (?:the other )?([\d,]+) publishes? without an acknowledgement/);
  const unknown = soMany(/[+−] ([\d,]+) that may be \w+ which slices that died had/);
  const isHttps = report.protocol === 'https';
  return (
    adds &&
    !line.includes('unexplained') &&
    !(isHttps && line.includes('PUBACK')) &&
    (arrived === null || arrived <= truth.arrivedUnacked) &&
    (pool === null || pool <= truth.sent - truth.acked) &&
    (unknown === null || truth.slicesKilled > 0)
  );
};

const unknownMessages: Check = ([, stated], truth, { messages }) =>
  number(stated) === messages.sendUnknown &&
  messages.sent <= truth.sent &&
  truth.sent <= messages.sent + messages.sendUnknown;

const refusedBy = ({ refusals }: Report['throttling'], metric: string | undefined): number =>
  refusals.filter((each) => each.metric === metric).reduce((sum, each) => sum + each.count, 0);

const rules: readonly (readonly [pattern: RegExp, check: Check])[] = [
  [/^(✓ passed|✗ failed|■ aborted|\? inconclusive|◐ inconclusive|.{1,2}inconclusive)$/, always],
  [/^true-\S+$|^fixture-\S+$/, always],
  [
    /^(MQTT, client \w+|HTTPS), QoS [01]; .* slices: (.*); \d{4}.* UTC to .* UTC$/,
    ([, , stated = ''], { slicesKilled }) =>
      slicesKilled === 0 || / (died|without an end)/.test(` ${stated}`),
  ],
  [/^MQTT|^HTTPS/, always],
  [/^[\d,]+ (intended|sent|arrivals) = .*$/, isTrueEquation],
  [/^CloudWatch \S+ [\d,]+ = .*$/, isTrueSum],
  [
    new RegExp(`^${count} slices? left no record: of (?:it|them) only arrivals are known`),
    ([, stated], truth) => number(stated) <= truth.slicesKilled,
  ],
  [
    /^1 slice that died is known up to its last record, .* (after|before) publishing began:/,
    (_, truth) => truth.slicesKilled >= 1,
  ],
  [
    /^A slice’s clock may be ([\d.]+) ms behind its machine’s, whose processors were busy when it was set: these three may read as much too high\.$/,
    ([, stated], _, { generator: { clockBracketMs = null } }) =>
      clockBracketMs !== null &&
      clockBracketMs > 0.05 &&
      Math.abs(Number(stated) - clockBracketMs) <= 0.01 * clockBracketMs,
  ],
  [/slices that died are known up to their last records,/, (_, truth) => truth.slicesKilled >= 2],
  [
    new RegExp(`^Whether ${count} devices? of them connected is not known\\.$`),
    ([, stated], { devicesConnected }, { devices }) =>
      number(stated) === devices.unknown && devicesConnected <= devices.connected + devices.unknown,
  ],
  [
    new RegExp(`^Whether ${count} messages? of them left is not known; none of those arrived\\.$`),
    unknownMessages,
  ],
  [
    new RegExp(`^What was answered to ${count} messages? of them is not known\\.$`),
    ([, stated], { acked }, { messages }) =>
      number(stated) === messages.ackUnknown &&
      messages.acked <= acked &&
      acked <= messages.acked + messages.ackUnknown + messages.sendUnknown,
  ],
  [
    new RegExp(`^Threshold (lost|dropped)_messages count==0 failed: it is ${count}\\.$`),
    ([, what, stated], truth, { slices }) =>
      slices.died === 0 &&
      number(stated) === (what === 'lost' ? truth.sent - truth.received : truth.intended - truth.sent),
  ],
  [
    new RegExp(
      `^Threshold (lost|dropped)_messages count==0 (?:failed|is not proven): it is not known, and lies between ${count} and ${count}\\.$`,
    ),
    ([, what, least, most], truth) => {
      const real = what === 'lost' ? truth.sent - truth.received : truth.intended - truth.sent;
      return number(least) <= real && real <= number(most);
    },
  ],
  [/^Threshold \w+ rate<0\.01 (failed|is not proven): it is .*\.$/, always],
  [
    /^Of \d+ slices, (\d+) died .*; the profile tolerates/,
    ([, stated], truth) => number(stated) === truth.slicesKilled,
  ],
  [
    /^The run ended before its time(?: \(\d of \d slices\))?: stopped by the user\.$/,
    (_, __, { stop }) => stop !== undefined,
  ],
  [
    /^Stop requested at .* UTC; the last publish (was before that|was sent .* later)\.$/,
    (_, __, { stop }) => stop !== undefined,
  ],
  [
    /^The execution was stopped by StopExecution/,
    (_, __, { execution, verdict }) => execution !== undefined && verdict === 'aborted',
  ],
  [
    new RegExp(`^${count} of \\d+ slices had not stored an end when this report was made`),
    ([, stated], truth) => number(stated) === truth.slicesKilled,
  ],
  [
    /^– is not judged: the run was stopped before it could meet it\.$/,
    (_, __, { stop, execution }) => stop !== undefined || execution !== undefined,
  ],
  [
    /^\? is not proven, which counts as failed: the figure depends on what is not known of slices that died/,
    (_, truth) => truth.slicesKilled > 0,
  ],
  ...generatorRules,
  [
    / is nearest to its limit, with .* headroom; nothing was refused for a quota\.$/,
    (_, truth) => truth.throttled === 0,
  ],
  [
    / is nearest to its limit, with .* headroom; CloudWatch has no data yet of what was refused\.$/,
    (_, __, { cloudwatch }) => Object.keys(cloudwatch).length === 0,
  ],
  [
    new RegExp(`^.* bound: ${count} refused \\(PublishIn\\.Throttle\\)\\.$`),
    ([, stated], truth) => number(stated) === truth.throttled,
  ],
  [
    new RegExp(`^${count} throttled: ${count} answered so, ${count} not answered, by CloudWatch’s count\\.$`),
    ([, all, answered, unanswered], truth) =>
      number(all) === number(answered) + number(unanswered) && number(all) <= truth.throttled,
  ],
  [new RegExp(`^PublishIn\\.Throttle ${count}: `), ([, stated], truth) => number(stated) === truth.throttled],
  [
    new RegExp(
      `^publishes per second per connection bound: ${count} refused \\(Throttle\\.Exceeded\\)\\.$|^Throttle\\.Exceeded ${count}: publishes per second per connection\\.$`,
    ),
    ([, bound, metric], truth) => number(bound ?? metric) === truth.throttled,
  ],
  [
    new RegExp(
      `^rule evaluations per second bound: ${count} refused \\(RuleMessageThrottled\\)\\.$|^RuleMessageThrottled ${count}: rule evaluations per second\\.$`,
    ),
    ([, bound, metric], truth) => number(bound ?? metric) === truth.taken - truth.received,
  ],
  // Attempts, which no message stands for: as the service's own counts have them, which quotas.integration.ts holds.
  [
    new RegExp(
      `^(?:connects per second|concurrent connections) bound: ${count} refused \\(Connect\\.Throttle\\)\\.$`,
    ),
    ([, stated], _, { throttling }) => refusedBy(throttling, 'Connect.Throttle') === number(stated),
  ],
  [
    new RegExp(
      `^(Connect\\.Throttle|Connect\\.ClientIDThrottle) ${count}: (?:connects per second|concurrent connections|connects per second per client id)\\.$`,
    ),
    ([, metric, stated], _, { throttling }) => refusedBy(throttling, metric) === number(stated),
  ],
  [/^PublishOut is counted as planned, by the stricter reading/, always],
  [
    /^Limits marked so are AWS’s defaults of 2026-09 for us-east-1, not read from your account; most Regions are reported to allow 3,000 connects\/s\.$/,
    (_, _truth, report) => report.quotas.some(({ isLive }) => !isLive),
  ],
  [/^Mean [\d.,]+\/s, busiest second [\d,]+, throughput [\d.,]+\/s\.$/, always],
  [
    /^What slices printed before they ended is in the log of the function publish-(mqtt|http)\.$/,
    (_, truth) => truth.slicesKilled > 0,
  ],
  [
    /^(An estimate at|A rehearsal costs nothing: what the same run would have cost on AWS, at) list prices/,
    always,
  ],
  [/^[\d.]+ CPU seconds, |^memory |^start lag /, always],
  [/^end_to_end_latency, |^Over all slices these three read |^echo_latency is /, always],
  [/^(No message was due before the run ended|The profile has none)\.$/, always],
  [/^Beside them, [\d,]+ arrived more than once/, (_, truth) => truth.duplicates > 0],
  [/^The quota of .* lies above this plot/, always],
  [
    /^By slice\. /,
    ([sentence = ''], _, { startLagsMs }) => !sentence.includes('Every') || !startLagsMs.includes(null),
  ],
  [/^Made by Stampede\./, always],
  [
    /^A rehearsal on embedded AWS: what was loaded is an emulator on this machine, not AWS\.$/,
    (_, __, { conditions }) => conditions?.isRehearsal === true,
  ],
  // Which ones were injected, the run's own test knows.
  [/^Faults injected: /, (_, __, { conditions }) => (conditions?.faults?.events.length ?? 0) > 0],
  [
    new RegExp(
      `^${count} messages? came to measure-latency again: an invocation died or failed with (?:them|it)\\.$`,
    ),
    ([, again], { received }, { redelivered }) => number(again) === redelivered && redelivered <= received,
  ],
];

/** Sentences that no rule knows, and those whose rule finds them false; both empty of an honest report. */
export function falseSentences(sentences: readonly string[], truth: Truth, report: Report): string[] {
  return sentences.flatMap((sentence) => {
    const rule = rules.find(([pattern]) => pattern.test(sentence));
    if (rule === undefined) return [`unknown: ${sentence}`];
    const [pattern, check] = rule;
    return check([...pattern.exec(sentence)!], truth, report) ? [] : [`false: ${sentence}`];
  });
}
