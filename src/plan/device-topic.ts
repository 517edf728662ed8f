import { basicIngestTopicOf } from '../profile/basic-ingest.ts';
import { checkTopicLimits, expandTopic } from '../profile/topic-template.ts';
import type { InputError } from '../shared/errors.ts';
import { topicFilterMatches, topicRootOf } from '../targets/aws-iot/match-topic-filter.ts';
import { traitsOf } from '../targets/traits-of.ts';
import { defaultDeployment } from './deployment.ts';
import { echoingDevices } from './echoes.ts';
import { keepsSessions, settingOf } from './groups.ts';
import { isBasicIngest, type KindPlan, kindsOf } from './kinds.ts';
import { type GroupPlan, identifyDevice } from './plan.ts';
import { highestDeviceIndex } from './replacements.ts';

type TopicPlan = Pick<GroupPlan, 'runId' | 'profile' | 'topicRoot' | 'ruleName' | 'target'>;

/**
 * The topic that a device publishes to, its placeholders filled in.
 * @param deviceIndex over the whole run
 * @param slice the one that the device belongs to
 */
export function topicOfDevice(group: TopicPlan, deviceIndex: number, slice: number): string {
  const topic = deviceTopicOf(group.profile.publish.topic, group, deviceIndex, slice);
  return isBasicIngest(group) ? basicIngestTopicOf(ruleNameOf(group), topic) : topic;
}

/** Of a plan that names none, that of a rehearsal. */
function ruleNameOf({ ruleName = defaultDeployment.ruleName }: Pick<TopicPlan, 'ruleName'>): string {
  return ruleName;
}

/** Any topic template of a group, filled in for one of its devices. */
export function deviceTopicOf(
  template: string,
  group: Pick<TopicPlan, 'runId' | 'topicRoot'>,
  deviceIndex: number,
  slice: number,
): string {
  const { runId, topicRoot = topicRootOf(defaultDeployment.topicFilter) } = group;
  const { deviceId } = identifyDevice(runId, deviceIndex);
  return expandTopic(template, { topicRoot, runId, deviceId, deviceIndex, slice });
}

/** Topics that one device publishes to: kinds of message may share them. */
export function topicsPerDevice(group: GroupPlan): number {
  const { firstDevice, firstSlice } = group;
  return new Set(kindsOf(group).map((kind) => topicOfDevice(kind, firstDevice, firstSlice))).size;
}

/** The longest topic of a group: that of its highest device. */
export function longestTopicOf(group: GroupPlan): string {
  return topicOfDevice(group, highestDeviceIndex(group), lastSliceOf(group));
}

function lastSliceOf({ firstSlice, slices }: GroupPlan): number {
  return firstSlice + slices.count - 1;
}

/** The part of a topic that the limits of topics hold for. */
function limitedPartOf(group: KindPlan, topic: string): string {
  return isBasicIngest(group) ? topic.slice(basicIngestTopicOf(ruleNameOf(group), '').length) : topic;
}

/** Errors of a kind's topic that only the plan shows: `{topicRoot}` or the devices that replace others make it too long. */
export function checkTopicLength(kind: KindPlan): InputError[] {
  return checkLength(kind, limitedPartOf(kind, longestTopicOf(kind)), topicSettingOf(kind));
}

/** The same of the topic of a group's wills. */
export function checkWillTopicLength(group: GroupPlan): InputError[] {
  const { will } = group.profile.connect;
  if (will === undefined) return [];
  const longest = deviceTopicOf(will.topic, group, highestDeviceIndex(group), lastSliceOf(group));
  return checkLength(group, longest, settingOf(group, 'connect.will.topic'));
}

/** Errors of a kind whose devices would leave one more subscription to its topic in their sessions with each run. */
export function checkEchoTopic(kind: KindPlan): InputError[] {
  const { connect, publish } = kind.profile;
  if (connect.identity === undefined || !keepsSessions(kind) || echoingDevices(kind.profile) === 0) return [];
  if (!publish.topic.includes('{runId}')) return [];
  return [
    {
      path: topicSettingOf(kind),
      message:
        'devices that echo subscribe to it, and each run would leave one more subscription in the sessions that they keep',
      hint: 'write the topic without {runId}',
    },
  ];
}

function checkLength({ target }: GroupPlan, topic: string, path: string): InputError[] {
  return checkTopicLimits(topic, traitsOf(target).limits).map((error) => ({ path, ...error }));
}

function topicSettingOf(kind: KindPlan): string {
  return settingOf(kind, kind.kind === undefined ? 'publish.topic' : `messages.${kind.kind}.topic`);
}

/** Errors of a kind's topic that only the stack's own filter shows: the rule does not read it. */
export function checkDeviceTopic(group: KindPlan, topicFilter: string): InputError[] {
  // What the rule reads (FROM) does not matter to messages that name it.
  if (isBasicIngest(group) || !traitsOf(group.target).observers.includes('rule')) return [];
  const topic = topicOfDevice(group, group.firstDevice, group.firstSlice);
  if (topicFilterMatches(topicFilter, topic)) return [];
  return [
    {
      path: topicSettingOf(group),
      message: `"${topic}" is outside ${topicFilter}, which is all that the rule reads: every message would count as lost`,
      hint: `${whereToPublish(topicFilter)}, or deploy with another topicFilter`,
    },
  ];
}

/** Errors of a kind of Basic Ingest where the name of the stack's rule is not known. */
export function checkRuleName(kind: KindPlan): InputError[] {
  if (!isBasicIngest(kind)) return [];
  return [
    {
      path: settingOf(
        kind,
        kind.kind === undefined ? 'publish.basicIngest' : `messages.${kind.kind}.basicIngest`,
      ),
      message: 'sends messages to the rule of the stack, which does not say the name of its rule',
      hint: 'deploy the stack again',
    },
  ];
}

/** Errors of the topic of a group's wills, which the stack's policies let devices leave only under the rule's filter. */
export function checkWillTopic(group: GroupPlan, topicFilter: string): InputError[] {
  const { will } = group.profile.connect;
  if (will === undefined) return [];
  const topic = deviceTopicOf(will.topic, group, group.firstDevice, group.firstSlice);
  if (topicFilterMatches(topicFilter, topic)) return [];
  return [
    {
      path: settingOf(group, 'connect.will.topic'),
      message: `"${topic}" is outside ${topicFilter}, which is all that devices of this stack may publish to: they could not connect`,
      hint: whereToPublish(topicFilter),
    },
  ];
}

/** Suggests `{topicRoot}` only if every topic below it matches the filter. */
function whereToPublish(topicFilter: string): string {
  const root = topicRootOf(topicFilter);
  return topicFilter === `${root}/#`
    ? `begin the topic with {topicRoot}/, which is ${root}/ in this stack`
    : `publish under ${topicFilter}`;
}
