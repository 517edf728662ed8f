import { describe, expect, it } from '@jest/globals';
import { draftPlan } from '../../../src/plan/make-plan.ts';
import { preflight } from '../../../src/plan/preflight.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';

const forecastOf = (command: object, more: object = {}, backend: object = {}) => {
  const profile = parseLoadProfile({
    duration: '60s',
    drain: '5s',
    groups: {
      meters: { devices: 100_000, everySeconds: 3_600, ...more },
      operator: { from: 'backend', command, ratePerSecond: 0.1, ...backend },
    },
  });
  const { plan } = draftPlan({ runId: 'run', profile, now: 0, topicFilter: 'stampede/dev/#' });
  const { quotas, quotaAssumptions, refusals, time } = preflight(plan);
  const peakOf = (quota: string) => quotas.find((each) => each.quota === quota)?.peak ?? 0;
  return { peakOf, quotaAssumptions, refusals, drainSeconds: time.drainSeconds };
};

describe('the plan of commands', () => {
  it('says that a broadcast to 100,000 devices is five seconds of the quota, and refuses it', () => {
    const { peakOf, quotaAssumptions, refusals } = forecastOf({ address: 'broadcast' });
    expect(peakOf('publishOutPerSecond')).toBeGreaterThanOrEqual(100_000);
    expect(quotaAssumptions.find((line) => line.startsWith('One broadcast'))).toContain(
      'of operator to 100,000 devices is as many outbound publishes at once: 5.0 s of the quota of 20,000/s',
    );
    expect(refusals.map(({ path }) => path)).toContain('groups.operator.command');
  });

  it('names the setting that takes the most of the quota it refuses', () => {
    const pathOf = (groups: object) => {
      const profile = parseLoadProfile({ duration: '60s', groups });
      const { plan } = draftPlan({ runId: 'run', profile, now: 0, topicFilter: 'stampede/dev/#' });
      return (label: RegExp) => preflight(plan).refusals.find(({ message }) => label.test(message))?.path;
    };
    const [inbound, outbound] = [/^inbound publishes/, /^outbound publishes/];
    const meters = { devices: 50_000, idle: true };
    const device = { from: 'backend', command: {}, ratePerSecond: 0.1 };
    const broadcast = { from: 'backend', command: { address: 'broadcast' }, ratePerSecond: 0.1 };
    // One command in ten seconds beside 38,000 outbound publishes of devices.
    const echoing = { devices: 19_000, ratePerSecond: 19_000, echo: { fraction: 1 } };
    expect(pathOf({ echoing, operator: device })(outbound)).toBe('echo.fraction');
    expect(pathOf({ meters, operator: device, firmware: broadcast })(outbound)).toBe(
      'groups.firmware.command',
    );
    expect(pathOf({ meters, firmware: broadcast, operator: device })(outbound)).toBe(
      'groups.firmware.command',
    );
    // Replies to a broadcast come in at once.
    expect(pathOf({ meters: { ...meters, reply: {} }, firmware: broadcast })(inbound)).toBe(
      'groups.firmware.command',
    );
    expect(pathOf({ busy: { devices: 50_000, ratePerSecond: 30_000 }, operator: device })(inbound)).toBe(
      'stages',
    );
  });

  it('counts the replies to a broadcast on the one connection that they come to', () => {
    const { peakOf } = forecastOf({ address: 'broadcast' }, { reply: {} });
    expect(peakOf('publishesPerSecondPerConnection')).toBeGreaterThanOrEqual(100_000);
  });

  it('drains for as long as replies may take, where some come', () => {
    const drainOf = (command: object, meters: object, backend: object = {}) =>
      forecastOf(command, meters, backend).drainSeconds;
    expect(drainOf({}, {})).toBe(5);
    expect(drainOf({}, { reply: {} })).toBe(10);
    expect(drainOf({ replyTimeout: '20s' }, { reply: {} })).toBe(20);
    // Nothing can be received over HTTPS.
    expect(drainOf({ replyTimeout: '20s' }, { reply: {} }, { connect: { protocol: 'https' } })).toBe(5);
  });

  it('counts commands to devices in turn once', () => {
    const [silent, replying] = [forecastOf({}), forecastOf({}, { reply: {} })];
    const [first, second] = [silent, replying].map(({ peakOf }) => peakOf('publishOutPerSecond'));
    expect(second! - first!).toBeCloseTo(0.1);
    expect(silent.refusals.map(({ path }) => path)).not.toContain('groups.operator.command');
    expect(silent.quotaAssumptions.some((line) => line.startsWith('One broadcast'))).toBe(false);
  });
});
