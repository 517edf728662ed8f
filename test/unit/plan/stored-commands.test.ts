import { describe, expect, it } from '@jest/globals';
import { draftPlan } from '../../../src/plan/make-plan.ts';
import { preflight } from '../../../src/plan/preflight.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';

const kept = { cleanStart: false, sessionExpiry: '1h' };
const asleep = { awake: '30s', asleep: '30s' };

function forecastOf(locks: object, backend: object, more: object = {}) {
  const profile = parseLoadProfile({
    duration: '120s',
    drain: '30s',
    groups: {
      locks: { devices: 100, idle: true, connect: kept, ...locks },
      settings: { from: 'backend', devices: 20, command: { to: 'locks' }, ratePerSecond: 200, ...backend },
    },
    ...more,
  });
  const { plan } = draftPlan({ runId: 'run', profile, now: 0, topicFilter: 'stampede/dev/#' });
  const { quotas, quotaAssumptions, refusals } = preflight(plan);
  return {
    queued: quotas.find(({ quota }) => quota === 'queuedMessagesPerSecond'),
    catchingUp: quotaAssumptions.filter((line) => line.startsWith('A device')),
    refusals,
  };
}

describe('the plan of commands for devices that are not connected', () => {
  it('counts what is stored a second against the quota of queued messages', () => {
    // On average 50 of 100 devices are asleep, and with three standard deviations 72 at most.
    expect(forecastOf({ lifecycle: asleep }, {}).queued).toMatchObject({
      peak: 200 * 0.72,
      limit: 500,
      withinAllowed: true,
      isKept: false,
    });
  });

  it('refuses more than the quota, at the backend’s command', () => {
    // A broadcast is stored for all that sleep at once.
    const { queued, refusals } = forecastOf(
      { lifecycle: asleep },
      { ratePerSecond: 10, command: { to: 'locks', address: 'broadcast' } },
    );
    expect(queued).toMatchObject({ peak: 720, allowed: 400, withinAllowed: false });
    expect(refusals).toContainEqual(
      expect.objectContaining({
        path: 'groups.settings.command',
        message:
          'messages queued for sleeping clients per second: 720/s planned, and 80% of the quota of 500/s is 400/s',
      }),
    );
  });

  it('says how long a device needs to catch up: what is stored for it at ten a second', () => {
    // 60 seconds of ten commands a second.
    const forecast = (drain: string) =>
      forecastOf(
        { devices: 20, lifecycle: { awake: '70s', asleep: '60s' } },
        { devices: 2, ratePerSecond: 200 },
        { drain },
      ).catchingUp;
    expect(forecast('60s')).toEqual([
      'A device of locks that was offline for 1m has up to 600 stored commands to catch up on: at 10/s that takes 60.0 s at least.',
    ]);
    expect(forecast('30s')).toEqual([
      expect.stringMatching(/at least\. The drain is 30s: what is left then counts as offline\.$/),
    ]);
  });

  it('says so where devices sleep again before, and leaves out what expires', () => {
    const locks = { devices: 10, lifecycle: { awake: '5s..25s', asleep: '20s' } };
    const [line] = forecastOf(locks, { ratePerSecond: 50 }).catchingUp;
    expect(line).toMatch(/ 100 stored .* 10\.0 s at least\. It may sleep again after 5s, and goes on/);
    const publish = { messageExpiry: '2s' };
    expect(forecastOf(locks, { ratePerSecond: 50, publish }).catchingUp[0]).toMatch(/ 10 stored .* 1\.0 s /);
  });

  it('says how far devices fall behind where more is stored than they are awake for', () => {
    // 6,000 in each sleep of 60 s, and 50 sent in 5 s: ten cycles are in 650 s.
    const locks = { devices: 2, lifecycle: { awake: '5s', asleep: '60s' } };
    const command = { to: 'locks', address: 'broadcast' };
    const backend = { devices: 1, ratePerSecond: 100, command };
    const lineOf = (publish: object, drain = '10s') =>
      forecastOf(locks, { ...backend, publish }, { duration: '650s', drain }).catchingUp[0];
    expect(lineOf({})).toBe(
      'A device of locks that was offline for 1m has up to 6,000 stored commands to catch up on: at 10/s that takes 600.0 s at least. More is stored while it sleeps than is sent while it is awake: it falls behind by 5,950 with each sleep, on average, and has about 59,550 stored at the end. The drain is 10s: what is left then counts as offline.',
    );
    // What expires is not left: at most the last second's.
    expect(lineOf({ messageExpiry: '1s' }, '30s')).toMatch(
      /falls behind by 50 with each sleep, on average, and has about 100 stored at the end\.$/,
    );
    // 12 in a minute are sent in 1.2 s: a device that is awake for longer catches up.
    expect(forecastOf(locks, { ...backend, ratePerSecond: 0.2 }).catchingUp[0]).not.toContain('falls behind');
  });

  it('counts a storm as well, until its devices are forecast to be back', () => {
    const backoff = { base: '4s', cap: '4s', jitter: 'none' };
    const { queued, catchingUp } = forecastOf(
      { connect: { ...kept, backoff } },
      {},
      { timeline: [{ at: '10s', group: 'locks', disconnect: { share: 0.3, how: 'drop' } }] },
    );
    expect(queued?.peak).toBeCloseTo(200 * 0.3);
    expect(catchingUp).toEqual([expect.stringContaining('offline for 4s has up to 8 stored')]);
  });

  it('stores nothing for devices that stay connected, whose sessions end, or whose commands are of QoS 0', () => {
    for (const [locks, backend] of [
      [{}, {}],
      [{ lifecycle: asleep, connect: {} }, {}],
      [{ lifecycle: asleep }, { publish: { qos: 0 } }],
    ] as const)
      expect(forecastOf(locks, backend)).toMatchObject({ queued: undefined, catchingUp: [] });
  });
});
