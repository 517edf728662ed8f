import type { Command } from 'commander';
import { clearTokenNote } from '../../aws/clear-token.ts';
import type { AccountView } from '../../plan/account.ts';
import { sliceOf } from '../../plan/slices.ts';
import type { LoadProfile } from '../../profile/load-profile.ts';
import { exitCodes } from '../../shared/errors.ts';
import type { RunSite } from '../backend/backend.ts';
import { findRunSite } from '../backend/run-site.ts';
import { addProfileArguments, addSearchFlags, readGivenProfile } from '../options/profile-arguments.ts';
import {
  accountOfQuotas,
  addQuotaFlags,
  embeddedAccountOf,
  embeddedQuotasOf,
  type QuotaFlags,
} from '../options/quota-flags.ts';
import { addStageFlags, isStage, type StageFlags } from '../options/stage-flags.ts';
import { renderPlanSummary } from '../output/plan-summary.ts';
import { renderPlanPage } from '../output/plan-text.ts';
import { print } from '../output/printable.ts';
import { makeStyler } from '../output/style.ts';
import { checkDraft, draftRun, type RunDraft } from '../run/draft-run.ts';
import type { Finish } from '../run/run-outcome.ts';

interface PlanFlags extends StageFlags, QuotaFlags, Readonly<Record<string, unknown>> {
  readonly full?: boolean;
}

export function addPlanCommand(program: Command, finish: Finish): void {
  const command = program
    .command('plan')
    .description(
      'Show what a load profile becomes on AWS, on one screen: devices, messages, time, the nearest quotas, cost. Nothing is ' +
        'started. With --stage it is checked against the limits of that stack’s account and the ceilings of the stack.',
    )
    .option(
      '--full',
      'print everything: the course of the load, the instants of the run, all quotas, state payloads, the cost line by line',
    )
    .option('--json', 'print the plan, its slices and the quotas as JSON');
  addSearchFlags(addProfileArguments(addQuotaFlags(addStageFlags(command)))).action(
    async (path: string, flags: PlanFlags) => {
      const { profile } = await readGivenProfile(path, flags);
      const site = isStage(flags)
        ? await findRunSite({ ...flags, runs: 'runs' }, profile.regions)
        : undefined;
      const draft = draftRun(profile, site?.draft ?? { account: accountWithoutStage(profile, flags) });
      print(process.stdout, flags.json === true ? toJson(draft) : toPage(draft, flags, site?.rows));
      const note = clearTokenNote(process.env.INFLUX_URL);
      if (note !== undefined) print(process.stderr, `${note}\n`);
      // Print the plan first: it shows what the refusal refers to.
      checkDraft(draft);
      finish(exitCodes.passed);
    },
  );
}

/** A target of its own is loaded from this machine unless a stack is named; IoT Core of an account is shown as on AWS. */
function accountWithoutStage({ target }: LoadProfile, flags: QuotaFlags): AccountView | undefined {
  const quotas = embeddedQuotasOf(flags);
  return target === undefined ? accountOfQuotas(quotas) : embeddedAccountOf(quotas);
}

function toPage(
  { plan, preflight, errors, walls }: RunDraft,
  { full }: PlanFlags,
  where?: RunSite['rows'],
): string {
  const render = full === true ? renderPlanPage : renderPlanSummary;
  const page = render(
    { plan, preflight, where },
    { style: makeStyler(process.stdout), columns: process.stdout.columns },
  ).join('\n');
  const isRefused = errors.length + walls.length + preflight.refusals.length > 0;
  // A blank line before the error.
  return `${page}\n${isRefused ? '\n' : ''}`;
}

function toJson({ plan, preflight, errors, walls }: RunDraft): string {
  const slices = Array.from({ length: plan.slices.count }, (_, slice) => sliceOf(plan, slice));
  return `${JSON.stringify({ plan, slices, preflight, errors, walls }, null, 2)}\n`;
}
