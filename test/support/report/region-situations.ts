import { accountLimitsOf } from '../../../src/targets/aws-iot/quotas.ts';
import type { NamedSituation } from './true-run.ts';

const profile = { regions: { 'eu-west-1': 0.5, 'us-east-1': 0.5 } };

const rehearsed = {
  account: { limits: accountLimitsOf('default'), live: [], isCharged: false },
  conditions: {
    versions: { stampede: '0.1.0', node: '24.0.0', client: 'dense 0.1.0' },
    host: { os: 'Linux', architecture: 'x64', lambdaMemoryMb: 512, cores: 2, memoryBytes: 8e9 },
  },
};

export const regionSituations: readonly NamedSituation[] = [
  ['it was in two Regions', { profile }],
  [
    'it was in two Regions, whose clocks are 80 ms apart',
    { profile, truth: { clocksAheadMs: [0, 0, 80, 80] } },
  ],
  [
    'it was rehearsed in two Regions with faults',
    {
      profile,
      plan: rehearsed,
      faults: { choices: {}, events: [{ at: null, setting: 'ackDelay', value: '20' }] },
      truth: { isRehearsal: true, faults: ['ackDelay'] },
    },
  ],
  ['it was in two Regions, and messages were lost in one of them', { profile, fateOf: lostInOne }],
];

function lostInOne(slice: number, n: number) {
  return slice === 3 && n % 50 === 0 ? { copies: 0 } : {};
}
