import type { Command } from 'commander';
import { exitCodes } from '../../shared/errors.ts';
import { loadEmbedded } from '../backend/run-site.ts';
import { print } from '../output/printable.ts';
import { makeStyler } from '../output/style.ts';
import { aborted, catchInterrupts } from '../run/interrupts.ts';
import { type LoadPage, parsePort } from '../run/live-page.ts';
import { type Finish, QuitError } from '../run/run-outcome.ts';

export function addUiCommand(program: Command, finish: Finish, loadPage: LoadPage): void {
  program
    .command('ui')
    .description(
      'Serve the page on loopback until Ctrl-C: the runs of a directory with their reports, comparisons of them, and a ' +
        'form that starts a load test on embedded AWS and shows it. Each printed link works once, in one browser; then the ' +
        'next link is printed. No other user, page or machine can use it.',
    )
    .option('--runs <dir>', 'directory of the run store', 'runs')
    .option(
      '--port <port>',
      'port on 127.0.0.1; 0 for any (default: 4747, or a free one if it is taken)',
      parsePort,
    )
    .action(async ({ runs, port }: { readonly runs: string; readonly port?: number }) => {
      await servePage(runs, port, loadPage);
      finish(exitCodes.passed);
    });
}

async function servePage(runsDirectory: string, port: number | undefined, loadPage: LoadPage): Promise<void> {
  const interrupts = catchInterrupts();
  const [{ openPage }, runLoad] = await Promise.all([loadPage(), loadEmbedded(runsDirectory)]);
  const say = (line: string): void => void print(process.stderr, `${line}\n`);
  const page = await openPage({
    runsDirectory,
    ...(port === undefined ? {} : { port }),
    runLoad,
    say,
    interrupts,
  });
  print(process.stdout, `${page.link}\n`);
  say(makeStyler(process.stderr)('dim', 'Ctrl-C ends it'));
  await aborted(interrupts.stop);
  const quit = aborted(interrupts.quit).then(() => {
    throw new QuitError(`what slices had stored by then lies in ${runsDirectory}`);
  });
  // A run that is under way ends as at Ctrl-C in `run`: with a report of what was measured.
  await Promise.race([page.idle(), quit]);
  await page.close();
  interrupts.close();
}
