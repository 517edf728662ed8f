import { describe, expect, it } from '@jest/globals';
import { simulate } from '../../support/device/make-run.ts';

const topicOf = (device: number, type: 'NBIRTH' | 'NDATA') => new RegExp(`/${type}/.*${device}$`);

describe('a device that sends Sparkplug B', () => {
  it('has its birth in the first message that leaves it, also where earlier ones were dropped', async () => {
    const { transport, result } = await simulate({
      devices: 2,
      ratePerSecond: 4,
      seconds: 5,
      publish: {
        topic: 'spBv1.0/{runId}/NDATA/{deviceId}',
        encoding: 'sparkplug-b',
        payload: { t: 1 },
        sizeBytes: 0,
        ackTimeoutMs: 500,
      },
      // Device 1 connects two seconds after its first message was due.
      behaviour: { connect: (device) => (device === 0 ? 5 : 3_500) },
    });
    expect(result.messages.dropped).toBeGreaterThan(0);
    for (const device of [0, 1]) {
      const [birth, ...others] = transport.published.filter((each) => each.device === device);
      expect(birth!.topic).toMatch(topicOf(device, 'NBIRTH'));
      expect(birth!.message).toContain('bdSeq');
      expect(others.length).toBeGreaterThan(3);
      for (const { topic, message } of others) {
        expect(topic).toMatch(topicOf(device, 'NDATA'));
        expect(message).not.toContain('bdSeq');
      }
    }
  });

  it('is born again on each connection, with the next bdSeq and seq from 0', async () => {
    const { transport } = await simulate({
      devices: 2,
      ratePerSecond: 4,
      seconds: 10,
      publish: {
        topic: 'spBv1.0/{runId}/NDATA/{deviceId}',
        encoding: 'sparkplug-b',
        payload: { t: 1 },
        sizeBytes: 0,
        qos: 0,
      },
      connect: { backoff: { baseMs: 100, capMs: 100, jitter: 'none' } },
      script(clock, simulated, plan) {
        for (const seconds of [3, 7])
          clock.setTimer(plan.timeline.publishAt - clock.now() + seconds * 1_000, () => simulated.cut(0));
      },
    });
    const births = (device: number) =>
      transport.published.filter((each) => each.device === device && each.topic.includes('NBIRTH'));
    expect(births(0)).toHaveLength(3);
    expect(births(1)).toHaveLength(1);
    for (const { message } of births(0)) expect(message).toContain('bdSeq');
  });
});
