import type { Report } from '../../../src/report/report-model.ts';
import { quotas } from '../../../src/targets/aws-iot/quotas.ts';
import { count, isAbout, never, numberIn, type Rule } from './rule.ts';
import type { Check } from './truth.ts';

const refusedBy = ({ refusals }: Report['throttling'], metric: string | undefined): number =>
  refusals.filter((each) => each.metric === metric).reduce((sum, each) => sum + each.count, 0);

/** Publishes of the run are known to the message; attempts (connects, subscribes, deliveries) as the service counts them. */
const isAsRefused: Check = ([, metric = '', stated], truth, { throttling }) => {
  const real: Readonly<Record<string, number>> = {
    'PublishIn.Throttle': truth.throttled,
    'Throttle.Exceeded': truth.throttled,
    RuleMessageThrottled: truth.taken - truth.received,
  };
  const known = real[metric];
  // CloudWatch counts the whole account: other runs, and their control messages, may have been refused beside this one.
  if (known !== undefined && truth.isAccountShared) return numberIn(stated) >= known;
  return numberIn(stated) === (known ?? refusedBy(throttling, metric));
};

/** As AWS names them: `inbound publishes per second (PublishIn)`. */
const quotaNames = `(?:${Object.values(quotas)
  .map(({ label }) => label.replace(/[()]/g, '\\$&'))
  .join('|')})`;

const isNothingRefused: Check = (_, truth, { throttling }) =>
  truth.throttled === 0 && throttling.refusals.length === 0;

const hasNoData: Check = (_, __, { cloudwatch }) => Object.keys(cloudwatch).length === 0;

/** Which quota decided how far the load could go, and what it refused. */
export const quotaRules: readonly Rule[] = [
  [
    / is nearest to its limit, with .* headroom(?: by the plan)?; nothing was refused for a quota\.$/,
    isNothingRefused,
  ],
  [
    / is nearest to its limit, with .* headroom(?: by the plan)?; CloudWatch has no data yet of what was refused\.$/,
    hasNoData,
  ],
  [
    /: .* more than the limit(?: by the plan)?; the service refused none of it \(\S+ 0\)\.$/,
    (_, truth, { quotas }) => truth.throttled === 0 && quotas.some(({ headroom }) => headroom < 0),
  ],
  [
    /: .* more than the limit(?: by the plan)?; the excess is delayed, which no metric counts\.$/,
    (_, truth, { bindingQuota }) =>
      bindingQuota!.quota === 'bytesPerSecondPerConnection' && truth.throttled === 0,
  ],
  [
    /: .* more than the limit(?: by the plan)?; CloudWatch has no data yet of what was refused \(\S+\)\.$/,
    hasNoData,
  ],
  // Every quota that a plan or a run is held against has a metric of its own, but for the bytes of a connection.
  [/: .* more than the limit(?: by the plan)?; no metric counts what was refused\.$/, never],
  [
    new RegExp(`^${quotaNames} bound: ${count} refused \\((\\S+)\\)\\.$`),
    ([sentence, stated = '', metric = ''], ...rest) => isAsRefused([sentence ?? '', metric, stated], ...rest),
  ],
  [new RegExp(`^(\\S+) ${count}: ${quotaNames}\\.$`), isAsRefused],
  [
    new RegExp(`^${count} throttled: ${count} answered so, ${count} not answered, by CloudWatch’s count\\.$`),
    ([, sum, answered, unanswered], truth) =>
      numberIn(sum) === numberIn(answered) + numberIn(unanswered) && numberIn(sum) <= truth.throttled,
  ],
  [
    /^PublishOut is counted as planned, by the stricter reading of AWS’s quota table: each publish once for each rule and each subscription of the run that matches it\. CloudWatch’s PublishOut\.Success may count deliveries to clients only\.$/,
    // A match of the rule, or of the subscriber, for each publish of a device, and what comes to clients beside them.
    (_, __, { quotas, observers, presence, perSecond, stop }) => {
      const peakOf = (name: string) => quotas.find(({ quota }) => quota === name)?.peak ?? 0;
      const [publishIn, publishOut] = [peakOf('publishInPerSecond'), peakOf('publishOutPerSecond')];
      if (observers.subscriber !== undefined) return publishOut > 0 || publishIn === 0;
      // A stop message goes to each slice.
      const isRuleAlone =
        presence === undefined &&
        stop === undefined &&
        Object.keys(observers).every((name) => name === 'rule');
      return isRuleAlone ? publishOut === publishIn : publishOut >= Math.max(0, ...perSecond.sent);
    },
  ],
  [
    new RegExp(
      `^Of the (${quotaNames}), ${count} are known by their number and not by their second, such as messages that came to no client: with all of them, the busiest second had ${count}\\.$`,
    ),
    ([, name, unknown, most], _, { quotas }) => {
      const { peak, peakAtMost = peak } = quotas.find((use) => use.name === name)!;
      return (
        numberIn(unknown) > 0 && numberIn(most) === peakAtMost && peak + numberIn(unknown) === peakAtMost
      );
    },
  ],
  [
    /^Limits marked so are AWS’s defaults of 2026-09 for (.*), (?:because those of .* are not known here\. They were )?not read from your account; most Regions are reported to allow 3,000 connects\/s\.$/,
    (_, _truth, report) => report.quotas.some(({ isLive }) => !isLive),
  ],
  [
    new RegExp(`^The quota of ${count}/s lies above this plot: the busiest second used (.*) %? ?of it\\.$`),
    ([, quota], truth, { quotas, rates }) =>
      quotas.find((each) => each.quota === 'publishInPerSecond')?.limit === numberIn(quota) &&
      numberIn(quota) > rates.peakPerSecond &&
      (truth.busiestSecond === undefined || truth.busiestSecond <= numberIn(quota)),
  ],
  [
    new RegExp(
      `^Mean ([\\d.,]+)(?:/s)?, busiest second (at most )?${count}, throughput ([\\d.,]+?)(?:/s)?\\.$`,
    ),
    (
      [, mean, isBound, busiest, throughput],
      truth,
      { rates, perSecond, protocol, qos, slices, messages },
    ) => {
      const seconds = Math.max(rates.publishedSeconds, 1e-9);
      const isAcknowledged = protocol === 'https' || qos === 1;
      const [least, most] = isAcknowledged
        ? [truth.ackedInTime ?? truth.acked, truth.acked]
        : [truth.received, truth.received];
      const held = messages.notRead + messages.deadLettered + messages.unaccounted;
      const isMean = isRate(mean, truth.sent / seconds);
      const isThroughput =
        numberIn(throughput) <= 1.006 * (most / seconds) + 0.06 &&
        numberIn(throughput) >= 0.994 * ((least - held) / seconds) - 0.06;
      // A second of the generator's is not one of the service's: at most two of these lie under one of those.
      const isBusiest =
        (isBound !== undefined) === (perSecond.peaksAreBounds === true) &&
        numberIn(busiest) <= truth.sent &&
        (truth.busiestSecond === undefined || numberIn(busiest) <= 2 * truth.busiestSecond);
      return isBusiest && (slices.died > 0 || rates.publishedSeconds === 0 || (isMean && isThroughput));
    },
  ],
];

function isRate(stated: string | undefined, real: number): boolean {
  return Math.abs(numberIn(stated) - real) <= Math.max(0.06, 0.006 * real) || isAbout(numberIn(stated), real);
}
