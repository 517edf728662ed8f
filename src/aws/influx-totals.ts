import { type FleetTotals, presenceCounters, summedOfCommands } from '../live/live-fleet.ts';
import { type LiveGroup, type LiveKind, summedByKind } from '../live/live-parts.ts';
import { type ActiveUsers, fieldOfTotal, type RunTotals, type SummedTotal } from '../live/run-totals.ts';
import { publishCounters } from '../measure/message-counters.ts';
import { ofEach, sumBy } from '../shared/counts.ts';

/** Where to ask, with a token that may read the bucket. */
export interface InfluxSource {
  readonly url: string;
  readonly bucket: string;
  readonly token: string;
}

/** Undefined: InfluxDB has nothing of this run yet. */
export type ReadTotals = (runId: string) => Promise<RunTotals | undefined>;

const timeoutMs = 5_000;
/** Slices report once a second; what is older than this is no figure of now. */
const usersWithinSeconds = 15;

/**
 * InfluxQL over `/query`, which InfluxDB 2 answers for a bucket by its name, and InfluxDB 3 too.
 * @see https://docs.influxdata.com/influxdb/v2/reference/api/influxdb-1x/query/
 */
export function makeReadInfluxTotals({ url, bucket, token }: InfluxSource): ReadTotals {
  const query = async (statement: string): Promise<Series[]> => {
    const requested = new URL('query', url.endsWith('/') ? url : `${url}/`);
    requested.searchParams.set('db', bucket);
    requested.searchParams.set('q', statement);
    requested.searchParams.set('epoch', 's');
    const answer = await fetch(requested, {
      headers: { authorization: `Token ${token}`, accept: 'application/json' },
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!answer.ok) throw new Error(`InfluxDB answers ${answer.status} to ${requested.pathname}`);
    return seriesOf((await answer.json()) as InfluxAnswer);
  };

  return async (runId) => {
    // A run id is letters, digits, - and _: nothing in it ends the quotes.
    const ofRun = `WHERE "run" = '${runId}'`;
    const [slices, kinds, arrivals, commands, presence, seconds] = await Promise.all([
      query(`SELECT ${sumsOf(fieldOfTotal)} FROM "stampede_slice" ${ofRun} GROUP BY "group"`),
      query(`SELECT ${sumsOf(fieldOfKind)} FROM "stampede_kind" ${ofRun} GROUP BY "group", "kind"`),
      query(`SELECT SUM("arrivals") AS "arrivals" FROM "stampede_arrivals" ${ofRun}`),
      query(`SELECT ${sumsOf(fieldOfCommands)} FROM "stampede_command" ${ofRun} GROUP BY "group"`),
      query(`SELECT ${sumsOf(fieldOfPresence)} FROM "stampede_presence" ${ofRun}`),
      query(
        `SELECT SUM("users") AS "users", COUNT("users") AS "slices" FROM "stampede_slice" ${ofRun} ` +
          `AND time > now() - ${usersWithinSeconds}s GROUP BY time(1s)`,
      ),
    ]);
    if (slices.length === 0) return undefined;
    const sumOf = (total: string): number => sumBy(slices, ({ rows }) => rows[0]?.get(total) ?? 0);
    return {
      ...ofEach(Object.keys(fieldOfTotal) as SummedTotal[], sumOf),
      arrivals: arrivals[0]?.rows[0]?.get('arrivals') ?? 0,
      ...partsOf(slices, commands, kinds),
      ...fleetOf(commands, presence),
      ...usersOf(seconds[0]?.rows ?? []),
    };
  };
}

const fieldOfKind = ofEach(summedByKind, (counter) => counter);
const fieldOfCommands = ofEach(summedOfCommands, (counter) => counter);
const fieldOfPresence = ofEach(presenceCounters, (counter) => counter);

function sumsOf(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([total, field]) => `SUM("${field}") AS "${total}"`)
    .join(', ');
}

/** Empty where nothing was reported of either. */
function fleetOf(
  commands: readonly Series[],
  [presence]: readonly Series[],
): { readonly fleet?: FleetTotals } {
  const sumOf = (name: string): number => sumBy(commands, ({ rows }) => rows[0]?.get(name) ?? 0);
  const fleet = {
    ...(commands.length > 0 && { commands: ofEach(summedOfCommands, sumOf) }),
    ...(presence && { presence: ofEach(presenceCounters, (name) => presence.rows[0]?.get(name) ?? 0) }),
  };
  return (fleet.commands ?? fleet.presence) ? { fleet } : {};
}

/** A point without the tag has it empty in the answer. Publishes of a backend's group are commands. */
function partsOf(
  slices: readonly Series[],
  commands: readonly Series[],
  kinds: readonly Series[],
): Pick<RunTotals, 'parts'> {
  const countsOf = ({ rows: [row = noRow] }: Series) => ofEach(summedByKind, (name) => row.get(name) ?? 0);
  const groups = slices
    .filter(({ tags }) => tags.group)
    .map((series): LiveGroup => {
      const [row = noRow] = series.rows;
      const { arrivals: _, ...own } = countsOf(series);
      const sent = commands.find(({ tags }) => tags.group === series.tags.group)?.rows[0];
      const counts = ofEach(publishCounters, (name) => own[name] + (sent?.get(name) ?? 0));
      const connects = row.get('connected') ?? 0;
      return { group: series.tags.group!, connects, connectFailed: row.get('connectFailed') ?? 0, ...counts };
    });
  const ofKinds = kinds.map(
    (series): LiveKind => ({
      group: series.tags.group || undefined,
      kind: series.tags.kind ?? '',
      ...countsOf(series),
    }),
  );
  return groups.length + ofKinds.length === 0 ? {} : { parts: { groups, kinds: ofKinds } };
}

interface InfluxAnswer {
  readonly results?: readonly {
    readonly error?: string;
    readonly series?: readonly {
      readonly tags?: Readonly<Record<string, string>>;
      readonly columns: readonly string[];
      readonly values: readonly (readonly unknown[])[];
    }[];
  }[];
}

/** Numbers by column. */
type Row = ReadonlyMap<string, number>;

const noRow: Row = new Map();

/** Rows of one combination of the tags that a statement groups by. */
interface Series {
  readonly tags: Readonly<Record<string, string>>;
  readonly rows: readonly Row[];
}

/** Empty: a statement without data has no series. */
function seriesOf({ results = [] }: InfluxAnswer): Series[] {
  const [{ error, series = [] } = {}] = results;
  if (error !== undefined) throw new Error(`InfluxDB says: ${error}`);
  return series.map(({ tags = {}, columns, values }) => ({
    tags,
    rows: values.map((row) => {
      const entries = columns.map((column, i) => [column, row[i]] as const);
      return new Map(entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number'));
    }),
  }));
}

/**
 * Each slice writes its users once a second, and slices write at different times: the last second that as many slices have written as
 * any before it. @param seconds with `time`, `users` and `slices`
 */
function usersOf(seconds: readonly Row[]): { readonly users?: ActiveUsers } {
  const slicesOf = (row: Row): number => row.get('slices') ?? 0;
  const most = Math.max(0, ...seconds.map(slicesOf));
  const last = most === 0 ? undefined : seconds.findLast((row) => slicesOf(row) === most);
  if (last === undefined) return {};
  return { users: { active: last.get('users') ?? 0, untilSecond: (last.get('time') ?? 0) + 1 } };
}
