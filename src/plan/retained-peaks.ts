import { excessPerDevice } from '../profile/load-shapes/arrival-pattern.ts';
import { isTopicOfOneDevice } from '../profile/topic-template.ts';
import { sumBy } from '../shared/counts.ts';
import type { QuotaName } from '../targets/aws-iot/quotas.ts';
import { makeArrivalRate } from './arrival-rate.ts';
import { randomExcess } from './busiest-second.ts';
import { groupsOf, intendedPeakOf } from './groups.ts';
import { isRetained, type KindPlan, kindsOf } from './kinds.ts';
import { presentExcess, presentShare } from './lifecycle.ts';
import type { Plan } from './plan.ts';

/** The highest use of the quotas of messages with the RETAIN flag; empty for a plan without any. */
export function retainedPeaks(plan: Plan): Partial<Record<QuotaName, number>> {
  const kinds = groupsOf(plan).flatMap(kindsOf).filter(isRetained);
  if (kinds.length === 0) return {};
  const profiles = kinds.map(({ profile }) => profile);
  const byTopic = new Map<string, KindPlan[]>();
  for (const kind of kinds) {
    // Topics of several groups may be the same; those of one device never are.
    const { topic } = kind.profile.publish;
    const key = isTopicOfOneDevice(topic) ? `${kind.firstDevice}/${topic}` : topic;
    byTopic.set(key, [...(byTopic.get(key) ?? []), kind]);
  }
  return {
    retainedPublishesPerSecond: intendedPeakOf(profiles) + randomExcess(profiles),
    retainedPublishesPerSecondPerTopic: Math.max(...[...byTopic.values()].map(peakOfTopic)),
  };
}

/** Messages a second that some kinds publish to a topic that they share, at most: those of one device, or of all. */
function peakOfTopic(kinds: readonly KindPlan[]): number {
  const shared = kinds
    .map(({ profile }) => profile)
    .filter(({ publish }) => !isTopicOfOneDevice(publish.topic));
  return sumBy(kinds, peakOfKind) + randomExcess(shared);
}

function peakOfKind({ profile }: KindPlan): number {
  const { devices, publish } = profile;
  const perDevice = makeArrivalRate(profile).peakPerSecond / devices + excessPerDevice(profile);
  if (isTopicOfOneDevice(publish.topic)) return perDevice;
  return perDevice * devices * presentShare(profile) + presentExcess(profile);
}
