import type { RunView, ViewRequest } from '../live/run-in-progress.ts';
import type { LiveTotals } from '../live/run-totals.ts';
import { StampedeError } from '../shared/errors.ts';

/** Where the figures of a run in progress can be read as JSON: `LIVE_URL`, with its token. */
export interface LiveSource {
  readonly url: string;
  readonly token: string;
}

export interface LiveFiguresReader {
  totals(runId: string): Promise<LiveTotals>;
  /** By second and by slice. */
  view(runId: string, request: ViewRequest): Promise<RunView>;
}

/** `GET {url}/{runId}` and `GET {url}/{runId}/view?since=0&secondsPerStep=1`. */
export function makeLiveFiguresReader({ url, token }: LiveSource): LiveFiguresReader {
  const get = async (path: string): Promise<unknown> => {
    const answer = await fetch(`${url}/${path}`, {
      headers: { authorization: `Token ${token}` },
    }).catch((error: Error) => {
      const { cause = error } = error;
      throw new StampedeError(
        'NoLiveFigures',
        `the source of live figures ${url} has ended: ${String(cause)}`,
      );
    });
    if (!answer.ok) throw new StampedeError('NoLiveFigures', `${url} answers ${answer.status}`);
    return answer.json();
  };
  return {
    totals: async (runId) => (await get(runId)) as LiveTotals,
    view: async (runId, { since, secondsPerStep }) =>
      (await get(`${runId}/view?since=${since}&secondsPerStep=${secondsPerStep}`)) as RunView,
  };
}
