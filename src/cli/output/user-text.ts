import type { LoadProfile } from '../../profile/load-profile.ts';
import { assumedAnswerMs } from '../../profile/load-shapes/closed-load.ts';
import { describeTime } from '../../profile/time-distribution.ts';
import { formatCount, formatPerSecond } from '../../shared/format.ts';

/** What a plan says of users: labels and texts. Empty for a load without users. */
export function describeUsers({ users, stages }: LoadProfile): (readonly [label: string, text: string])[] {
  if (users === undefined) return [];
  const { startUsers, thinkTime, throughputPerUser } = users;
  const most = Math.max(startUsers, ...stages.map(({ targetUsers = 0 }) => targetUsers));
  const pace = throughputPerUser === undefined ? '' : `, each at most ${formatPerSecond(throughputPerUser)}`;
  const how =
    throughputPerUser === undefined
      ? `messages and rates if each answer takes ${assumedAnswerMs} ms`
      : 'messages and rates if each answer comes at once';
  return [
    ['users', `up to ${formatCount(most)}, think time ${describeTime(thinkTime)}${pace}`],
    ['estimate', `${how}; slower answers mean less`],
  ];
}
