import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { AwsError } from '../embedded/gateway/aws-error.ts';
import { refusalOfPage } from '../embedded/gateway/loopback-guard.ts';
import { makeRouteTable, type Route } from '../embedded/gateway/route-table.ts';
import { StampedeError } from '../shared/errors.ts';
import type { ActiveRun } from './active-run.ts';
import { jsonAnswer, readJsonBody, sendAnswer, types, type UiAnswer } from './answer.ts';
import { guardHeaders, refusalOf } from './guard.ts';
import { sendRunEvents } from './live-events.ts';
import { noRoute, table, type UiDeps } from './routes.ts';
import { makeSession, openPath, type Session } from './session.ts';

/** The live page on loopback. */
export interface UiServer {
  readonly url: string;
  /** Lets one browser in, once. */
  readonly link: string;
  close(): Promise<void>;
}

/** Another process listens on the port of the live page. */
export class PortTakenError extends StampedeError {
  constructor(port: number) {
    super('PortTaken', `port ${port} is taken`, {
      hint: 'give another one, or 0 for any that is free',
      exitCode: 2,
    });
  }
}

/** Default port of the page; if it is taken, any free port. */
const usualPort = 4747;
/** Each polls the run once a second. */
const maxWatchers = 16;

/** The stream of a run's events, which goes on as long as the run. */
const streams = makeRouteTable({ 'GET /runs/{runId}/events': true });

/** All that the page answers to a browser that has a session. */
export const uiRoutes: readonly Route[] = [...streams.routes, ...table.routes];

export interface UiServerOptions {
  /** Undefined: the usual one, or any that is free. */
  readonly port?: number | undefined;
  /** Called once a browser was let in, with the link for another one. */
  readonly onOpened: (nextLink: string) => void;
}

/** @throws PortTakenError */
export async function startUiServer(deps: UiDeps, options: UiServerOptions): Promise<UiServer> {
  const closing = new AbortController();
  const watchers = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      const isTooLong = error instanceof AwsError && error.status === 413;
      if (!isTooLong) console.error(error);
      if (response.headersSent) response.destroy();
      else
        sendAnswer(
          request,
          response,
          isTooLong
            ? jsonAnswer(413, { message: error.message })
            : jsonAnswer(500, { message: 'internal error' }),
        );
    });
  });
  const port = await listen(server, options.port);
  const session = makeSession(port);
  const link = (): string => `http://127.0.0.1:${port}${session.path}`;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', headers } = request;
    const url = URL.parse(`http://loopback${request.url ?? '/'}`) ?? noPath;
    const send = (answer: UiAnswer): void => sendAnswer(request, response, answer);
    if (url.pathname === openPath && method === 'GET') {
      const refusal = refusalOfPage({ method, headers }, port);
      const opened = refusal === undefined ? open(session, url, request) : forbidden(refusal);
      send(opened);
      if (opened.headers !== undefined) options.onOpened(link());
      return;
    }
    const refusal = refusalOf({ method, headers }, { port, session });
    if (refusal !== undefined) {
      send(forbidden(refusal));
      return;
    }
    const stream = streams.find(method, url.pathname);
    if (stream !== undefined) {
      const { runId } = stream.parameters;
      watch(deps.slot.run?.runId === runId ? deps.slot.run : undefined, request, response);
      return;
    }
    const route = table.find(method === 'HEAD' ? 'GET' : method, url.pathname);
    if (route === undefined) {
      send(noRoute(method));
      return;
    }
    const body = method === 'POST' ? await readJsonBody(request) : {};
    send(
      body === undefined
        ? jsonAnswer(400, { message: 'the body must be a JSON object' })
        : await route.handler({ query: url.searchParams, body }, deps, route.parameters),
    );
  }

  function watch(run: ActiveRun | undefined, request: IncomingMessage, response: ServerResponse): void {
    if (run === undefined || watchers.size >= maxWatchers) {
      sendAnswer(request, response, {
        status: run === undefined ? 404 : 503,
        type: types.text,
        body: 'nothing to watch\n',
      });
      return;
    }
    watchers.add(response);
    response.on('close', () => watchers.delete(response));
    response.writeHead(200, { ...guardHeaders, 'content-type': 'text/event-stream; charset=utf-8' });
    void sendRunEvents(
      run,
      (name, data) => response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`),
      () => !response.closed && !closing.signal.aborted,
      {
        sleep: (ms) => sleep(ms, undefined, { signal: closing.signal }).catch(() => undefined),
        now: Date.now,
      },
    ).finally(() => response.end());
  }

  return {
    url: `http://127.0.0.1:${port}/`,
    get link() {
      return link();
    },
    async close() {
      closing.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** For a target that is no path: no route fits it. */
const noPath = new URL('http://loopback/nothing');

/**
 * A page, and not a redirect: where another site has the link, such as a terminal in the browser, a redirect would come
 * without the cookie that it has just set.
 */
const openingPage = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=/"><title>Stampede</title><link rel="icon" href="data:,"></head>
<body><p><a href="/">Open the page</a></p></body>
</html>
`;

/** Exchanges the token of a link for the session's cookie. */
function open(session: Session, url: URL, { headers }: IncomingMessage): UiAnswer {
  // A browser that loads the link in advance must not use it up; Safari says `Purpose`.
  if (headers['sec-purpose'] !== undefined || headers.purpose !== undefined)
    return forbidden('a link is not for loading in advance');
  const page = { status: 200, type: types.html, body: openingPage };
  if (session.use(url.searchParams.get('token') ?? ''))
    return { ...page, headers: { 'set-cookie': session.setCookie } };
  if (session.holds(headers.cookie)) return page;
  return forbidden(
    'this link has been used, or is of another start: the terminal shows the one that is good',
  );
}

function forbidden(why: string): UiAnswer {
  return { status: 403, type: types.text, body: `${why}\n` };
}

async function listen(server: Server, wanted: number | undefined): Promise<number> {
  const tryPort = (port: number): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const onError = (error: NodeJS.ErrnoException): void =>
        error.code === 'EADDRINUSE' || error.code === 'EACCES' ? resolve(undefined) : reject(error);
      server.once('error', onError);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', onError);
        resolve((server.address() as AddressInfo).port);
      });
    });
  const port = (await tryPort(wanted ?? usualPort)) ?? (wanted === undefined ? await tryPort(0) : undefined);
  if (port === undefined) throw new PortTakenError(wanted ?? usualPort);
  return port;
}
