import type { Plan } from '../../../src/plan/plan.ts';
import { type AccountLimits, accountLimitsOf } from '../../../src/targets/aws-iot/quotas.ts';
import { createdAt } from '../measure/run-fixture.ts';
import type { NamedSituation, Situation } from './true-run.ts';

// Where a run took place: its account, embedded AWS, and InfluxDB beside it.

const limitsOf = (limits: Partial<AccountLimits>): Pick<Plan, 'account'> => ({
  account: { limits: { ...accountLimitsOf('default'), ...limits }, live: [], isCharged: true },
});
const small = limitsOf({ publishInPerSecond: 200 });

export const accounts: readonly NamedSituation[] = [
  ['a limit was passed and nothing refused', { plan: small }],
  ['a limit was passed and CloudWatch has not spoken', { plan: small, isCloudWatchSilent: true }],
  [
    'the bytes of a connection were passed',
    {
      profile: { devices: 4, slices: { devicesPerSlice: 1 }, publish: { sizeBytes: 8_000 } },
      plan: limitsOf({ bytesPerSecondPerConnection: 10_000 }),
      sums: () => ({ 'Connect.Success': 8 }),
    },
  ],
  [
    'it lasted so long that its seconds were folded',
    {
      profile: { stages: [{ duration: '150m', target: 0.2 }] },
      plan: limitsOf({ lambdaSeconds: 10_000 }),
    },
  ],
  [
    'the limits of its Region are not known',
    { plan: { account: { ...small.account!, limits: accountLimitsOf('small'), region: 'eu-north-1' } } },
  ],
  [
    'the certificate of its target was not checked',
    {
      profile: { connect: { insecure: true } },
      plan: {
        conditions: {
          versions: { stampede: '0.1.0', node: '24.0.0', client: 'dense 0.1.0' },
          host: { os: 'Linux', architecture: 'x64', lambdaMemoryMb: 512 },
        },
      },
      truth: { isUnchecked: true },
    },
  ],
  [
    'it was a rehearsal with faults',
    {
      plan: {
        account: { limits: accountLimitsOf('default'), live: [], isCharged: false },
        conditions: {
          versions: { stampede: '0.1.0', node: '24.0.0', client: 'dense 0.1.0' },
          host: { os: 'Linux', architecture: 'x64', lambdaMemoryMb: 512, cores: 2, memoryBytes: 8e9 },
        },
      },
      faults: {
        choices: { 'queue.visibilityTimeoutMs': '1000' },
        events: [
          { at: null, setting: 'dropDeliveries', value: '0.01' },
          { at: createdAt, setting: 'ackDelay', value: '20' },
          { at: createdAt + 60_000, setting: 'pauseMs', value: '1000' },
        ],
      },
      truth: { isRehearsal: true, faults: ['dropDeliveries', 'ackDelay', 'pauseMs'] },
    },
  ],
];

const points = { resentPoints: 0, refusedPoints: 0, leftPoints: 0 };
const viewOf = (httpStatus: number | null, isWholeRun: boolean, more: Partial<typeof points>): Situation => ({
  liveView: { cause: { httpStatus, isWholeRun }, ...points, ...more },
  truth: { influx: { httpStatus, isWholeRun } },
});

export const views: readonly NamedSituation[] = [
  ['InfluxDB did not know the token', viewOf(401, true, { leftPoints: 40 })],
  ['InfluxDB did not let it write', viewOf(403, true, { leftPoints: 40 })],
  ['InfluxDB failed for a while', viewOf(500, false, { resentPoints: 7 })],
  ['InfluxDB could not be reached for a while', viewOf(null, false, { resentPoints: 7, refusedPoints: 2 })],
  [
    'InfluxDB refused points',
    {
      liveView: { ...points, refusedPoints: 2 },
      truth: { influx: { httpStatus: null, isWholeRun: false } },
    },
  ],
];
