import { describe, expect, it } from '@jest/globals';
import { groupsOf } from '../../../src/plan/groups.ts';
import { awakeStretches } from '../../../src/plan/lifecycle.ts';
import { draftPlan } from '../../../src/plan/make-plan.ts';
import { highestDeviceIndex, mostReplacements } from '../../../src/plan/replacements.ts';
import type { ChurningLifecycle } from '../../../src/profile/lifecycle-kinds.ts';
import { parseProfile } from '../../../src/targets/parse-profile.ts';

const load = { devices: 1_000, everySeconds: 10, duration: '10m' };
const churn = (sharePerMinute: number, replace = true) => ({
  lifecycle: { churn: { sharePerMinute, replace }, disconnect: 'drop' },
});

function draftOf(settings: object) {
  return draftPlan({
    profile: parseProfile({ ...load, ...settings }),
    runId: 'run-1',
    now: 0,
    topicFilter: 'stampede/dev/#',
  });
}

describe('devices that replace others', () => {
  it.each([0.05, 0.5, 6])(
    'are never more in one place than the plan takes: %d a minute',
    (sharePerMinute) => {
      const [group] = groupsOf(draftOf(churn(sharePerMinute)).plan);
      const { publishAt, deadlineAt } = group!.timeline;
      const most = mostReplacements(group!);
      const lifecycle: ChurningLifecycle = { churn: { sharePerMinute, replace: true }, disconnect: 'drop' };
      let highest = 0;
      for (let device = 0; device < 1_000; device++) {
        let replacements = 0;
        for (const { toMs } of awakeStretches(lifecycle, group!.profile.seed, device)) {
          if (toMs > deadlineAt - publishAt) break;
          replacements++;
        }
        highest = Math.max(highest, replacements);
      }
      expect(highest).toBeGreaterThan(0);
      expect(highest).toBeLessThanOrEqual(most);
      expect(highestDeviceIndex(group!)).toBe(999 + most * 1_000);
    },
  );

  it('are none where nothing replaces', () => {
    expect(mostReplacements(groupsOf(draftOf({}).plan)[0]!)).toBe(0);
    expect(mostReplacements(groupsOf(draftOf(churn(1, false)).plan)[0]!)).toBe(0);
  });

  it.each(['publish', 'will'] as const)('are in the length of the longest topic: %s', (kind) => {
    // 256 bytes with d999, and AWS IoT Core allows no more.
    const topic = `stampede/dev/${'x'.repeat(256 - 'stampede/dev/'.length - '/d999'.length)}/{deviceId}`;
    const settings = kind === 'publish' ? { publish: { topic } } : { connect: { will: { topic } } };
    expect(draftOf(settings).errors).toEqual([]);
    expect(draftOf({ ...settings, ...churn(1, false) }).errors).toEqual([]);
    expect(draftOf({ ...settings, ...churn(0.5) }).errors).toEqual([
      expect.objectContaining({
        path: kind === 'publish' ? 'publish.topic' : 'connect.will.topic',
        message: expect.stringContaining('up to 258 bytes'),
      }),
    ]);
  });

  it('are checked without a stack, too, and so is the topic root', () => {
    // 256 bytes if the root had one.
    const topic = `{topicRoot}/${'x'.repeat(256 - 'r/'.length - '/d999'.length)}/{deviceId}`;
    const profile = parseProfile({ ...load, publish: { topic }, connect: { will: { topic } } });
    const { errors } = draftPlan({ profile, runId: 'run-1', now: 0 });
    expect(errors).toMatchObject([{ path: 'publish.topic' }, { path: 'connect.will.topic' }]);
  });
});
