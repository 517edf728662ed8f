import { describe, expect, it } from '@jest/globals';
import { draftPlan } from '../../../src/plan/make-plan.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { accountLimitsOf } from '../../../src/targets/aws-iot/quotas.ts';

const profile = parseLoadProfile({
  devices: 10,
  ratePerSecond: 10,
  duration: '60s',
  timeline: [
    { at: '10s', disconnect: {} },
    { at: '20s', faults: { dropAcks: 0.1 } },
  ],
});

const errorsOf = (isCharged: boolean) =>
  draftPlan({
    runId: 'r',
    profile,
    now: 0,
    account: { limits: accountLimitsOf('default'), live: [], isCharged },
  }).errors;

describe('faults in a timeline', () => {
  it('are refused of a draft for a stack on AWS, before anything starts', () => {
    expect(errorsOf(true)).toEqual([
      {
        path: 'timeline[1].faults',
        message: 'only the embedded IoT Core injects faults, and this run loads AWS',
        hint: expect.stringContaining('rehearse the profile'),
      },
    ]);
  });

  it('are planned of a draft for a rehearsal', () => {
    expect(errorsOf(false)).toEqual([]);
  });
});
