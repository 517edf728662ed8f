import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from '@jest/globals';
import { makeWorkplace, startCli } from '../support/cli/run-cli.ts';
import { processesOfFunction } from '../support/run/function-processes.ts';
import { playRecorded } from '../support/run/recorded-run.ts';
import { falseClaims, type Known } from '../support/run/recorded-truth.ts';

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
      const run = await playRecorded(workplace, { name, profile, from: 'starting' }, limitSlices);
      const { report } = run;
      const { messages, devices } = report;
      expect(report.slices).toMatchObject({ planned: 2, died: 0, failed: 0 });
      expect(devices.connected).toBeGreaterThan(0);
      expect(devices.connected).toBeLessThan(load.devices);
      expect(messages.dropped).toBeGreaterThan(0);
      // An attempt that was under way when the slice ended has no cause of its own.
      const { 'no answer before the slice ended': _, ...causes } = report.causes.connectFailed;
      expect(Object.keys(causes)).toEqual(['EMFILE (this process may open no more files)']);
      expect(report.reasons.at(-1)).toMatch(
        /this machine failed connects: EMFILE \(this process may open no more files\) \d+(?:; no answer before the slice ended \d+)?\)\. Raise the limit of open files \(ulimit -n\), or plan fewer devices in a slice \(slices\.devicesPerSlice\)\.$/,
      );
      const known: Known = {
        intended: 300,
        connectsHinderedBy: ['machine'],
        // A slice without a descriptor left cannot reach it either.
        influx: { httpStatus: null, isWholeRun: true },
      };
      expect(falseClaims(run, known)).toEqual([]);
    },
  );

  it('in embedded AWS, at the start of Lambdas, names it at once, and calls it no internal error', async () => {
    const runs = path.join(workplace.directory, 'start');
    const profile = workplace.writeProfile('start.json', { ...load, slices: { devicesPerSlice: 10 } });
    const cli = startCli(['run', profile, '--force', '--runs', runs]);
    await cli.untilOutput('starting');
    const [file = ''] = readdirSync(path.join(runs, '.embedded'));
    const pid = Number.parseInt(file, 10);
    // Enough for a few of the 20 slices: each takes three pipes and its connections.
    limit(pid, readdirSync(`/proc/${pid}/fd`).length + 40);
    const { code, stdout, stderr } = await cli.result;
    expect(code).not.toBe(0);
    expect(stderr).toContain('may open no more files (EMFILE)');
    expect(stderr).toContain('raise the limit');
    expect(stderr).toContain('ulimit -n');
    expect(`${stdout}${stderr}`).not.toMatch(/internal/i);
  });
});
