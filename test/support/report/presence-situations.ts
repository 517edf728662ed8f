import { OccurrenceSets } from '../../../src/measure/occurrence-sets.ts';
import type { PresenceResult } from '../../../src/measure/presence-result.ts';
import type { SliceResult } from '../../../src/measure/slice-result.ts';
import { planOf } from '../measure/run-fixture.ts';
import type { NamedSituation } from './true-run.ts';

/** 400 devices in four slices, as of any true run, and an observer in a fifth. */
const profile = {
  devices: undefined,
  stages: undefined,
  groups: {
    meters: { devices: 400, stages: [{ duration: '8s', target: 300 }], connect: { ratePerSecond: 10 } },
    watch: { devices: 1, idle: true, duration: '8s', observe: 'presence' },
  },
};
const { startAt } = planOf({ ...profile, slices: { devicesPerSlice: 100 } }).timeline;
const observerSlice = 4;

function setsOf(times: (device: number) => number) {
  const sets = new OccurrenceSets();
  for (let device = 0; device < 400; device++) for (let i = 0; i < times(device); i++) sets.add(device);
  return sets.encode();
}

const once = () => 1;

/** Device 7 reconnected once; what its slice's devices counted. */
function withConnections(result: SliceResult): SliceResult {
  const isOf = (device: number) => Math.floor(device / 100) === result.slice;
  const sets = setsOf((device) => (isOf(device) ? (device === 7 ? 2 : 1) : 0));
  return { ...result, connections: { connects: sets, disconnects: sets } };
}

const seen: PresenceResult = {
  connects: setsOf((device) => (device === 7 ? 2 : 1)),
  disconnects: setsOf((device) => (device === 7 ? 2 : 1)),
  subscribedAt: startAt + 40,
  gaps: 0,
  duplicates: 0,
  outOfOrder: 0,
  ofRun: 0,
  unrelated: 0,
  open: 0,
  disconnectedBy: { CLIENT_INITIATED_DISCONNECT: 400, CONNECTION_LOST: 1 },
  subscribeRefusedBy: {},
};

const recordWith = (events: PresenceResult) => (result: SliceResult) =>
  result.slice === observerSlice ? { ...result, presence: events } : withConnections(result);

const whole = { connects: [401, 401, 0, 0], disconnects: [401, 401, 0, 0] } as const;

export const presenceSituations: readonly NamedSituation[] = [
  [
    'its devices’ presence was observed',
    {
      profile,
      record: recordWith(seen),
      sums: () => ({ 'PublishOut.Success': 802 }),
      truth: { presence: { ...whole, reasons: 2, isWhole: true, slicesUnknown: 0 } },
    },
  ],
  [
    'the observer of presence ended before the devices did',
    {
      profile,
      // The service had no one to send the last 21 events to.
      sums: () => ({ 'PublishOut.Success': 401 + 380, 'PublishOut.Throttle': 0 }),
      record: recordWith({
        ...seen,
        disconnects: setsOf((device) => Number(device < 380)),
        open: 21,
        disconnectedBy: { CLIENT_INITIATED_DISCONNECT: 380 },
      }),
      truth: {
        presence: {
          connects: whole.connects,
          disconnects: [401, 380, 21, 0],
          reasons: 1,
          isWhole: false,
          slicesUnknown: 0,
        },
      },
    },
  ],
  [
    'presence was observed from a second on, and some events came twice, late or of others',
    {
      profile,
      killed: { 2: { at: 333, recorded: 200 } },
      // Each event that came, and one of those that were missed while the observer was not connected.
      sums: () => ({ 'PublishOut.Success': 400 + 400 + 3 + 5 + 11 + 1, 'PublishOut.Throttle': 0 }),
      record: recordWith({
        ...seen,
        // The reconnect was missed, and device 9 connected once more than it counted.
        connects: setsOf((device) => (device < 10 ? Number(device !== 3) + Number(device === 9) : 1)),
        disconnects: setsOf(once),
        subscribedAt: startAt + 2_400,
        gaps: 1,
        duplicates: 3,
        outOfOrder: 2,
        ofRun: 5,
        unrelated: 11,
        subscribeRefusedBy: { QuotaExceeded: 2 },
      }),
      truth: {
        presence: {
          connects: [401, 400, 2, 1],
          disconnects: [401, 400, 1, 0],
          reasons: 2,
          duplicates: 3,
          outOfOrder: 2,
          ofRun: 5,
          unrelated: 11,
          refused: 2,
          isWhole: false,
          slicesUnknown: 1,
        },
      },
    },
  ],
];
