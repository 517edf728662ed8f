import type { Command } from 'commander';
import { sliceOf } from '../../plan/slices.ts';
import { exitCodes } from '../../profile/errors.ts';
import { checkDraft, draftRun, type RunDraft } from '../draft-run.ts';
import { makePaint } from '../paint.ts';
import { renderPlanPage } from '../plan-page.ts';
import { addProfileArguments, readGivenProfile } from '../profile-arguments.ts';
import type { Finish } from '../program.ts';
import { accountOfQuotas, addQuotaFlags, embeddedQuotasOf } from '../quota-flags.ts';

export function addPlanCommand(program: Command, finish: Finish): void {
  const command = program
    .command('plan')
    .summary('show what a load profile becomes, without running it')
    .description(
      'Show what a load profile becomes on AWS: slices, connects, messages, the timeline, Lambdas, the peak of every ' +
        'quota with its headroom, state payloads, and the cost line by line. Nothing is started.',
    )
    .option('--json', 'print the plan, its slices and the quotas as JSON');
  addProfileArguments(addQuotaFlags(command)).action(
    async (path: string, flags: Readonly<Record<string, unknown>>) => {
      const draft = draftRun((await readGivenProfile(path, flags)).profile, {
        account: accountOfQuotas(embeddedQuotasOf(flags)),
      });
      process.stdout.write(flags.json === true ? toJson(draft) : toPage(draft));
      // The page first: it shows what the refusal speaks of.
      checkDraft(draft);
      finish(exitCodes.passed);
    },
  );
}

function toPage({ plan, preflight, faults, walls }: RunDraft): string {
  const page = renderPlanPage(plan, preflight, makePaint(process.stdout)).join('\n');
  const isRefused = faults.length + walls.length + preflight.refusals.length > 0;
  // Room for what is about to be said.
  return `${page}\n${isRefused ? '\n' : ''}`;
}

function toJson({ plan, preflight, faults, walls }: RunDraft): string {
  const slices = Array.from({ length: plan.slices.count }, (_, slice) => sliceOf(plan, slice));
  return `${JSON.stringify({ plan, slices, preflight, faults, walls }, null, 2)}\n`;
}
