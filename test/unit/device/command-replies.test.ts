import { expect, it } from '@jest/globals';
import { commandTopic, downlinksOf } from '../../../src/plan/downlinks.ts';
import { draftPlan } from '../../../src/plan/make-plan.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { simulate } from '../../support/device/make-run.ts';

it('a slice survives replies that its transport does not send, and counts those that it sent', async () => {
  const profile = parseLoadProfile({
    duration: '4s',
    drain: '1s',
    groups: {
      meters: { devices: 4, ratePerSecond: 10, reply: { delay: '10ms..20ms' } },
      operator: { from: 'backend', ratePerSecond: 1 },
    },
  });
  const { plan } = draftPlan({ runId: 'run', profile, now: 1_700_000_000_000 });
  const [downlink] = downlinksOf(plan);
  const { firstSlice: slice } = downlink!.sender;
  const { result } = await simulate({
    plan,
    behaviour: { rejectsQos0: (device) => device === 2 },
    script: (clock, transport) => {
      for (let n = 0; n < 4; n++) {
        const atMs = plan.timeline.publishAt + 500 + 1_000 * n;
        clock.setTimer(atMs - clock.now(), () => {
          const envelope = { run: 'run', slice, deviceGroup: 2, n, device: 4, at: atMs - 1, sent: atMs - 1 };
          const topic = commandTopic({ downlink: downlink!, slice, firstPlace: 0 }, n);
          const payload = Buffer.from(JSON.stringify({ stampede: envelope }));
          transport.deliver(n, { topic, payload, qos: 0, dup: false, retain: false });
        });
      }
    },
  });
  expect(result.downlink).toMatchObject({ arrivals: 4, repliesSent: { [slice]: 3 } });
  // Of the slice's own messages, none was refused.
  expect(result.messages).toMatchObject({ intended: 40, acked: 40, failed: 0 });
});
