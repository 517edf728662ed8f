import { type CommandStream, deviceAt, replyDelayMs } from '../plan/downlinks.ts';
import type { GroupPlan, Plan } from '../plan/plan.ts';
import { type ScheduledStream, streamsOf } from '../plan/streams.ts';
import { PositionalRandom } from '../shared/random.ts';
import type { LateDeliveries, Receiver } from './downlink-records.ts';
import type { IntervalSet } from './interval-set.ts';
import type { OfflineTimes } from './offline-times.ts';
import { makeSearches } from './receiver-offline.ts';
import { forEachReceiver } from './receiver-search.ts';

/** Deliveries that came, and whose replies did not. */
interface Unanswered {
  /** Ranks of those whose commands were sent when they were due. */
  readonly timely: IntervalSet;
  readonly late: readonly LateDeliveries[];
  /** When the clients of the backend's slice were not subscribed. */
  readonly offline: OfflineTimes;
  /** By slice. */
  readonly receivers: ReadonlyMap<number, Receiver>;
}

/**
 * Of the replies that did not come, those that their devices could send and that were due while the client of the backend was not subscribed.
 * A reply is due its delay after its command was sent, and that delay is known from the plan.
 */
export function countOfflineReplies(plan: Plan, stream: CommandStream, unanswered: Unanswered): number {
  const { timely, late, offline, receivers } = unanswered;
  const { turns, offsetMs } = streamsOf(plan, stream.slice)[0] as ScheduledStream;
  const clients = offline.search();
  const searches = makeSearches(receivers);
  const randomOf = makeRandoms();
  const { downlink } = stream;
  let count = 0;
  const visit = (
    ranks: IntervalSet,
    sentOf: (n: number) => readonly [fromMs: number, untilMs: number],
  ): void =>
    forEachReceiver(stream, ranks, ({ rank, place, slice, device, count: targets }) => {
      const { group, device: first } = deviceAt(downlink, place);
      const { reply } = group.profile;
      if (reply === undefined) return;
      for (let k = 0; k < targets; k++) {
        const n = Math.floor((rank + k) / downlink.fanOut);
        const [fromMs, untilMs] = sentOf(n);
        const delayMs = replyDelayMs(randomOf(group), reply, first + k, n);
        const due = [fromMs + delayMs, untilMs + delayMs] as const;
        const isMissed = clients.shareOf(turns.deviceOf(n), ...due) === 'all';
        if (isMissed && searches(slice).offline?.shareOf(device + k, ...due) === 'none') count++;
      }
    });
  visit(timely, (n) => {
    const dueMs = plan.timeline.publishAt + offsetMs(n);
    return [dueMs, dueMs];
  });
  for (const { fromMs, untilMs, ranks } of late) visit(ranks, () => [fromMs, untilMs]);
  return count;
}

/** @returns the random numbers of a group */
function makeRandoms(): (group: GroupPlan) => PositionalRandom {
  const randoms = new Map<GroupPlan, PositionalRandom>();
  return (group) => {
    let random = randoms.get(group);
    if (random === undefined) {
      random = new PositionalRandom(group.profile.seed);
      randoms.set(group, random);
    }
    return random;
  };
}
