export interface Answer {
  readonly ok: boolean;
  /** HTTP; undefined: no answer came. */
  readonly status: number | undefined;
  readonly body: unknown;
}

/** All that changes anything goes this way; never rejects: without a server the answer is not ok. */
export async function send(path: string, body: object): Promise<Answer> {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { ok: response.ok, status: response.status, body: await response.json().catch(() => undefined) };
  } catch {
    return { ok: false, status: undefined, body: undefined };
  }
}

/** An element of the page's own markup. @throws {Error} where the markup and the script do not fit */
export function place<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element as T;
}
