import { accounts, views } from './account-situations.ts';
import { actionSituations } from './action-situations.ts';
import { catchUpSituations } from './catch-up-situations.ts';
import { downlinkSituations } from './downlink-situations.ts';
import { driftSituations } from './drift-situations.ts';
import { kindSituations } from './kind-situations.ts';
import { clocks, connects, machines } from './machine-situations.ts';
import { networkSituations } from './network-situations.ts';
import { objectiveSituations } from './objective-situations.ts';
import { presenceSituations } from './presence-situations.ts';
import { regionSituations } from './region-situations.ts';
import { requestSituation, requestsThroughNetwork } from './request-situation.ts';
import { searchSituations } from './search-situations.ts';
import { queues, stops } from './stop-situations.ts';
import { stormSituations } from './storm-situations.ts';
import { subscribers } from './subscriber-situations.ts';
import type { NamedSituation, Situation } from './true-run.ts';
import { userSituations } from './user-situations.ts';

const https = { connect: { protocol: 'https' } };
const qos0 = { publish: { qos: 0 } };

/** Independent of one another: a message of ten is not acknowledged, another one of ten does not arrive. */
export const independent: NonNullable<Situation['fateOf']> = (slice, n) => ({
  acked: (n * 7 + slice) % 10 !== 0,
  copies: (n * 13 + slice) % 10 === 3 ? 0 : 1,
});
const throttling: Situation['fateOf'] = (_, n) => ({ throttled: n % 9 === 4 });

/** What may happen to a run, so that every sentence a report can have is in the report of one of them. */
export const situations: readonly NamedSituation[] = [
  ['nothing went wrong', {}],
  [
    'its devices were a group, and messages were lost',
    { profile: { groups: { meters: {} } }, fateOf: independent },
  ],
  ['it lasted for a minute', { profile: { stages: [{ duration: '60s', target: 20 }] } }],
  ...userSituations,
  ...kindSituations,
  ['CloudWatch has not spoken', { isCloudWatchSilent: true }],
  ['acknowledgements and deliveries were lost independently', { fateOf: independent }],
  ['the same over HTTPS', { fateOf: independent, profile: https }],
  ['the same at QoS 0', { fateOf: independent, profile: qos0 }],
  ['publishes were throttled without an answer', { fateOf: throttling }],
  ['publishes were throttled with an answer, over HTTPS', { fateOf: throttling, profile: https }],
  ['publishes were throttled at QoS 0', { fateOf: throttling, profile: qos0 }],
  ['messages came twice', { fateOf: (_, n) => ({ copies: n % 5 === 0 ? 2 : 1 }) }],
  ['duplicates and losses were equally many', { fateOf: (_, n) => ({ copies: [0, 2, 1, 1][n % 4]! }) }],
  [
    'devices were not connected in time',
    { fateOf: (_, n) => (n % 8 === 1 ? { sent: false, dropped: 'not-connected' } : {}) },
  ],
  ['a slice was killed before its first record', { killed: { 1: { at: 150, recorded: null } } }],
  ['a slice was killed before it had sent anything', { killed: { 1: { at: 0, recorded: null } } }],
  ['a slice was killed after a record', { killed: { 2: { at: 333, recorded: 200 } } }],
  [
    'a slice was killed after a record, and messages were lost',
    { killed: { 2: { at: 333, recorded: 200 } }, fateOf: independent },
  ],
  ['two slices were killed', { killed: { 0: { at: 400, recorded: 390 }, 3: { at: 90, recorded: 10 } } }],
  [
    'all slices were killed',
    {
      killed: Object.fromEntries(
        [0, 1, 2, 3].map((s) => [s, { at: 200 + s, recorded: s % 2 === 0 ? 100 : null }]),
      ),
    },
  ],
  [
    'a slice was killed over HTTPS',
    { killed: { 2: { at: 333, recorded: 200 } }, fateOf: independent, profile: https },
  ],
  [
    'a slice was killed at QoS 0',
    { killed: { 2: { at: 333, recorded: 200 } }, fateOf: independent, profile: qos0 },
  ],
  ['the user stopped it', { stoppedAfterMs: 4_200 }],
  ['the user stopped it over HTTPS', { stoppedAfterMs: 4_200, profile: https }],
  [
    'the user stopped it, and a slice had been killed',
    { stoppedAfterMs: 4_200, killed: { 1: { at: 80, recorded: 40 } } },
  ],
  ['the user stopped it, and messages had been lost', { stoppedAfterMs: 4_200, fateOf: independent }],
  [
    'StopExecution ended it, and its slices ran on',
    { execution: { status: 'ABORTED', error: 'By', cause: 'hand' } },
  ],
  [
    'StopExecution ended it, and a slice was killed',
    { execution: { status: 'ABORTED' }, killed: { 0: { at: 99, recorded: 50 } } },
  ],
  requestSituation,
  requestsThroughNetwork,
  ...stormSituations,
  ...downlinkSituations,
  ...catchUpSituations,
  ...presenceSituations,
  ...driftSituations,
  ...regionSituations,
  ...actionSituations,
  ...networkSituations,
  ...searchSituations,
  ...objectiveSituations,
  ...stops,
  ...connects,
  ...machines,
  ...queues,
  ...clocks,
  ...accounts,
  ...views,
  ...subscribers,
];
