import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exitCodes } from '../../../../src/shared/errors.ts';
import { runCli } from '../../../support/cli/run-cli.ts';
import { type EndedRehearsal, type Rehearsal, startRehearsal } from '../../../support/run/rehearsal.ts';

// A run that other processes change while it goes on.

const load = {
  groups: { meters: { devices: 20, ratePerSecond: 40 }, trackers: { devices: 10, ratePerSecond: 20 } },
  connect: { client: 'dense', ratePerSecond: 100 },
  duration: '24s',
  drain: '2s',
  publish: { ackTimeout: '10s' },
};

const nowhere = { url: 'http://127.0.0.1:9', org: 'away', bucket: 'away', token: 'none' };

interface Printed {
  readonly code: number | null;
  readonly text: string;
}

let rehearsal: Rehearsal;
let ended: EndedRehearsal;
let directory: string;
const printed = new Map<string, Printed>();
beforeAll(async () => {
  // Nothing listens there: a run goes on without its live view.
  rehearsal = await startRehearsal({ influx: { ...nowhere } });
  const run = await rehearsal.begin(load);
  directory = path.join(rehearsal.runsDirectory, run.runId);
  const set = async (...settings: string[]): Promise<void> => {
    const { code, stdout, stderr } = await runCli([
      'set',
      'latest',
      ...settings,
      '--runs',
      rehearsal.runsDirectory,
    ]);
    printed.set(settings.join(' '), { code, text: `${stdout}${stderr}` });
  };
  const { timeline } = await run.plan();
  await new Promise((resolve) => setTimeout(resolve, timeline.publishAt - Date.now()));
  await set('disconnect=50%', 'group=trackers');
  await set('faults.dropAcks=50%', 'faults.dropDeliveries=20%');
  await set('faults=none', '--at', '5s');
  await set('disconect=50%', 'disconnect.how=gently');
  await set('disconnect=50%', 'group=tracker');
  await set('disconnect=50%', '--at', '30s');
  await set('disconnect=50%', '--at', '100ms');
  ended = await run.ended();
  await set('disconnect=10%');
});
afterAll(() => rehearsal.close());

const printedBy = (settings: string): Printed => printed.get(settings)!;

describe('stampede set', () => {
  it('says what will happen and when', () => {
    const forecast = 'At \\d+:\\d\\d of publishing 5 devices of trackers are disconnected, .+\n';
    for (const [settings, what, also = ''] of [
      ['disconnect=50% group=trackers', 'disconnect 50 % of the devices (drop) in group trackers', forecast],
      ['faults.dropAcks=50% faults.dropDeliveries=20%', 'dropDeliveries 0.2, dropAcks 0.5'],
      ['faults=none --at 5s', 'faults of embedded IoT Core: none'],
    ] as const) {
      const { code, text } = printedBy(settings);
      expect([code, text]).toEqual([
        exitCodes.passed,
        expect.stringMatching(
          new RegExp(
            ` at \\d\\d:\\d\\d:\\d\\d\\.\\d{3} UTC, in [\\d.]+ (ms|s)\\n${also}(announcing it took long: .+\\n)?$`,
          ),
        ),
      ]);
      expect(text).toContain(what);
    }
  });

  it('refuses with the reason, before anything is stored', () => {
    for (const [settings, ...words] of [
      [
        'disconect=50% disconnect.how=gently',
        'did you mean "disconnect"?',
        'disconnect.how: is not known: gently',
      ],
      ['disconnect=50% group=tracker', 'did you mean "trackers"?'],
      ['disconnect=50% --at 30s', 'at: is past the end: publishing is over at '],
      ['disconnect=50% --at 100ms', 'at: is sooner than every slice can have received the action'],
      ['disconnect=10%', 'run: has ended'],
    ] as const) {
      const { code, text } = printedBy(settings);
      expect([settings, code]).toEqual([settings, exitCodes.badUsage]);
      for (const each of words) expect(text).toContain(each);
    }
    expect(readdirSync(path.join(directory, 'actions')).toSorted()).toEqual(['0.json', '1.json', '2.json']);
  });

  it('disconnects devices of that group, and the report has the storm', () => {
    const { storms } = ended.report;
    expect(storms?.list).toMatchObject([{ group: 'trackers', how: 'drop', disconnected: 5 }]);
  });

  it('changes faults of the service from its instant on, and the report names them', () => {
    const events = ended.report.conditions?.faults?.events ?? [];
    expect(events.map(({ setting, value }) => `${setting} ${value}`)).toEqual([
      'dropDeliveries 0.2',
      'dropAcks 0.5',
      'dropDeliveries 0',
      'dropAcks 0',
    ]);
    for (const { at } of events) expect(at).toEqual(expect.any(Number));
    const { lost, unacknowledged } = ended.report.messages;
    expect(lost).toBeGreaterThan(0);
    expect(unacknowledged).toBeGreaterThan(0);
  });

  it('leaves a report that balances and says what IoT Core recorded', () => {
    const { messages, storms } = ended.report;
    const held = messages.notRead + messages.deadLettered + messages.unaccounted;
    expect(messages.intended).toBe(messages.sent + messages.dropped);
    expect(messages.sent).toBe(messages.received + messages.lost + held);
    expect(messages.sent).toBe(
      messages.acked + messages.throttled + messages.failed + messages.unacknowledged,
    );
    const { recorded } = ended;
    expect(messages.received).toBeGreaterThanOrEqual(recorded.queued - held);
    expect(messages.received).toBeLessThanOrEqual(recorded.queued);
    // A device that is disconnected reads no more answers: at most those of a second.
    const unread = 2 * storms!.list[0]!.disconnected;
    expect(messages.acked).toBeGreaterThanOrEqual(recorded.ackedInTime - unread);
    expect(messages.acked).toBeLessThanOrEqual(recorded.acked);
  });

  it('keeps its actions for InfluxDB, which was away, as annotations', () => {
    const overflow = path.join(directory, 'influx-overflow');
    const lines = readdirSync(overflow).flatMap((file) =>
      readFileSync(path.join(overflow, file), 'utf8').split('\n'),
    );
    const titles = new Set(lines.flatMap((line) => /event=action.*title="([^"]*)"/.exec(line)?.[1] ?? []));
    expect([...titles].toSorted()).toEqual([
      'faults of embedded IoT Core: dropDeliveries 0.2, dropAcks 0.5',
      'faults of embedded IoT Core: none',
      'trackers: disconnect 50 % of the devices (drop)',
    ]);
  });
});
