import { planOf } from '../measure/run-fixture.ts';
import type { NamedSituation } from './true-run.ts';

/** Of any run with as many devices as `playTrueRun` has. */
const { publishAt } = planOf({ devices: 400, slices: { devicesPerSlice: 100 } }).timeline;
const networkAt = publishAt + 3_000;
const latenessOf = (slice: number) => 0.4 + slice * 1.2;
/** Slices carry out no faults: the service does. */
const issued = [{ at: publishAt + 3_000, action: { kind: 'faults', faults: { ackDelay: 5 } } }];
/** Of the rate, which the plan has from its start: no slice is late. */
const onTime = [0, 0, 0, 0];

export const actionSituations: readonly NamedSituation[] = [
  [
    'its slices carried out actions at their instants',
    {
      profile: {
        timeline: [
          { at: '2s', rate: '0.5x' },
          { at: '3s', network: { delay: '0s' } },
        ],
      },
      record: (result) => ({
        ...result,
        actions: [
          { planned: 0, at: publishAt + 2_000 },
          { planned: 1, at: networkAt + latenessOf(result.slice) },
        ],
      }),
      truth: {
        actions: {
          '0:02 rate × 0.5': { plannedSlices: 4, learnedLate: 0, latenessesMs: onTime },
          '0:03 network delay 0s': {
            plannedSlices: 4,
            learnedLate: 0,
            latenessesMs: [0, 1, 2, 3].map(latenessOf),
          },
        },
      },
    },
  ],
  [
    'one of its slices did not learn of an action, and another one late',
    {
      profile: { timeline: [{ at: '3s', network: { delay: '0s' } }] },
      record: (result) => ({
        ...result,
        actions:
          result.slice === 3
            ? []
            : [
                {
                  planned: 0,
                  at: networkAt + (result.slice === 2 ? 700 : 0.5),
                  ...(result.slice === 2 && { isLate: true as const }),
                },
              ],
      }),
      truth: {
        actions: {
          '0:03 network delay 0s': { plannedSlices: 4, learnedLate: 1, latenessesMs: [0.5, 0.5, 700] },
        },
      },
    },
  ],
  [
    'an action was announced to its control channels',
    {
      profile: { echo: { fraction: 1 } },
      issued,
      sums: (_, echoes) => ({ 'PublishOut.Success': echoes + 4, 'PublishOut.Throttle': 0 }),
    },
  ],
  [
    'an action was announced beside its publishes over HTTPS',
    {
      profile: { connect: { protocol: 'https' } },
      issued,
      sums: ({ taken }) => ({ 'PublishIn.Success': taken + 1 }),
    },
  ],
];
