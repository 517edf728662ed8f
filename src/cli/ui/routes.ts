import { StampedeError } from '../../profile/errors.ts';
import { reportStyle } from '../../report/html-style.ts';
import { plotStyle } from '../../report/plots/plot-style.ts';
import type { Report } from '../../report/report.ts';
import { jsonAnswer, types, type UiAnswer } from './answer.ts';
import { checkProfile } from './check-profile.ts';
import type { ExampleProfiles } from './example-profiles.ts';
import type { PageModules } from './modules.ts';
import { comparePage, maxCompared } from './pages/compare-page.ts';
import { type Page, renderPage } from './pages/layout.ts';
import { newRunPage } from './pages/new-run-page.ts';
import { livePage, noReportPage, notFoundPage, reportPage } from './pages/run-page.ts';
import { runsPage } from './pages/runs-page.ts';
import type { RunDesk } from './run-desk.ts';
import type { RunFileName, RunLibrary } from './run-library.ts';
import { uiStyle } from './ui-style.ts';

/** What the pages are made of. */
export interface UiWorld {
  readonly library: RunLibrary;
  readonly desk: RunDesk;
  readonly examples: ExampleProfiles;
  readonly modules: PageModules;
  /** Begins a run that has been checked, and returns its id. @throws StampedeError */
  startRun(checked: ReturnType<typeof checkProfile>): string;
}

export interface UiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Of a POST. */
  readonly body?: Readonly<Record<string, unknown>>;
}

/** Every route but the stream of events. @param token of the door */
export async function answer(request: UiRequest, world: UiWorld, token: string): Promise<UiAnswer> {
  const page = (of: Page, status = 200): UiAnswer => ({
    status,
    type: types.html,
    body: renderPage(of, token),
  });
  const notFound = (): UiAnswer => page(notFoundPage(), 404);
  const { method, path } = request;
  if (method === 'POST') return post(request, world);
  if (method !== 'GET' && method !== 'HEAD') return jsonAnswer(405, { message: 'not supported' });

  const { library, desk } = world;
  const running = desk.isBusy ? desk.run : undefined;
  if (path === '/') return page(runsPage(await library.list(), running));
  if (path === '/new') return page(newRunPage(await world.examples.names(), desk.isBusy));
  if (path === '/compare') return page(comparisonOrNone(await reportsOf(request.query, library)));
  if (path === '/style.css')
    return { status: 200, type: types.style, body: reportStyle + plotStyle + uiStyle };

  const [, root, ...rest] = path.split('/');
  if (root === 'modules') {
    const script = await world.modules.read(rest.join('/'));
    return script === undefined ? notFound() : { status: 200, type: types.script, body: script };
  }
  if (root === 'profiles' && rest.length === 1) {
    const text = await world.examples.read(rest[0]?.replace(/\.json$/, '') ?? '');
    return text === undefined ? notFound() : { status: 200, type: types.json, body: text };
  }
  if (root !== 'runs') return notFound();
  const [runId = '', file] = rest;
  if (file !== undefined) return (await fileAnswer(runId, file, library)) ?? notFound();
  if (running?.runId === runId) return page(livePage(runId, running.name));
  const report = await library.report(runId);
  if (report !== undefined) return page(reportOrNone(report, runId));
  return (await library.has(runId)) ? page(noReportPage(runId)) : notFound();
}

/** A report of another version may lack what a page of this one shows. */
function reportOrNone(report: Report, runId: string): Page {
  try {
    return reportPage(report);
  } catch {
    return noReportPage(runId);
  }
}

function comparisonOrNone(reports: readonly Report[]): Page {
  try {
    return comparePage(reports);
  } catch {
    return comparePage([]);
  }
}

async function reportsOf(query: URLSearchParams, library: RunLibrary): Promise<Report[]> {
  const ids = [...new Set(query.getAll('run'))].slice(0, maxCompared);
  const reports = await Promise.all(ids.map((runId) => library.report(runId)));
  return reports.filter((report) => report !== undefined);
}

const fileTypes: Readonly<Record<RunFileName, string>> = {
  'report.html': types.html,
  'report.json': types.json,
  'plan.json': types.json,
};

/** The report's page brings its own style, and no script: what it says of itself, as a file from disk, holds here too. */
const reportPolicy = {
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
};

async function fileAnswer(runId: string, file: string, library: RunLibrary): Promise<UiAnswer | undefined> {
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

async function post({ path, body }: UiRequest, { desk, startRun }: UiWorld): Promise<UiAnswer> {
  if (body === undefined)
    return jsonAnswer(400, { message: 'the body must be a JSON object, and not that long' });
  if (path === '/api/check') return jsonAnswer(200, checkProfile(String(body.text ?? '')).answer);
  if (path === '/api/runs') {
    const checked = checkProfile(String(body.text ?? ''), body.force === true);
    const { faults, refusals } = checked.answer;
    if (faults.length > 0) return jsonAnswer(422, { message: 'The profile has faults.', faults });
    if (refusals.length > 0) {
      return jsonAnswer(422, { message: 'The plan goes past a limit.', refusals });
    }
    try {
      return jsonAnswer(201, { runId: startRun(checked) });
    } catch (error) {
      if (error instanceof StampedeError)
        return jsonAnswer(409, { message: `${error.message}; ${error.hint ?? ''}` });
      throw error;
    }
  }
  const [, runId] = /^\/api\/runs\/([^/]+)\/stop$/.exec(path) ?? [];
  if (runId === undefined) return jsonAnswer(404, { message: 'there is nothing here' });
  if (desk.run?.runId !== runId || !desk.isBusy) return jsonAnswer(409, { message: 'this run has ended' });
  desk.run.stop();
  return jsonAnswer(202, {});
}
