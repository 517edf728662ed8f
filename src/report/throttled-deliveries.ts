import { eventsMissed } from '../measure/presence-totals.ts';
import type { RunLedger } from '../measure/run-ledger.ts';
import { downlinksOf } from '../plan/downlinks.ts';
import { echoObserver, subscriberObserver } from '../plan/observers.ts';
import type { Plan } from '../plan/plan.ts';
import { sumBy } from '../shared/counts.ts';
import { traitsOf } from '../targets/traits-of.ts';
import { type CloudWatchView, cloudWatchSum } from './explanation.ts';
import { unansweredOf } from './inbound-commands.ts';
import { missedBy, repliesMissed } from './missed.ts';

/** How far the service's own counts say which deliveries it refused for a quota. */
export type RefusalCounts = 'counted' | 'not yet' | 'none';

/** Deliveries of commands that the service refused for a quota: no count says which messages were refused. */
export interface ThrottledDeliveries {
  /** What nothing else of the run can be. */
  readonly atLeast: number;
  readonly atMost: number;
  readonly counts: RefusalCounts;
}

/** @param missing deliveries that did not come, though their device was subscribed and its slice recorded them */
export function throttledDeliveriesOf(
  plan: Plan,
  ledger: RunLedger,
  cloudwatch: CloudWatchView,
  missing: number,
): ThrottledDeliveries {
  const { offline, unknown, replies, echoes, events } = undeliveredOf(ledger);
  const ofBackends = downlinksOf(plan).map(({ sender, fanOut }) => {
    const { messages } = ledger.groups.find(({ group }) => group === sender.group)!;
    return { throttled: messages.throttled, unanswered: unansweredOf(messages), fanOut };
  });
  const answered = sumBy(ofBackends, ({ throttled }) => throttled);
  const ofRefused = sumBy(ofBackends, ({ throttled, fanOut }) => throttled * fanOut);
  const { messages, acknowledged } = ledger;
  // Refused without an answer: commands, or else messages of devices, or replies.
  const unanswered = Math.max(
    0,
    (cloudWatchSum(cloudwatch, 'PublishIn.Throttle') ?? 0) - messages.throttled - answered,
  );
  const ofOthers = (acknowledged ? messages.unacknowledged : messages.lost) + messages.unaccounted + replies;
  const isDescending = (a: { fanOut: number }, b: { fanOut: number }) => b.fanOut - a.fanOut;
  const most = deliveriesOf(unanswered, ofBackends.toSorted(isDescending));
  const least = deliveriesOf(Math.max(0, unanswered - ofOthers), ofBackends.toSorted(isDescending).reverse());
  const notSentOut = cloudWatchSum(cloudwatch, 'PublishOut.Throttle') ?? 0;
  const atMost = Math.min(missing, ofRefused + most + notSentOut);
  // What is offline or not known may be of refused commands, or be refused itself, but not both.
  const others = offline + unknown + replies + echoes + events;
  return {
    atLeast: Math.min(atMost, Math.max(0, ofRefused + least + notSentOut - others)),
    atMost,
    counts: refusalCountsOf(plan, cloudwatch),
  };
}

/** What else of the run did not arrive, and may be what the service refused. */
function undeliveredOf(ledger: RunLedger) {
  const { downlink = [], presence } = ledger;
  return {
    offline: sumBy(downlink, (each) => each.offline),
    unknown: sumBy(downlink, (each) => each.unknown),
    replies: repliesMissed(ledger),
    echoes: missedBy(ledger, echoObserver) + missedBy(ledger, subscriberObserver),
    events: eventsMissed(presence),
  };
}

/** Deliveries of as many commands that got no answer, in the order of the backends. */
function deliveriesOf(
  commands: number,
  backends: readonly { readonly unanswered: number; readonly fanOut: number }[],
): number {
  let rest = commands;
  return sumBy(backends, ({ unanswered, fanOut }) => {
    const taken = Math.min(rest, unanswered);
    rest -= taken;
    return taken * fanOut;
  });
}

function refusalCountsOf(plan: Plan, cloudwatch: CloudWatchView): RefusalCounts {
  if (traitsOf(plan.target).serviceCounts !== 'cloudwatch') return 'none';
  return cloudWatchSum(cloudwatch, 'PublishOut.Throttle') === null ? 'not yet' : 'counted';
}
