import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from '@jest/globals';
import { type CliProcess, makeWorkplace } from '../support/cli/run-cli.ts';
import { falseSentences, sentencesOfPage } from '../support/report/sentences.ts';
import { processesOfFunction } from '../support/run/function-processes.ts';
import { playRecorded, type RecordedRun } from '../support/run/recorded-run.ts';

// Processes that may open few files, by the kernel's own limit: what fails is named (EMFILE), with what to do about it, and
// the counts agree with the recorder's.

const load = {
  devices: 200,
  connect: { client: 'dense', ratePerSecond: 400 },
  ratePerSecond: 60,
  duration: '5s',
  publish: { ackTimeout: '2s' },
  slices: { devicesPerSlice: 100, toleratedFailureShare: 0.5 },
  drain: '2s',
};

const workplace = makeWorkplace();
afterAll(() => workplace.remove());

function hasPrlimit(): boolean {
  try {
    execFileSync('prlimit', ['--pid', String(process.pid)], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
const withPrlimit = hasPrlimit() ? describe : describe.skip;
if (withPrlimit === describe.skip) console.warn('skipped: a low limit of open files takes prlimit');

const limit = (pid: number, files: number): void =>
  void execFileSync('prlimit', ['--pid', String(pid), `--nofile=${files}:${files}`]);

withPrlimit('a run with few file descriptors', () => {
  it.each(['dense', 'device-sdk'])(
    'in a slice, at connect (%s), blames this machine and no one else',
    async (client) => {
      const limitSlices = async (runs: string): Promise<void> => {
        const limited = new Set<number>();
        while (limited.size < 2) {
          for (const pid of processesOfFunction(runs, 'publish-mqtt')) {
            if (!limited.has(pid)) limit(pid, 70);
            limited.add(pid);
          }
          await sleep(20);
        }
      };
      const name = `connect-${client}`;
      const profile = { ...load, connect: { ...load.connect, client } };
      const { report, recorded, html } = await playRecorded(
        workplace,
        { name, profile, from: 'starting' },
        limitSlices,
      );
      const { messages, devices } = report;
      expect(report.imbalances).toEqual([]);
      expect(report.slices).toMatchObject({ planned: 2, died: 0, failed: 0 });
      expect(devices.connected).toBeGreaterThan(0);
      expect(devices.connected).toBeLessThan(load.devices);
      expect(messages).toMatchObject({
        sent: recorded.sent,
        acked: recorded.acked,
        received: recorded.queued,
        lost: 0,
      });
      expect(messages.dropped).toBeGreaterThan(0);
      expect(Object.keys(report.causes.connectFailed)).toEqual([
        'EMFILE (this process may open no more files)',
      ]);
      expect(report.reasons.at(-1)).toMatch(
        /this machine failed connects: EMFILE \(this process may open no more files\) \d+\)\. Raise the limit of open files \(ulimit -n\), or plan fewer devices in a slice \(slices\.devicesPerSlice\)\.$/,
      );
      const truth = { ...truthOf(recorded), devicesConnected: devices.connected, slicesKilled: 0 };
      expect(falseSentences(sentencesOfPage(html), truth, report)).toEqual([]);
    },
    120_000,
  );

  it('in embedded AWS, at the start of Lambdas, names it for each slice that did not start', async () => {
    const limitStarts = async (runs: string, cli: CliProcess): Promise<void> => {
      const [file = ''] = readdirSync(path.join(runs, '.embedded'));
      const pid = Number.parseInt(file, 10);
      const open = readdirSync(`/proc/${pid}/fd`).length;
      // The soft limit, so that what comes after the starts has files again.
      execFileSync('prlimit', ['--pid', String(pid), `--nofile=${open + 60}:`]);
      await cli.untilSays(' publishing,');
      execFileSync('prlimit', ['--pid', String(pid), '--nofile=1024:']);
    };
    const slices = 20;
    const profile = {
      ...load,
      slices: { devicesPerSlice: load.devices / slices, toleratedFailureShare: 0.95 },
    };
    const row = { name: 'start', profile, from: 'starting', args: ['--force'] };
    const { report, recorded, html, said } = await playRecorded(workplace, row, limitStarts);
    expect(said).toContain('embedded AWS may open no more files (EMFILE)');
    expect(report.imbalances).toEqual([]);
    expect(report.slices.died).toBeGreaterThan(0);
    expect(report.slices.died).toBeLessThan(slices);
    // Requests for a start are closed as they come, too, which the command line has said.
    const diedOf = Object.keys(report.causes.sliceDied);
    for (const reason of diedOf) expect(reason).toMatch(/EMFILE|^Lambda\.SdkClientException: /);
    expect(diedOf.join()).toContain('EMFILE');
    const { messages, devices } = report;
    expect(messages).toMatchObject({ sent: recorded.sent, acked: recorded.acked, received: recorded.queued });
    const truth = {
      ...truthOf(recorded),
      devicesConnected: devices.connected,
      slicesKilled: report.slices.died,
    };
    expect(falseSentences(sentencesOfPage(html), truth, report)).toEqual([]);
  }, 180_000);
});

function truthOf({ sent, taken, acked, queued, duplicates }: RecordedRun['recorded']) {
  return {
    intended: 300,
    sent,
    taken,
    acked,
    throttled: 0,
    received: queued,
    duplicates,
    arrivedUnacked: Math.max(0, queued - acked),
    takenUnacked: taken - acked,
    isMachineReal: true,
  };
}
