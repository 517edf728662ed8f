import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { renderProgressFrame } from '../../../../src/cli/output/progress-frame.ts';
import { tableOfParts } from '../../../../src/cli/output/progress-parts.ts';
import { noTotals } from '../../../../src/cli/run/progress.ts';
import { noSums } from '../../../../src/live/live-parts.ts';
import { makePlan } from '../../../../src/plan/make-plan.ts';
import { parseLoadProfile } from '../../../../src/profile/parse.ts';

const now = 1_790_000_000_000;
const planOf = (profile: unknown) => makePlan({ runId: 'mix-1', profile: parseLoadProfile(profile), now });
const mix = planOf(JSON.parse(readFileSync('profiles/fleet-mix.json', 'utf8')));

const groups = [{ ...noSums(), group: 'trackers', connects: 250, sent: 1_000, acked: 390 }];
const kinds = [
  { ...noSums(), group: 'trackers', kind: 'position', sent: 600, arrivals: 610 },
  { ...noSums(), group: 'trackers', kind: 'status', sent: 400, acked: 390, arrivals: 380 },
];

describe('the table of groups and kinds on a terminal', () => {
  it('has each kind below its group, in the order of the profile, also before it is reported', () => {
    expect(tableOfParts({ groups, kinds }, mix, 80)).toEqual([
      '  groups       connected   sent     of  acked  arrived',
      '  meters               0      0  1,500      0        0',
      '    reading            –      0  1,400      0        0',
      '    alarm              –      0    100      0        0',
      '  trackers           250  1,000  2,500    390      990',
      '    position           –    610  1,600      –      610',
      '    status             –    400    400    390      380',
      '    heartbeat          –      0    500      0        0',
      '  gateways             0      0    400      0        0',
      '    batch              –      0    200      0        0',
      '    log                –      0    200      0        0',
    ]);
  });

  it('has a column of what went wrong only where some has', () => {
    const [status] = kinds.slice(1);
    const table = tableOfParts({ groups, kinds: [{ ...status!, throttled: 7 }] }, mix, 80);
    expect(table[0]).toMatch(/ arrived {2}throttled$/);
    expect(table[6]).toMatch(/ 7$/);
  });

  it('leaves out columns that the width does not take, and kinds where there are many', () => {
    expect(tableOfParts({ groups, kinds }, mix, 40)[0]).toBe('  groups       connected   sent     of');
    const messages = { one: {}, two: {}, three: {} };
    const names = Array.from({ length: 15 }, (_, i) => `group-${i}`);
    const many = planOf({
      duration: '10s',
      ratePerSecond: 30,
      groups: Object.fromEntries(names.map((name) => [name, { devices: 3, messages }])),
    });
    const table = tableOfParts({ groups: [], kinds: [] }, many, 80);
    expect(table).toHaveLength(14);
    expect(table[12]).toContain('  group-11 ');
    expect(table.at(-1)).toBe('  and 3 more');
  });

  it('is of kinds alone where the profile has no groups, and empty where they have no names', () => {
    const flat = { devices: 3, duration: '10s', ratePerSecond: 30 };
    const [head, row] = tableOfParts(
      { groups: [], kinds: [{ ...kinds[1]!, group: undefined }] },
      planOf({ ...flat, messages: { status: {} } }),
      80,
    );
    expect([head, row]).toEqual([
      '  kinds   sent   of  acked  arrived',
      '  status   400  300    390      380',
    ]);
    expect(tableOfParts({ groups: [], kinds: [] }, planOf(flat), 80)).toEqual([]);
  });

  it('is below the rest of the display, and no wider than the terminal', () => {
    const totals = { ...noTotals, sent: 1_000, parts: { groups, kinds } };
    const { publishAt } = mix.timeline;
    const moment = { plan: mix, totals, now: publishAt + 5_000, stopping: false };
    for (const columns of [10, 30, 80, 120]) {
      const frame = renderProgressFrame({ ...moment, sentPerSecond: 0, intendedPerSecond: 0 }, columns);
      expect(Math.max(...frame.map((line) => line.length))).toBeLessThanOrEqual(columns);
      expect(frame.some((line) => line.startsWith('  groups'))).toBe(columns >= 30);
    }
  });
});
