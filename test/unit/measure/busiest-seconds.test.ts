import { expect, it } from '@jest/globals';
import { ServiceSeconds } from '../../../src/measure/busiest-seconds.ts';
import { noMessages, type StreamResult } from '../../../src/measure/slice-result.ts';
import { bookStepsOf } from '../../../src/plan/book-steps.ts';
import { groupsOf } from '../../../src/plan/groups.ts';
import { draftPlan } from '../../../src/plan/make-plan.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { createdAt, resultOf } from '../../support/measure/run-fixture.ts';

// One device sends ten messages a second: some go to the rule by its name, and match no subscription.

const { plan } = draftPlan({
  runId: 'run',
  now: createdAt,
  ruleName: 'acme_rule',
  profile: parseLoadProfile({
    devices: 1,
    duration: '4s',
    messages: {
      direct: { ratePerSecond: 5, basicIngest: true },
      routed: { ratePerSecond: 5 },
    },
  }),
});
const [group] = groupsOf(plan);
const { publishAt } = plan.timeline;
const startSecond = Math.floor(publishAt / 1_000);
const noKind: StreamResult = { intended: 0, sent: [] };
const kind = (sent: readonly number[] | undefined): StreamResult => ({
  ...noKind,
  counts: {
    messages: noMessages,
    droppedBy: {},
    undecided: { waiting: { 'not-connected': 0, backlog: 0 }, inFlight: 0 },
    ...(sent && { perSecond: { intended: sent, sent } }),
  },
});

/** @param direct as encoded @param routed as encoded */
function busiest(direct: readonly number[] | undefined, routed: readonly number[] | undefined) {
  const seconds = new ServiceSeconds(plan, bookStepsOf(plan));
  const { perSecond } = resultOf(plan, 0);
  const series = { startSecond, intended: [10, 10, 10], sent: [10, 10, 10], acked: [], connected: [1, 1, 1] };
  seconds.addSlice(group!, {
    perSecond: { ...perSecond, ...series },
    streams: [noKind, kind(direct), kind(routed)],
  });
  return seconds.busiest(undefined);
}

it('counts what a subscription can match by kind of message, and what the rule reads of all', () => {
  // 10, 3 and 8 by the rule's name; 0, 7 and 2 otherwise.
  expect(busiest([0, 10, 0, 3, 0, 8], [1, 7, 0, 2])).toMatchObject({
    publishesIn: 10,
    publishesOut: 7,
    ruleEvaluations: 10,
  });
});

it('takes all messages for such where a result of an earlier version has no kinds by second', () => {
  expect(busiest(undefined, undefined)).toMatchObject({ publishesOut: 10 });
});
