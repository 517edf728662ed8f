type ErrorListener = (error: NodeJS.ErrnoException) => void;

/** The listeners of a stream. */
export class StreamEvents {
  readonly #listeners: {
    readonly error: ErrorListener[];
    readonly close: (() => void)[];
    readonly drain: (() => void)[];
  } = { error: [], close: [], drain: [] };

  on(event: 'error' | 'close' | 'drain', listener: ErrorListener): void {
    this.#listeners[event].push(listener as () => void);
  }

  /** Once. @param why absent: without an error */
  closed(why: Error | undefined): void {
    if (why !== undefined) for (const listener of this.#listeners.error) listener(why);
    for (const listener of this.#listeners.close) listener();
  }

  drained(): void {
    for (const listener of this.#listeners.drain) listener();
  }
}
