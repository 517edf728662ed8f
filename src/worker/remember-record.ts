import type { RunStore } from '../aws/run-store.ts';
import type { StoredAction } from '../plan/actions/action.ts';
import type { JudgedHold } from '../plan/search/judged-hold.ts';

type Numbered = Pick<RunStore, 'actions' | 'judgedHolds'>;

/**
 * Reads actions and judged holds of a run once for as long as the process lasts: they never change. A process that has read none, such as
 * that of a new Lambda, reads them all. Only the run that was read last is remembered.
 */
export function rememberRecord<Store extends Numbered>(store: Store): Store {
  return {
    ...store,
    actions: rememberNumbered<StoredAction>(
      (runId, from) => store.actions(runId, from),
      ({ k }) => k,
    ),
    judgedHolds: rememberNumbered<JudgedHold>(
      (runId, from) => store.judgedHolds(runId, from),
      ({ step }) => step,
    ),
  };
}

/** @param numberOf its number: 0, 1, 2 … without a gap */
function rememberNumbered<Item>(
  read: (runId: string, from: number) => AsyncIterable<Item>,
  numberOf: (item: Item) => number,
): (runId: string, from?: number) => AsyncIterable<Item> {
  let known: { readonly runId: string; readonly items: Item[] } | undefined;
  return async function* readOnce(runId, from = 0) {
    if (known?.runId !== runId) known = { runId, items: [] };
    const { items } = known;
    // Another look may add items while these are consumed.
    const remembered = items.slice(from);
    yield* remembered;
    for await (const item of read(runId, from + remembered.length)) {
      // Looks at the same time read the same items: each has its own place.
      const number = numberOf(item);
      if (number <= items.length) items[number] = item;
      yield item;
    }
  };
}
