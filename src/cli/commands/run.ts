import path from 'node:path';
import type { Command } from 'commander';
import { RefusedByPreflightError } from '../../plan/refusals.ts';
import { type ExitCode, exitCodes, InvalidInputError } from '../../profile/errors.ts';
import { renderJUnit } from '../../report/junit.ts';
import { renderStepSummary } from '../../report/step-summary.ts';
import { renderTerminalSummary } from '../../report/terminal-summary.ts';
import { draftRun, type RunDraft } from '../draft-run.ts';
import type { EndedRun } from '../embedded-run.ts';
import { aborted, catchInterrupts, type Interrupts } from '../interrupts.ts';
import { type JsonLines, makeJsonLines } from '../json-lines.ts';
import { makePaint } from '../paint.ts';
import { renderPlanBrief } from '../plan-page.ts';
import { parsePort } from '../port.ts';
import { addProfileArguments, type GivenProfile, readGivenProfile } from '../profile-arguments.ts';
import type { Finish } from '../program.ts';
import { makeProgressDisplay, type ProgressDisplay } from '../progress-display.ts';
import { addQuotaFlags, embeddedAccountOf, embeddedQuotasOf, type QuotaFlags } from '../quota-flags.ts';
import { addOutputFlags, type OutputFlags, writeOutputs } from '../report-outputs.ts';
import { exitCodeOfReport, faultOfExecution, QuitError, StoppedBeforeStartError } from '../run-outcome.ts';
import type { OpenPage } from '../ui/open-page.ts';
import { addWeatherFlag, type WeatherFlag, weatherOf } from '../weather-flag.ts';

interface RunFlags extends QuotaFlags, WeatherFlag, OutputFlags {
  readonly runs: string;
  readonly quiet?: boolean;
  readonly json?: boolean;
  readonly ui?: boolean;
  readonly uiPort?: number;
  readonly force?: boolean;
}

export function addRunCommand(program: Command, finish: Finish): void {
  const command = program
    .command('run')
    .summary('run a load profile on embedded AWS and report')
    .description(
      'Run a load profile from start to report. Embedded AWS (loopback servers that speak the AWS protocols) is ' +
        'started for it and ends with it: nothing leaves this machine.\n\n' +
        'Ctrl-C stops the run and reports what was measured until then; a second Ctrl-C quits at once.',
    )
    .option('--runs <dir>', 'directory of the run store: the report is <dir>/<run id>/report.html', 'runs')
    .option('--force', 'run although preflight refuses it: limits.enforce false')
    .option('--quiet', 'no plan and no progress, only the result')
    .option('--json', 'lines of JSON on stdout: the run, its progress each second, its report')
    .option('--ui', 'serve the live page on loopback, from the start of the run until Ctrl-C after its end')
    .option('--ui-port <port>', 'port of the live page; 0 for any (default: 4747, or any)', parsePort);
  addProfileArguments(addQuotaFlags(addWeatherFlag(addOutputFlags(command)))).action(
    async (file: string, flags: RunFlags & Record<string, unknown>) => {
      const given = await readGivenProfile(file, flags);
      const weather = await weatherOf(flags);
      const draft = draftRun(given.profile, { account: embeddedAccountOf(embeddedQuotasOf(flags)) });
      if (draft.faults.length > 0) throw new InvalidInputError('The plan', draft.faults);
      if (draft.preflight.refusals.length > 0 && given.profile.limits.enforce) {
        throw new RefusedByPreflightError(draft.preflight.refusals);
      }
      finish(await run(given, draft, flags, weather));
    },
  );
}

async function run(
  { input }: GivenProfile,
  { plan, preflight }: RunDraft,
  flags: RunFlags,
  weather: Awaited<ReturnType<typeof weatherOf>>,
): Promise<ExitCode> {
  const { runId } = plan;
  const quiet = flags.quiet === true;
  const jsonLines =
    flags.json === true ? makeJsonLines((line) => process.stdout.write(line), quiet) : undefined;
  const display = jsonLines ?? makeProgressDisplay(process.stderr, quiet);
  if (jsonLines === undefined) {
    const heading = `${makePaint(process.stderr)('heading', 'run')} ${runId}`;
    display.say([heading, ...renderPlanBrief(plan, preflight), ''].join('\n'));
  } else {
    jsonLines.began(plan);
  }

  const interrupts = catchInterrupts();
  const quit = new Promise<never>((_resolve, reject) => {
    interrupts.quit.addEventListener('abort', () => {
      display.end();
      reject(new QuitError(path.join(flags.runs, runId)));
    });
  });
  // What it takes to run is loaded only here: `plan` and `--help` need none of it.
  const { runOnEmbeddedAws } = await import('../embedded-run.ts');
  const page = flags.ui === true ? await openLivePage(flags, display, interrupts) : undefined;
  const runLoad = page?.run ?? runOnEmbeddedAws;
  const ended = await Promise.race([
    runLoad({
      runId,
      input,
      runsDirectory: flags.runs,
      quotas: embeddedQuotasOf(flags),
      ...weather,
      display,
      interrupts,
    }),
    quit,
  ]);
  const code = conclude(ended, interrupts.stop.aborted, path.join(flags.runs, runId), jsonLines);
  const { report } = ended;
  if (report !== undefined) {
    await writeOutputs(flags, {
      junit: () => renderJUnit(report),
      stepSummary: () => renderStepSummary(report),
    });
  }
  if (page !== undefined) await Promise.race([keepPage(page, display, interrupts), quit]);
  interrupts.close();
  return code;
}

async function openLivePage(
  flags: RunFlags,
  display: ProgressDisplay,
  interrupts: Interrupts,
): Promise<OpenPage> {
  const [{ openPage }, { runOnEmbeddedAws }] = await Promise.all([
    import('../ui/open-page.ts'),
    import('../embedded-run.ts'),
  ]);
  const page = await openPage({
    runsDirectory: flags.runs,
    ...(flags.uiPort === undefined ? {} : { port: flags.uiPort }),
    runLoad: runOnEmbeddedAws,
    say: display.say,
    interrupts,
  });
  // Who wants to watch needs the address, however quiet the rest.
  if (flags.quiet === true) process.stderr.write(`${page.url}\n`);
  else display.say(`watch it at ${page.url}\n`);
  return page;
}

/** Who asked for the page has not seen its end yet; who pressed Ctrl-C has. */
async function keepPage(page: OpenPage, display: ProgressDisplay, interrupts: Interrupts): Promise<void> {
  if (!interrupts.stop.aborted) display.say(`\nthe page stays at ${page.url}; Ctrl-C ends it`);
  await aborted(interrupts.stop);
  await page.idle();
  await page.close();
}

/** Prints the result. A user's Ctrl-C is the exit code even where the run had all but ended. */
function conclude(
  { execution, report, logDirectory }: EndedRun,
  stopped: boolean,
  directory: string,
  jsonLines: JsonLines | undefined,
): ExitCode {
  if (execution === undefined) throw new StoppedBeforeStartError();
  if (report === undefined) throw faultOfExecution(execution, logDirectory, stopped);
  const files = ['report.html', 'report.json'].map((name) => path.join(directory, name));
  if (jsonLines === undefined) {
    const summary = renderTerminalSummary(report, { paint: makePaint(process.stdout), files });
    process.stdout.write(`${summary}\n`);
  } else {
    jsonLines.ended(report, files);
  }
  return stopped ? exitCodes.stoppedByUser : exitCodeOfReport(report);
}
