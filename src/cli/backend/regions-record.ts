import type { RegionRecord, RunArchive, RunRecord } from '../../aws/run-archive.ts';
import type { StoredAction } from '../../plan/actions/action.ts';
import type { Plan } from '../../plan/plan.ts';

type OwnStore = Pick<RunArchive, 'getReport' | 'putReport' | 'putPlan'>;

/**
 * The record of a run in several Regions: what the run stores of all of them hold, as if it lay in one.
 * @param own where the report of all Regions is
 */
export function uniteRecords(regions: readonly RegionRecord[], own: OwnStore): RunRecord {
  const records = regions.map(({ record }) => record);
  const [first] = records as [RunRecord];
  const getPlan = async (runId: string): Promise<Plan> => {
    const copies = await Promise.all(records.map((record) => record.getPlan(runId)));
    const { region: _, ...plan } = copies[0]!;
    // Each Region's own copy has what is known of it.
    const parts = plan.regions?.map(
      (part) =>
        copies.find(({ region }) => region === part.name)?.regions?.find(({ name }) => name === part.name) ??
        part,
    );
    return { ...plan, ...(parts && { regions: parts }) };
  };
  /** Of each set of known windows, those of each Region: their keys may be alike. */
  const known = new WeakMap<Set<string>, readonly Set<string>[]>();
  return {
    regions,
    getPlan,
    sliceResults: (runId) =>
      inOrderOfTime(
        records.map((record) => record.sliceResults(runId)),
        ({ perSecond }) => perSecond.startSecond,
      ),
    sliceDeaths: (runId) => each(records, (record) => record.sliceDeaths(runId)),
    subscribers: (runId) => each(records, (record) => record.subscribers(runId)),
    judgedHolds: (runId, from) => first.judgedHolds(runId, from),
    async *actions(runId, from = 0) {
      const found: StoredAction[] = [];
      for (const record of records)
        for await (const action of record.actions(runId))
          if (!found.some((other) => isSameAction(other, action))) found.push({ ...action, k: found.length });
      yield* found.slice(from);
    },
    async *arrivalWindows(runId, seen) {
      const ofRegions = known.get(seen) ?? records.map(() => new Set<string>());
      known.set(seen, ofRegions);
      const windows = regions.map(async function* ({ name, record }, i) {
        for await (const window of record.arrivalWindows(runId, ofRegions[i]!)) {
          const ofRegion = `${name}.${window.window}`;
          seen.add(ofRegion);
          yield { ...window, window: ofRegion };
        }
      });
      yield* inOrderOfTime(windows, ({ perSecond }) => perSecond.startSecond);
    },
    deadLetters: async (runId) =>
      (await Promise.all(records.map((record) => record.deadLetters(runId)))).flat(),
    getFaults: async () => undefined,
    getReport: (runId) => own.getReport(runId),
    async putReport(report, html) {
      await own.putPlan(await getPlan(report.runId));
      await own.putReport(report, html);
    },
  };
}

async function* each<Item>(
  records: readonly RunRecord[],
  read: (record: RunRecord) => AsyncIterable<Item>,
): AsyncGenerator<Item> {
  for (const record of records) yield* read(record);
}

/**
 * All items of lists that are each in the order of time, in that order: what Regions counted in one second comes together, and its sum is known
 * before a long run folds the second. One item of each list is held.
 */
export async function* inOrderOfTime<Item>(
  lists: readonly AsyncIterable<Item>[],
  secondOf: (item: Item) => number,
): AsyncGenerator<Item> {
  const readers = lists.map((list) => list[Symbol.asyncIterator]());
  const heads = await Promise.all(readers.map((reader) => reader.next()));
  for (;;) {
    let earliest: { readonly i: number; readonly item: Item } | undefined;
    for (const [i, head] of heads.entries()) {
      if (head.done === true) continue;
      if (earliest === undefined || secondOf(head.value) < secondOf(earliest.item))
        earliest = { i, item: head.value };
    }
    if (earliest === undefined) return;
    yield earliest.item;
    heads[earliest.i] = await readers[earliest.i]!.next();
  }
}

/** One that was issued to all Regions at once. */
function isSameAction(a: StoredAction, b: StoredAction): boolean {
  const settingsOf = ({ at, group, action }: StoredAction) => JSON.stringify([at, group, action]);
  return settingsOf(a) === settingsOf(b);
}
