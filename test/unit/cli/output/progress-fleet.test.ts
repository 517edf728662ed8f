import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { renderProgressFrame } from '../../../../src/cli/output/progress-frame.ts';
import { renderProgressLine } from '../../../../src/cli/output/progress-line.ts';
import { noTotals, type Progress, troublesOf } from '../../../../src/cli/run/progress.ts';
import { type FleetTotals, summedOfCommands } from '../../../../src/live/live-fleet.ts';
import { makePlan } from '../../../../src/plan/make-plan.ts';
import { parseLoadProfile } from '../../../../src/profile/parse.ts';
import { ofEach } from '../../../../src/shared/counts.ts';

const planOf = (profile: unknown) =>
  makePlan({ runId: 'fleet-1', profile: parseLoadProfile(profile), now: 1_790_000_000_000 });
const profileOf = (name: string) => JSON.parse(readFileSync(`profiles/${name}.json`, 'utf8')) as object;
const ofCommands = planOf(profileOf('commands'));
const ofPresence = planOf(profileOf('offline-sync'));

const commands = {
  ...ofEach(summedOfCommands, () => 0),
  ...{ sent: 304, delivered: 1_095, offline: 5, replied: 280, timed_out: 3 },
};
const presence = { connects: 1_020, disconnects: 12 };

const progressOf = (plan: typeof ofCommands, fleet: FleetTotals | undefined): Progress => ({
  plan,
  totals: { ...noTotals, connected: 100, sent: 40, acked: 40, ...(fleet && { fleet }) },
  sentPerSecond: 20,
  intendedPerSecond: 20,
  now: plan.timeline.publishAt + 5_000,
  stopping: false,
});
const rowsOf = (progress: Progress) =>
  renderProgressFrame(progress, 80).filter((line) => /^ {2}(commands|replies|presence) /.test(line));

describe('commands and presence on a terminal', () => {
  it('are rows of their own that fit into 80 columns', () => {
    expect(rowsOf(progressOf(ofCommands, { commands }))).toEqual([
      '  commands    304 of 604 sent, 1,095 delivered, 5 offline',
      '  replies     280 in time, 3 timed out',
    ]);
    // Locks reply to nothing.
    expect(rowsOf(progressOf(ofPresence, { commands, presence }))).toEqual([
      '  commands    304 of 1,050 sent, 1,095 delivered, 5 offline',
      '  presence    1,020 connects, 12 disconnects',
    ]);
    expect(rowsOf(progressOf(ofCommands, undefined))).toEqual([]);
  });

  it('are in the line of a log', () => {
    expect(renderProgressLine(progressOf(ofCommands, { commands }))).toContain(
      'commands 304 of 604 sent, 1,095 delivered, 5 offline, replies 280 in time, 3 timed out',
    );
  });

  it('are trouble where commands were not sent, or not taken', () => {
    const troubled = { ...commands, dropped: 2, throttled: 7 };
    expect(troublesOf(progressOf(ofCommands, { commands: troubled }))).toEqual([
      ['commands throttled', 7],
      ['commands dropped', 2],
    ]);
    expect(troublesOf(progressOf(ofCommands, { commands }))).toEqual([]);
  });
});
