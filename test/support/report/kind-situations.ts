import type { NamedSituation } from './true-run.ts';

const kinds = {
  reading: { weight: 2 },
  alarm: { weight: 1, qos: 0, sizeBytes: 300 },
  position: { everySeconds: 8 },
};
const isSeen = (slice: number, n: number) => (n * 13 + slice) % 10 !== 3;
const thresholds = {
  dropped_messages: ['count==0'],
  lost_messages: [],
  'lost_messages{kind:alarm}': ['count==0'],
};

/** Devices that send several kinds of message. */
export const kindSituations: readonly NamedSituation[] = [
  [
    'its devices sent kinds of message that have names, and messages were lost',
    {
      profile: { messages: kinds, thresholds },
      fateOf: (slice, n) => ({ copies: isSeen(slice, n) ? 1 : 0 }),
    },
  ],
  [
    'devices of two groups sent several kinds of message, and a slice was killed',
    {
      profile: {
        groups: {
          meters: { share: 0.5, messages: kinds },
          trackers: { share: 0.5, messages: { position: {} } },
        },
        thresholds,
      },
      fateOf: (slice, n) => ({ acked: (n * 7 + slice) % 10 !== 0, copies: n % 5 === 0 ? 2 : 1 }),
      killed: { 1: { at: 60, recorded: 40 } },
    },
  ],
];
