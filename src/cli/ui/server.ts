import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { StampedeError } from '../../profile/errors.ts';
import { jsonAnswer, readJsonBody, sendAnswer, types } from './answer.ts';
import { type Door, guardHeaders, refusalOf } from './guard.ts';
import { tellRun } from './live-events.ts';
import { answer, type UiWorld } from './routes.ts';
import type { WatchedRun } from './watched-run.ts';

/** The live page on loopback. */
export interface UiServer {
  readonly url: string;
  close(): Promise<void>;
}

export class PortTakenError extends StampedeError {
  constructor(port: number) {
    super('PortTaken', `port ${port} is taken`, {
      hint: 'give another one, or 0 for any that is free',
      exitCode: 2,
    });
  }
}

/** Where the page is unless told otherwise; where that is taken, at any free port. */
const usualPort = 4747;
/** Each asks for the run once a second. */
const maxWatchers = 16;

/**
 * @param port undefined: the usual one, or any
 * @throws PortTakenError
 */
export async function startUiServer(world: UiWorld, port?: number): Promise<UiServer> {
  const token = randomBytes(32).toString('hex');
  const closing = new AbortController();
  const watchers = new Set<ServerResponse>();
  const door: { port: number; token: string } = { port: 0, token };

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      console.error(error);
      if (!response.headersSent) sendAnswer(response, jsonAnswer(500, { message: 'internal fault' }));
      else response.destroy();
    });
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', headers } = request;
    const refusal = refusalOf({ method, headers }, door satisfies Door);
    if (refusal !== undefined) {
      request.resume();
      sendAnswer(response, { status: 403, type: types.text, body: `${refusal}\n` });
      return;
    }
    const url = new URL(`http://loopback${request.url ?? '/'}`);
    const [, runId] = /^\/runs\/([^/]+)\/events$/.exec(url.pathname) ?? [];
    if (runId !== undefined && method === 'GET') {
      watch(world.desk.run?.runId === runId ? world.desk.run : undefined, response);
      return;
    }
    const body = method === 'POST' ? await readJsonBody(request) : undefined;
    const asked = {
      method,
      path: url.pathname,
      query: url.searchParams,
      ...(body === undefined ? {} : { body }),
    };
    sendAnswer(response, await answer(asked, world, token));
  }

  function watch(run: WatchedRun | undefined, response: ServerResponse): void {
    if (run === undefined || watchers.size >= maxWatchers) {
      sendAnswer(response, {
        status: run === undefined ? 404 : 503,
        type: types.text,
        body: 'nothing to watch\n',
      });
      return;
    }
    watchers.add(response);
    response.on('close', () => watchers.delete(response));
    response.writeHead(200, { ...guardHeaders, 'content-type': 'text/event-stream; charset=utf-8' });
    void tellRun(
      run,
      (name, data) => response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`),
      () => !response.closed && !closing.signal.aborted,
      (ms) => sleep(ms, undefined, { signal: closing.signal }).catch(() => undefined),
    ).finally(() => response.end());
  }

  door.port = await listen(server, port);
  return {
    url: `http://127.0.0.1:${door.port}/`,
    async close() {
      closing.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
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
