import type { NamedSituation } from './true-run.ts';

const profile = { regions: { 'eu-west-1': 0.5, 'us-east-1': 0.5 } };

export const regionSituations: readonly NamedSituation[] = [
  ['it was in two Regions', { profile }],
  [
    'it was in two Regions, whose clocks are 80 ms apart',
    { profile, truth: { clocksAheadMs: [0, 0, 80, 80] } },
  ],
  ['it was in two Regions, and messages were lost in one of them', { profile, fateOf: lostInOne }],
];

function lostInOne(slice: number, n: number) {
  return slice === 3 && n % 50 === 0 ? { copies: 0 } : {};
}
