import type { RunFileName, RunRepository } from '../cli/runs/run-repository.ts';
import { isReading } from '../embedded/gateway/loopback-guard.ts';
import { makeRouteTable } from '../embedded/gateway/route-table.ts';
import { reportStyle } from '../report/html-style.ts';
import { plotStyle } from '../report/plots/plot-style.ts';
import type { Report } from '../report/report-model.ts';
import { StampedeError } from '../shared/errors.ts';
import { jsonAnswer, types, type UiAnswer } from './answer.ts';
import { checkProfile } from './check-profile.ts';
import type { ExampleProfiles } from './example-profiles.ts';
import type { PageModules } from './modules.ts';
import { comparePage, maxCompared } from './pages/compare-page.ts';
import { type Page, renderPage } from './pages/layout.ts';
import { newRunPage } from './pages/new-run-page.ts';
import { livePage, noReportPage, notFoundPage, reportPage } from './pages/run-page.ts';
import { runsPage } from './pages/runs-page.ts';
import { answerOfAction } from './run-actions.ts';
import type { RunSlot } from './run-slot.ts';
import { uiStyle } from './ui-style.ts';

/** What the pages are made of. */
export interface UiDeps {
  readonly library: RunRepository;
  readonly slot: RunSlot;
  readonly examples: ExampleProfiles;
  readonly modules: PageModules;
  /** Begins a run that has been checked, and returns its id. @throws StampedeError */
  startRun(checked: ReturnType<typeof checkProfile>): string;
}

export interface UiRequest {
  readonly query: URLSearchParams;
  /** Of a POST; empty otherwise. */
  readonly body: Readonly<Record<string, unknown>>;
}

type Handler = (
  request: UiRequest,
  deps: UiDeps,
  parameters: Readonly<Record<string, string>>,
) => Promise<UiAnswer> | UiAnswer;

/** Every route but the stream of events. */
export const table = makeRouteTable<Handler>({
  'GET /': async ({ query }, { library, slot }) => {
    const running = slot.isBusy ? slot.run : undefined;
    return pageAnswer(
      runsPage({ runs: await library.list(), running, profile: query.get('profile') || undefined }),
    );
  },
  'GET /new': async (_request, { examples, slot }) =>
    pageAnswer(newRunPage(await examples.names(), slot.isBusy)),
  'GET /compare': async ({ query }, { library }) => pageAnswer(comparePage(await reportsOf(query, library))),
  'GET /style.css': () => ({ status: 200, type: types.style, body: reportStyle + plotStyle + uiStyle }),
  'GET /modules/{name+}': async (_request, { modules }, { name = '' }) => {
    const script = await modules.read(name);
    return script === undefined ? notFound() : { status: 200, type: types.script, body: script };
  },
  'GET /profiles/{name}': async (_request, { examples }, { name = '' }) => {
    const text = await examples.read(name.replace(/\.json$/, ''));
    return text === undefined ? notFound() : { status: 200, type: types.json, body: text };
  },
  'GET /runs/{runId}': async (_request, deps, { runId = '' }) => runAnswer(runId, deps),
  'GET /runs/{runId}/{file}': async (_request, { library }, { runId = '', file = '' }) =>
    (await fileAnswer(runId, file, library)) ?? notFound(),
  'POST /api/check': ({ body: { text } }) =>
    typeof text === 'string' ? jsonAnswer(200, checkProfile(text).answer) : noText,
  'POST /api/runs': ({ body }, deps) => startRun(body, deps),
  'POST /api/runs/{runId}/actions': async ({ body: { settings } }, { slot }, { runId = '' }) => {
    const run = slot.run?.runId === runId ? slot.run : undefined;
    if (run === undefined || !slot.isBusy) return jsonAnswer(409, { message: 'this run has ended' });
    if (!isTexts(settings))
      return jsonAnswer(400, { message: 'settings must be a list of texts: NAME=VALUE' });
    return answerOfAction(() => run.issue(settings), Date.now);
  },
  'POST /api/runs/{runId}/stop': (_request, { slot }, { runId = '' }) => {
    if (slot.run?.runId !== runId || !slot.isBusy) return jsonAnswer(409, { message: 'this run has ended' });
    slot.run.stop();
    return jsonAnswer(202, {});
  },
});

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

/** Of a request that no route fits. */
export function noRoute(method: string): UiAnswer {
  if (method === 'POST') return jsonAnswer(404, { message: 'there is nothing here' });
  return isReading(method) ? notFound() : jsonAnswer(405, { message: 'not supported' });
}

function pageAnswer(page: Page, status = 200): UiAnswer {
  return { status, type: types.html, body: renderPage(page) };
}

function notFound(): UiAnswer {
  return pageAnswer(notFoundPage(), 404);
}

async function runAnswer(runId: string, { library, slot }: UiDeps): Promise<UiAnswer> {
  const running = slot.isBusy ? slot.run : undefined;
  if (running?.runId === runId) return pageAnswer(livePage(runId, running.name));
  const report = await library.report(runId);
  if (typeof report === 'string') return pageAnswer(noReportPage(runId, report));
  if (report !== undefined) return pageAnswer(reportPage(report));
  return (await library.has(runId)) ? pageAnswer(noReportPage(runId)) : notFound();
}

async function reportsOf(query: URLSearchParams, library: RunRepository): Promise<Report[]> {
  const ids = [...new Set(query.getAll('run'))].slice(0, maxCompared);
  const reports = await Promise.all(ids.map((runId) => library.report(runId)));
  return reports.filter((report) => typeof report === 'object');
}

const fileTypes: Readonly<Record<RunFileName, string>> = {
  'report.html': types.html,
  'report.json': types.json,
  'plan.json': types.json,
};

/** The report's page brings its own style, and no script: what it says of itself, as a file from disk, holds here too. */
const reportPolicy = {
  'content-security-policy':
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
};

async function fileAnswer(
  runId: string,
  file: string,
  library: RunRepository,
): Promise<UiAnswer | undefined> {
  if (!Object.hasOwn(fileTypes, file)) return undefined;
  const name = file as RunFileName;
  const body = await library.file(runId, name);
  return body === undefined
    ? undefined
    : {
        status: 200,
        type: fileTypes[name],
        body,
        ...(name === 'report.html' ? { headers: reportPolicy } : {}),
      };
}

const noText = jsonAnswer(400, { message: 'text must be a string: the profile as JSON' });

function startRun({ text, force }: UiRequest['body'], deps: UiDeps): UiAnswer {
  if (typeof text !== 'string') return noText;
  const checked = checkProfile(text, force === true);
  const { problems, refusals } = checked.answer;
  if (problems.length > 0) return jsonAnswer(422, { message: 'The profile has problems.', problems });
  if (refusals.length > 0) {
    return jsonAnswer(422, { message: 'The plan goes past a limit.', refusals });
  }
  try {
    return jsonAnswer(201, { runId: deps.startRun(checked) });
  } catch (error) {
    if (error instanceof StampedeError)
      return jsonAnswer(409, { message: `${error.message}; ${error.hint ?? ''}` });
    throw error;
  }
}
