import type { SliceResult } from '../../../src/measure/slice-result.ts';
import type { NamedSituation } from './true-run.ts';

const users = {
  stages: undefined,
  users: 400,
  spawnPerSecond: 200,
  thinkTime: '990ms',
  duration: '8s',
};

/** What a slice stores of its users, beside its messages. */
function withUsers(result: SliceResult): SliceResult {
  const { perSecond, streams } = result;
  return {
    ...result,
    perSecond: { ...perSecond, users: perSecond.sent.map((_, second) => Math.min(100, 50 * second)) },
    streams: streams.map((stream) => ({ ...stream, stageEnds: [Math.floor(stream.intended / 8)] })),
  };
}

/** A closed model. */
export const userSituations: readonly NamedSituation[] = [
  ['users decided when to send', { profile: users, record: withUsers }],
  [
    'users decided when to send in one group, and a schedule in the other',
    {
      profile: {
        devices: undefined,
        stages: undefined,
        groups: {
          meters: { devices: 200, stages: [{ duration: '8s', target: 100 }] },
          people: { users: 200, thinkTime: '990ms', duration: '8s' },
        },
      },
      record: (result) => (result.slice < 2 ? result : withUsers(result)),
      fateOf: (slice, n) => ({ copies: (n * 13 + slice) % 10 === 3 ? 0 : 1 }),
    },
  ],
  [
    'there were as many users from the start to the end',
    { profile: { ...users, spawnPerSecond: undefined }, record: withUsers },
  ],
  [
    'a slice with users was killed after a record',
    { profile: users, record: withUsers, killed: { 2: { at: 333, recorded: 200 } } },
  ],
  [
    'users waited for a generator that was busy',
    {
      profile: users,
      record: (result) => ({
        ...withUsers(result),
        generator: { ...result.generator, peakCpuShare: 0.97 },
      }),
      truth: { isGeneratorBusy: true },
    },
  ],
];
