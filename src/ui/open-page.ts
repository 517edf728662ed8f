import type { EndedRun, RunRequest } from '../cli/run/follow-run.ts';
import type { OpenPage, PageRequest, RunLoad } from '../cli/run/live-page.ts';
import { errorOfExecution } from '../cli/run/run-outcome.ts';
import { makeRunRepository } from '../cli/runs/run-repository.ts';
import { checkRunsDirectory } from '../embedded/s3/runs-storage.ts';
import { parseActionSettings } from '../plan/actions/action-settings.ts';
import { messageOf } from '../shared/errors.ts';
import { issueActions } from '../worker/issue-actions.ts';
import { type ActiveRun, makeActiveRun, type RunOutcome, showOnBoth } from './active-run.ts';
import { makeExampleProfiles } from './example-profiles.ts';
import { makePageModules } from './modules.ts';
import { makeReceivedSoFar } from './received-so-far.ts';
import { makeMarksSoFar } from './run-actions.ts';
import { makeRunSlot } from './run-slot.ts';
import { startUiServer } from './server.ts';

/** Opens the live page: past runs of the directory, the run under way, and a form to start one. @throws RunsDirectoryError, PortTakenError */
export async function openPage(request: PageRequest): Promise<OpenPage> {
  const { runsDirectory, port, runLoad, say, interrupts } = request;
  checkRunsDirectory(runsDirectory);
  const slot = makeRunSlot();
  let underWay: Promise<unknown> = Promise.resolve();

  /** Takes the slot, or throws, before it returns: a second run is refused at once. */
  function run(requested: RunRequest, load: RunLoad, name = nameOf(requested)): Promise<EndedRun> {
    const { runId } = requested;
    const watched = makeActiveRun(runId, name);
    slot.take(watched);
    const stop = AbortSignal.any([requested.interrupts.stop, watched.stopped]);
    const running = load({
      ...requested,
      display: showOnBoth(requested.display, watched.display),
      interrupts: { ...requested.interrupts, stop },
      onBegun: ({ view, record, control }) =>
        watched.began({
          view: async (query) => view?.(runId, query),
          received: makeReceivedSoFar(record, runId),
          marks: makeMarksSoFar(record, runId),
          issue: async (settings) =>
            issueActions(
              {
                ...parseActionSettings(settings),
                runId,
                plan: watched.progress?.plan,
                isRunning: watched.outcome === undefined,
              },
              { store: record, control, now: Date.now },
            ),
        }),
    });
    underWay = running.catch(() => undefined);
    return watchEnd(running, watched, stop);
  }

  const server = await startUiServer(
    {
      slot,
      library: makeRunRepository(runsDirectory),
      examples: makeExampleProfiles('profiles'),
      modules: makePageModules(),
      startRun({ input, draft }) {
        if (draft === undefined) throw new TypeError('a profile with errors has no draft');
        const { runId, profile } = draft.plan;
        // What goes wrong is shown on the page, by the run's outcome.
        const running = run({ runId, input, display: silent, interrupts }, runLoad, profile.name);
        say(`run ${runId} started from the page`);
        running.then(
          ({ report }) => say(`run ${runId} ${report?.verdict ?? 'ended without a report'}`),
          (error: unknown) => say(`run ${runId} failed: ${messageOf(error)}`),
        );
        return runId;
      },
    },
    {
      port,
      onOpened: (nextLink) => say(`the page was opened; for another browser: ${nextLink}`),
    },
  );
  return {
    get link() {
      return server.link;
    },
    run,
    idle: async () => void (await underWay),
    close: () => server.close(),
  };
}

const silent = { show: () => undefined, say: () => undefined, end: () => undefined };

/** The profile's own name is in front of the run id. */
function nameOf({ runId }: RunRequest): string {
  return runId.replace(/-\d{8}T\d{6}Z-[0-9a-f]{4}$/, '');
}

async function watchEnd(
  running: Promise<EndedRun>,
  watched: ActiveRun,
  stop: AbortSignal,
): Promise<EndedRun> {
  try {
    const ended = await running;
    watched.ended(outcomeOf(ended, stop.aborted));
    return ended;
  } catch (error) {
    watched.ended({ reason: messageOf(error) });
    throw error;
  }
}

function outcomeOf({ report, execution, logs }: EndedRun, stopped: boolean): RunOutcome {
  if (report !== undefined) return { report };
  if (execution === undefined) return { reason: 'stopped before it had begun' };
  return { reason: errorOfExecution(execution, { logs }, stopped).message };
}
