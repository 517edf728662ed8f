import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { exitCodes, StampedeError } from '../../profile/errors.ts';
import type { Finish } from '../program.ts';
import type { StoppedRun } from '../stop-run.ts';

export class RunNotReachableError extends StampedeError {
  constructor(runId: string, runsDirectory: string, places: number) {
    const where =
      places === 0
        ? `no embedded AWS is running on ${runsDirectory}`
        : `the embedded AWS that runs on ${runsDirectory} knows no such run`;
    super('RunNotReachable', `run ${runId} cannot be stopped: ${where}`, {
      hint: 'a rehearsal ends with the process that started it; `stampede report` shows what it has left',
      exitCode: exitCodes.badUsage,
    });
  }
}

export function addStopCommand(program: Command, finish: Finish): void {
  program
    .command('stop')
    .summary('stop a run that goes on in another process')
    .description(
      'Stop a run and wait for its report of what was measured until then. Its slices stop publishing within a second ' +
        '(over HTTPS within five), disconnect and drain. A rehearsal can be stopped for as long as the embedded AWS ' +
        'runs that it was started on.',
    )
    .argument('<run>', 'its run id')
    .option('--runs <dir>', 'directory of the run store', 'runs')
    .action(async (runId: string, { runs }: { readonly runs: string }) => {
      const { execution, wasRunning, report } = await stop(runId, runs);
      const verdict = report === undefined ? execution.status.toLowerCase() : report.verdict;
      process.stdout.write(
        `${runId} ${wasRunning ? 'was stopped' : 'had ended before'}: ${verdict}\n` +
          (report === undefined ? '' : `${path.join(runs, runId, 'report.html')}\n`),
      );
      finish(exitCodes.passed);
    });
}

async function stop(runId: string, runsDirectory: string): Promise<StoppedRun> {
  const [{ findAddresses }, { placeOf }, { stopRun }] = await Promise.all([
    import('../../embedded/addresses.ts'),
    import('../embedded-place.ts'),
    import('../stop-run.ts'),
  ]);
  const addresses = findAddresses(runsDirectory);
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  for (const address of addresses) {
    const stopped = await stopRun(runId, { ...placeOf(address, runsDirectory), now: Date.now, sleep, say });
    if (stopped !== undefined) return stopped;
  }
  throw new RunNotReachableError(runId, runsDirectory, addresses.length);
}
