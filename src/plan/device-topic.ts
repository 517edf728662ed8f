import { checkTopicLimits, expandTopic } from '../profile/topic-template.ts';
import type { InputError } from '../shared/errors.ts';
import { topicFilterMatches, topicRootOf } from '../targets/aws-iot/match-topic-filter.ts';
import { traitsOf } from '../targets/traits-of.ts';
import { defaultDeployment } from './deployment.ts';
import { identifyDevice, type Plan } from './plan.ts';

type TopicPlan = Pick<Plan, 'runId' | 'profile' | 'topicRoot' | 'target'>;

/**
 * The topic that a device publishes to, its placeholders filled in.
 * @param deviceIndex over the whole run
 * @param slice the one that the device belongs to
 */
export function topicOfDevice(plan: TopicPlan, deviceIndex: number, slice: number): string {
  const { runId, profile, topicRoot = topicRootOf(defaultDeployment.topicFilter) } = plan;
  const { deviceId } = identifyDevice(runId, deviceIndex);
  return expandTopic(profile.publish.topic, { topicRoot, runId, deviceId, deviceIndex, slice });
}

/**
 * Errors of a topic that only the stack's own filter shows: the rule does not read it, or `{topicRoot}` makes it too long.
 * @param slices how many there are: the last one has the longest number
 */
export function checkDeviceTopic(plan: TopicPlan, topicFilter: string, slices: number): InputError[] {
  const path = 'publish.topic';
  const longest = topicOfDevice(plan, plan.profile.devices - 1, slices - 1);
  const faults = checkTopicLimits(longest, traitsOf(plan.target).limits).map((fault) => ({ path, ...fault }));
  const topic = topicOfDevice(plan, 0, 0);
  if (topicFilterMatches(topicFilter, topic)) return faults;
  return [
    {
      path,
      message: `"${topic}" is outside ${topicFilter}, which is all that the rule reads: every message would count as lost`,
      hint: `${whereToPublish(topicFilter)}, or deploy with another topicFilter`,
    },
    ...faults,
  ];
}

/** `{topicRoot}` is of use only where every topic under it is under the filter. */
function whereToPublish(topicFilter: string): string {
  const root = topicRootOf(topicFilter);
  return topicFilter === `${root}/#`
    ? `begin the topic with {topicRoot}/, which is ${root}/ in this stack`
    : `publish under ${topicFilter}`;
}
