/** What was seen last, and once why nothing is. */
export interface Poller<Value> {
  readonly value: Value | undefined;
  readonly note: string | undefined;
}

/**
 * Asks now and then, beside what it is shown in: a slow or failing answer holds nothing up, and the last one stands.
 * @param what is seen, for the note on a first failure
 */
export function makePoller<Question, Value>(
  what: string,
  everyMs: number,
  read: (question: Question) => Promise<Value | undefined>,
  now: () => number = () => performance.now(),
): (question: Question) => Poller<Value> {
  let value: Value | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;
  let isAsking = false;
  let hasFailed = false;
  let untold: string | undefined;

  const ask = async (question: Question): Promise<void> => {
    isAsking = true;
    askedAt = now();
    try {
      value = (await read(question)) ?? value;
    } catch (error) {
      if (!hasFailed)
        untold = `${what}: not shown (${error instanceof Error ? error.message : String(error)})`;
      hasFailed = true;
    } finally {
      isAsking = false;
    }
  };

  return (question) => {
    if (!isAsking && now() - askedAt >= everyMs) void ask(question);
    const note = untold;
    untold = undefined;
    return { value, note };
  };
}
