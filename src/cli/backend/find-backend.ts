import path from 'node:path';
import { describeCeilings } from '../../plan/ceilings.ts';
import { InvalidInputError } from '../../shared/errors.ts';
import { type BehaviourFlags, behaviourOf, embeddedDeploymentOf } from '../options/behaviour-flags.ts';
import { type FaultFlag, faultSettingsOf } from '../options/fault-flag.ts';
import { embeddedAccountOf, embeddedQuotasOf, type QuotaFlags } from '../options/quota-flags.ts';
import { isStage, type Stage, type StageFlags, stageArguments } from '../options/stage-flags.ts';
import type { DraftOptions } from '../run/draft-run.ts';
import { embeddedReportArguments } from '../runs/report-file.ts';
import type { EmbeddedRunRequest } from './embedded-run.ts';
import { readHostFacts } from './host-facts.ts';
import { type EndedRun, followToReport, type RunRequest } from './run-to-end.ts';

/** Where `run` runs a load profile: embedded AWS that is started for it, or a deployed stack. */
export interface RunBackend {
  /** What is known about it before anything is started. */
  readonly draft: DraftOptions;
  /** Shown to the user before the plan. */
  readonly rows: readonly (readonly [label: string, text: string])[];
  /** The same for programs. */
  readonly facts: Readonly<Record<string, string>>;
  /** @param through in place of running it directly: the live page, which only embedded AWS has */
  run(request: RunRequest, through?: RunOnEmbeddedAws): Promise<EndedRun>;
  /** The arguments of `stampede report` for a run of it. */
  reportArguments(runId: string): string;
  /** Where the rest of a run is that the user quit. */
  whereItIs(runId: string): string;
}

type RunOnEmbeddedAws = (request: EmbeddedRunRequest) => Promise<EndedRun>;

export interface BackendFlags extends StageFlags, QuotaFlags, BehaviourFlags, FaultFlag {
  readonly runs: string;
  readonly ui?: boolean;
}

/** @throws InvalidInputError for flags that have no meaning there, and what keeps from a stack */
export async function findBackend(flags: BackendFlags): Promise<RunBackend> {
  return isStage(flags) ? stackVenue(flags) : embeddedVenue(flags);
}

async function embeddedVenue({ runs: runsDirectory, ...flags }: BackendFlags): Promise<RunBackend> {
  const quotas = embeddedQuotasOf(flags);
  const faults = await faultSettingsOf(flags);
  return {
    draft: {
      account: embeddedAccountOf(quotas),
      deployment: embeddedDeploymentOf(flags),
      host: readHostFacts(),
    },
    rows: [],
    facts: {},
    async run(request, through) {
      // What it takes to run is loaded only here: `plan` and `--help` need none of it.
      const runLoad = through ?? (await import('./embedded-run.ts')).runOnEmbeddedAws;
      return runLoad({ ...request, runsDirectory, quotas, behaviour: behaviourOf(flags), ...faults });
    },
    reportArguments: (runId) => embeddedReportArguments(runId, runsDirectory),
    whereItIs: (runId) => `what slices had stored by then lies in ${path.join(runsDirectory, runId)}`,
  };
}

async function stackVenue(flags: BackendFlags & Stage): Promise<RunBackend> {
  refuseEmbeddedFlags(flags);
  const { openStack, outOfSight } = await import('./stack-backend.ts');
  const { stack, place, ...open } = await openStack(flags, flags.runs);
  const endpoint = await open.endpoint();
  const account = await open.account(endpoint);
  const { name, region, accountId, topicFilter, deployment } = stack;
  const ceilings = deployment?.ceilings && describeCeilings(deployment.ceilings);
  const again = (runId: string): string => `${runId} ${stageArguments(flags)}`;
  return {
    // A stack that does not say what its rule reads is not judged by it.
    draft: { account, topicFilter: topicFilter ?? '#', deployment },
    rows: [
      ['stack', `${name} in ${region}`],
      ['account', `${accountId}${account.isCharged ? ', which pays for it' : ''}`],
      ['endpoint', endpoint],
      ...(ceilings === undefined ? [] : [['ceilings', ceilings] as const]),
    ],
    facts: { stack: name, region, accountId, endpoint, ...(ceilings !== undefined && { ceilings }) },
    async run({ runId, input, display, interrupts }) {
      if (interrupts.stop.aborted) return { logs: place.logs };
      const executionArn = await place.executions.start(runId, input);
      try {
        return await followToReport(place, { runId, executionArn, display, interrupts });
      } catch (error) {
        throw outOfSight(error, again(runId));
      } finally {
        display.end();
      }
    },
    reportArguments: again,
    whereItIs: (runId) =>
      `the run was asked to stop and reports without this process: npx stampede report ${again(runId)}`,
  };
}

/** Of flags that only embedded AWS has. */
function refuseEmbeddedFlags(flags: BackendFlags & Stage): void {
  const given = Object.entries({
    '--quota': flags.quota,
    '--region-quotas': flags.regionQuotas,
    '--throttle-answer': flags.throttleAnswer,
    '--denied-publish': flags.deniedPublish,
    '--denied-subscribe': flags.deniedSubscribe,
    '--subscriber': flags.subscriber,
    '--stream-shards': flags.streamShards,
    '--param': flags.param,
    '--faults': flags.faults,
    '--ui': flags.ui,
  }).flatMap(([flag, value]) => (value === undefined ? [] : [flag]));
  if (given.length === 0) return;
  throw new InvalidInputError(
    'The command line',
    given.map((path_) => ({
      path: path_,
      message: 'is of embedded AWS',
      hint: 'leave it out with --stage: AWS has quotas and faults of its own',
    })),
  );
}
