import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { exitCodes } from '../../shared/errors.ts';
import { findRun } from '../backend/find-run.ts';
import { addStageFlags, type StageFlags } from '../options/stage-flags.ts';
import { print } from '../output/printable.ts';
import type { Finish } from '../run/run-outcome.ts';

interface StopFlags extends StageFlags {
  readonly runs: string;
}

export function addStopCommand(program: Command, finish: Finish): void {
  const command = program
    .command('stop')
    .description(
      'Stop a run and wait for its report of what was measured until then. Its slices stop publishing within a second ' +
        '(over HTTPS within five), disconnect and drain. A rehearsal can be stopped while its embedded AWS is ' +
        'running. With --stage, any user of the stack can stop a run, also one that another user started.',
    )
    .argument('<run>', 'its run id');
  addStageFlags(command)
    .option('--runs <dir>', 'directory of the run store', 'runs')
    .action(async (run: string, flags: StopFlags) => {
      const { stopRun } = await import('../run/stop-run.ts');
      const found = await findRun(run, flags);
      const { runId } = found;
      const say = (line: string): void => void print(process.stderr, `${line}\n`);
      const { execution, wasRunning, slicesWereRunning, report } = await stopRun(found, {
        now: Date.now,
        sleep,
        say,
      });
      const verdict = report === undefined ? execution.status.toLowerCase() : report.verdict;
      print(
        process.stdout,
        `${runId} ${wasRunning ? 'was stopped' : `had ended before${slicesWereRunning ? ', and its slices were stopped' : ''}`}: ${verdict}\n` +
          (report === undefined ? '' : `${path.join(flags.runs, runId, 'report.html')}\n`),
      );
      finish(exitCodes.passed);
    });
}
