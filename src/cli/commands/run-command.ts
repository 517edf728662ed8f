import type { Command } from 'commander';
import { type ExitCode, InvalidInputError } from '../../shared/errors.ts';
import type { RunSite } from '../backend/backend.ts';
import { findRunSite, loadEmbedded, loadOn, type SiteFlags } from '../backend/run-site.ts';
import { addEmulationFlags } from '../options/emulation-flags.ts';
import { addFaultFlag } from '../options/fault-flag.ts';
import { addNetemFlag } from '../options/netem-flag.ts';
import { addProfileArguments, type GivenProfile, readGivenProfile } from '../options/profile-arguments.ts';
import { addQuotaFlags } from '../options/quota-flags.ts';
import { addRegionFlags } from '../options/region-flags.ts';
import { checkCredentialSources } from '../options/stage-credentials.ts';
import { addStageFlags, isStage } from '../options/stage-flags.ts';
import { makeJsonLines } from '../output/json-lines.ts';
import { renderPlanBrief } from '../output/plan-text.ts';
import { fitLines } from '../output/plan-text-rows.ts';
import { print } from '../output/printable.ts';
import { makeProgressDisplay, type ProgressDisplay } from '../output/progress-display.ts';
import { addOutputFlags, checkOutputs, type OutputFlags } from '../output/report-outputs.ts';
import { makeStyler } from '../output/style.ts';
import { concludeRun } from '../run/conclude-run.ts';
import { checkDraft, draftRun, type RunDraft } from '../run/draft-run.ts';
import { aborted, catchInterrupts, type Interrupts } from '../run/interrupts.ts';
import { type LoadPage, type OpenPage, parsePort } from '../run/live-page.ts';
import { parseRepeats, repeatRun, type Series } from '../run/repeat-run.ts';
import { type Finish, QuitError } from '../run/run-outcome.ts';

export interface RunFlags extends SiteFlags, OutputFlags {
  readonly quiet?: boolean;
  readonly json?: boolean;
  readonly uiPort?: number;
  readonly force?: boolean;
  readonly repeat?: number;
}

export function addRunCommand(program: Command, finish: Finish, loadPage: LoadPage): void {
  const command = program
    .command('run')
    .description(
      'Run a load profile from start to report. Embedded AWS (loopback servers that speak the AWS protocols) is ' +
        'started for it and ends with it: nothing leaves this machine. With --stage it runs on AWS, in the stack that ' +
        '`npx stampede deploy` has made, and costs what the forecast says.\n\n' +
        'Ctrl-C stops the run and reports what was measured until then; a second Ctrl-C quits at once. With --repeat, no other run ' +
        'begins then.',
    )
    .option(
      '--repeat <times>',
      'run it so many times, one after another, and show medians and how far the runs are apart; `compare` takes the series',
      parseRepeats,
    );
  addRunArguments(command, 'profiles/smoke.json').action(async (file: string, flags: RunFlags) =>
    finish(await runGiven(await readGivenProfile(file, { ...flags }), flags, loadPage)),
  );
}

/** The profile and the flags of a command that runs it. */
export function addRunArguments(command: Command, defaultProfile: string): Command {
  addStageFlags(command)
    .option('--runs <dir>', 'directory of the run store: the report is <dir>/<run id>/report.html', 'runs')
    .option('--no-target-check', 'start without connecting once to the target of the profile')
    .option('--force', 'run even if preflight refuses it (sets limits.enforce to false)')
    .option('--quiet', 'no plan and no progress, only the result')
    .option('--json', 'lines of JSON on stdout: the run, its progress each second, its report')
    .option('--ui', 'serve the live page on loopback, from the start of the run until Ctrl-C after its end')
    .option(
      '--ui-port <port>',
      'port of the live page; 0 for any (default: 4747, or a free one if it is taken)',
      parsePort,
    );
  return addProfileArguments(
    addEmulationFlags(addQuotaFlags(addNetemFlag(addRegionFlags(addFaultFlag(addOutputFlags(command)))))),
    defaultProfile,
  );
}

/** Checks a profile where it is to run, and runs it. */
export async function runGiven(given: GivenProfile, flags: RunFlags, loadPage: LoadPage): Promise<ExitCode> {
  await checkOutputs(flags);
  checkCredentialSources(given.profile, isStage(flags));
  const site = await findRunSite(flags, given.profile.regions);
  const draft = draftRun(given.profile, site.draft);
  checkDraft(draft);
  if (flags.repeat === undefined) return run({ given, draft, site, flags, loadPage });
  if (flags.ui === true) {
    const hint = 'leave out one of them; `npx stampede ui` shows each run when it has ended';
    throw new InvalidInputError('The command line', [
      { path: '--ui', message: 'shows one run, and --repeat makes several', hint },
    ]);
  }
  // Each run would write the same file.
  const { junit: _, ...runFlags } = flags;
  return repeatRun({ ...flags, times: flags.repeat, site }, (shared, series) => {
    const ofRun = series.run === 1 ? draft : draftRun(given.profile, shared.draft);
    checkDraft(ofRun);
    return run({ given, draft: ofRun, site: shared, flags: runFlags, loadPage, series });
  });
}

interface CheckedRun {
  readonly given: GivenProfile;
  readonly draft: RunDraft;
  readonly site: RunSite;
  readonly flags: RunFlags;
  readonly loadPage: LoadPage;
  /** Absent: it is the only one. */
  readonly series?: Series;
}

async function run({
  given: { input },
  draft,
  site,
  flags,
  loadPage,
  series,
}: CheckedRun): Promise<ExitCode> {
  const { plan, preflight, host } = draft;
  const { runId } = plan;
  const quiet = flags.quiet === true;
  const jsonLines =
    flags.json === true ? makeJsonLines((line) => print(process.stdout, line), quiet) : undefined;
  const display = jsonLines ?? makeProgressDisplay(process.stderr, quiet);
  if (jsonLines === undefined) {
    const place = series === undefined ? '' : `, ${series.run} of ${series.of}`;
    const heading = `${makeStyler(process.stderr)('heading', 'run')} ${runId}${place}`;
    const brief = fitLines(renderPlanBrief(plan, preflight, site.rows, host), process.stderr.columns);
    display.say([heading, ...brief, ''].join('\n'));
  } else {
    jsonLines.began(plan, site.facts, preflight);
  }

  const interrupts = series?.interrupts ?? catchInterrupts();
  const quit = new Promise<never>((_resolve, reject) => {
    interrupts.quit.addEventListener('abort', () => {
      display.end();
      reject(new QuitError(site.whereItIs(runId)));
    });
  });
  const runLoad = await loadOn(site);
  const page = flags.ui === true ? await openLivePage({ flags, display, interrupts, loadPage }) : undefined;
  const request = { runId, input, display, interrupts };
  const ended = await Promise.race([page?.run(request, runLoad) ?? runLoad(request), quit]);
  if (ended.report !== undefined) series?.ended(ended.report);
  const { runs, junit, requireConclusive } = flags;
  const code = await concludeRun(ended, {
    runId,
    runs,
    reportArguments: site.argumentsOf(runId),
    stopped: interrupts.stop.aborted,
    jsonLines,
    ...(junit === undefined ? {} : { junit }),
    ...(requireConclusive === undefined ? {} : { requireConclusive }),
  });
  if (page !== undefined) await Promise.race([keepPage(page, display, interrupts), quit]);
  if (series === undefined) interrupts.close();
  return code;
}

interface PageOfRun extends Pick<CheckedRun, 'flags' | 'loadPage'> {
  readonly display: ProgressDisplay;
  readonly interrupts: Interrupts;
}

async function openLivePage({ flags, display, interrupts, loadPage }: PageOfRun): Promise<OpenPage> {
  const { openPage } = await loadPage();
  const page = await openPage({
    runsDirectory: flags.runs,
    ...(flags.uiPort === undefined ? {} : { port: flags.uiPort }),
    runLoad: await loadEmbedded(flags.runs),
    say: display.say,
    interrupts,
  });
  // The address is printed even with --quiet: it is needed to watch.
  if (flags.quiet === true) print(process.stderr, `${page.link}\n`);
  else display.say(`watch it at ${page.link}\n`);
  return page;
}

/** Keeps the page open until Ctrl-C, and then until open pages have received the end of the run. */
async function keepPage(page: OpenPage, display: ProgressDisplay, interrupts: Interrupts): Promise<void> {
  if (!interrupts.stop.aborted)
    display.say(`\nthe page stays, for another browser at ${page.link}; Ctrl-C ends it`);
  await aborted(interrupts.stop);
  await page.idle();
  await page.close();
}
