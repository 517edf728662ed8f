import { type CommandStream, deviceAt, replyDelayMs } from '../plan/downlinks.ts';
import type { GroupPlan, Plan } from '../plan/plan.ts';
import { type ScheduledStream, streamsOf } from '../plan/streams.ts';
import { PositionalRandom } from '../shared/random.ts';
import type { LateDeliveries, Receiver } from './downlink-records.ts';
import type { IntervalSet } from './interval-set.ts';
import type { OfflineTimes } from './offline-times.ts';
import { makeReceiverSearch } from './receiver-search.ts';

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
  const search = makeReceiverSearch(stream);
  const randomOf = makeRandoms();
  let count = 0;
  const visit = (rank: number, fromMs: number, untilMs: number): void => {
    const { n, place, slice, device } = search(rank);
    const { group, device: index } = deviceAt(stream.downlink, place);
    const { reply } = group.profile;
    if (reply === undefined) return;
    const delayMs = replyDelayMs(randomOf(group), reply, index, n);
    const due = [fromMs + delayMs, untilMs + delayMs] as const;
    const isMissed = offline.shareOf(turns.deviceOf(n), ...due) === 'all';
    if (isMissed && receivers.get(slice)?.offline.shareOf(device, ...due) === 'none') count++;
  };
  timely.forEach((rank) => {
    const dueMs = plan.timeline.publishAt + offsetMs(Math.floor(rank / stream.downlink.fanOut));
    visit(rank, dueMs, dueMs);
  });
  for (const { fromMs, untilMs, ranks } of late)
    ranks.forEach((rank) => {
      visit(rank, fromMs, untilMs);
    });
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
