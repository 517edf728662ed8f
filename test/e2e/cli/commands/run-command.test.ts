import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { availableParallelism, homedir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Report } from '../../../../src/report/report-model.ts';
import { formatUsd } from '../../../../src/shared/format.ts';
import { processesOf } from '../../../support/cli/processes.ts';
import {
  type CliResult,
  makeWorkplace,
  runCli,
  startCli,
  type Workplace,
} from '../../../support/cli/run-cli.ts';

/** Whole runs on embedded AWS: some ten seconds each, most of them the profile's own. */
const tiny = {
  name: 'tiny',
  devices: 20,
  ratePerSecond: 40,
  duration: '3s',
  drain: '1s',
  slices: { devicesPerSlice: 10 },
  thresholds: { lost_messages: ['count==0'], dropped_messages: ['count==0'] },
};

describe('stampede run', () => {
  let workplace: Workplace;
  let runs: string;
  beforeAll(() => {
    workplace = makeWorkplace();
    runs = path.join(workplace.directory, 'runs');
  });
  afterAll(() => workplace.remove());

  /** The newest run's directory and report. */
  const lastRun = (): { directory: string; report: Report } => {
    const runId =
      readdirSync(runs)
        .filter((name) => !name.startsWith('.'))
        .toSorted()
        .at(-1) ?? '';
    const directory = path.join(runs, runId);
    return {
      directory,
      report: JSON.parse(readFileSync(path.join(directory, 'report.json'), 'utf8')) as Report,
    };
  };
  const stdoutNames = (result: CliResult, file: string): boolean => result.stdout.includes(file);

  it('runs a profile to a passing report that balances, and exits 0', async () => {
    const junit = path.join(workplace.directory, 'junit.xml');
    const stepSummary = path.join(workplace.directory, 'summary.md');
    const result = await runCli(
      ['run', workplace.writeProfile('tiny.json', tiny), '--runs', runs, '--junit', junit, '--drain', '1s'],
      { GITHUB_STEP_SUMMARY: stepSummary },
    );
    const { directory, report } = lastRun();
    // The machine of a test may be the bottleneck, and then the verdict says so.
    const isBottleneck = report.generator.health.state === 'bottleneck';
    expect({ code: result.code, verdict: report.verdict, reasons: report.reasons }).toEqual({
      code: 0,
      verdict: isBottleneck ? 'inconclusive' : 'passed',
      reasons: isBottleneck ? [report.generator.health.sentence] : [],
    });
    expect(report.messages).toMatchObject({
      intended: 120,
      sent: 120,
      dropped: 0,
      acked: 120,
      received: 120,
      lost: 0,
    });
    // Under what it ran, and that it was no test of AWS.
    expect(report.conditions).toMatchObject({
      isRehearsal: true,
      versions: { node: process.versions.node },
      host: { cores: availableParallelism() },
      overrides: ['--drain 1s'],
      profile: { name: 'tiny', devices: 20 },
    });
    expect(JSON.stringify(report)).not.toContain(homedir());
    expect(result.stdout).toMatch(/^ {2}\S \S+ {2}\S+ {2}rehearsal$/m);
    // One forecast: the header's is the report's.
    expect(result.stderr).toContain(`on AWS ${formatUsd(report.cost!.forecastUsd)} forecast`);
    for (const name of ['report.json', 'report.html']) {
      expect(existsSync(path.join(directory, name))).toBe(true);
      expect(stdoutNames(result, path.join(directory, name))).toBe(true);
    }
    expect(readFileSync(junit, 'utf8')).toContain('<testsuite name="stampede.tiny" tests="10" failures="0"');
    expect(readFileSync(stepSummary, 'utf8')).toMatch(/^### (✅ tiny: passed|❔ tiny: inconclusive)$/m);
    // In a pipe progress is plain lines, apart from the result.
    expect(result.stderr).toMatch(/^\d+:\d\d publishing, connected \d+\/20/m);
    expect(processesOf(runs)).toEqual([]);
    expect(result.stderr).not.toContain('other users of this machine');
    // Logs, certificates, slices, arrivals, reports: no other user may read any of them.
    const kept = readdirSync(runs, { recursive: true, encoding: 'utf8' });
    expect(kept).toEqual(
      expect.arrayContaining([expect.stringMatching(/device\.key$/), expect.stringMatching(/\.log$/)]),
    );
    const modes = ['', ...kept].map((name) => {
      const { mode } = statSync(path.join(runs, name));
      return { name, isDirectory: (mode & 0o170000) === 0o040000, mode: (mode & 0o777).toString(8) };
    });
    expect(modes.filter(({ isDirectory, mode }) => mode !== (isDirectory ? '700' : '600'))).toEqual([]);
  });

  it('exits 99 when a threshold fails', async () => {
    const profile = { ...tiny, duration: '1s', thresholds: { end_to_end_latency: ['p(50)<0.001'] } };
    const { code } = await runCli([
      'run',
      workplace.writeProfile('strict.json', profile),
      '--runs',
      runs,
      '--quiet',
    ]);
    expect(code).toBe(99);
    expect(lastRun().report.verdict).toBe('failed');
  });

  it('stops cleanly at Ctrl-C: partial report, exit 130, no process left', async () => {
    mkdirSync(runs, { recursive: true });
    chmodSync(runs, 0o755);
    const file = workplace.writeProfile('long.json', { ...tiny, duration: '2m' });
    const cli = startCli(['run', file, '--runs', runs]);
    await cli.untilOutput(', sent ');
    expect(processesOf(runs).join('\n')).toContain('lambda-bootstrap');
    cli.child.kill('SIGINT');
    const { code, stderr } = await cli.result;
    expect(stderr).toContain('stopping… (Ctrl-C again to quit at once)');
    // The user may have made the directory so on purpose.
    expect(stderr.split(`to keep them out: chmod 700 ${runs}`)).toHaveLength(2);
    expect(statSync(runs).mode & 0o777).toBe(0o755);
    chmodSync(runs, 0o700);
    expect(code).toBe(130);
    const { report } = lastRun();
    expect(report.verdict).toBe('aborted');
    expect(report.messages.sent).toBeGreaterThan(0);
    expect(report.messages.sent).toBeLessThan(120 * 40);
    expect(report.messages.lost).toBe(0);
    expect(processesOf(runs)).toEqual([]);
  });

  it('quits at once at a second Ctrl-C', async () => {
    const file = workplace.writeProfile('long.json', { ...tiny, duration: '2m', drain: '30s' });
    const cli = startCli(['run', file, '--runs', runs]);
    await cli.untilOutput(' connecting,');
    cli.child.kill('SIGINT');
    await cli.untilOutput('stopping…');
    await new Promise((resolve) => setTimeout(resolve, 300));
    cli.child.kill('SIGINT');
    // Two minutes of publishing and the drain would outlast this test.
    const { code, stderr } = await cli.result;
    expect(code).toBe(130);
    expect(stderr).toContain('without a report');
    expect(processesOf(runs)).toEqual([]);
  });

  it('refuses a rehearsal that would cost too much on AWS with exit 3, as plan does', async () => {
    const file = workplace.writeProfile('dear.json', tiny);
    const [planned, ran] = await Promise.all([
      runCli(['plan', file, '--max-cost', '0.001']),
      runCli(['run', file, '--max-cost', '0.001', '--runs', runs]),
    ]);
    expect(ran.code).toBe(3);
    expect(ran.stderr).toMatch(/limits\.maxCostUsd|--max-cost/);
    const refusalOf = (text: string) => /Preflight refuses this run:.*/s.exec(text)?.[0];
    expect(ran.code).toBe(planned.code);
    expect(refusalOf(ran.stderr)).toBe(refusalOf(planned.stderr));
  });

  it('refuses what is past the profile’s share of a quota with exit 3', async () => {
    const file = workplace.writeProfile('greedy.json', {
      ...tiny,
      ratePerSecond: 1_999,
      limits: { quotaShare: 0.05 },
    });
    const { code, stderr } = await runCli(['run', file, '--runs', runs]);
    expect(code).toBe(3);
    expect(stderr).toContain('inbound publishes per second (PublishIn): 1,999/s planned');
    expect(stderr).toContain('--force');
  });
});
