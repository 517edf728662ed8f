import { type ActiveUsers, fieldOfTotal, type RunTotals, type SummedTotal } from '../live/run-totals.ts';

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
  const query = async (statement: string): Promise<Row[]> => {
    const requested = new URL('query', url.endsWith('/') ? url : `${url}/`);
    requested.searchParams.set('db', bucket);
    requested.searchParams.set('q', statement);
    requested.searchParams.set('epoch', 's');
    const answer = await fetch(requested, {
      headers: { authorization: `Token ${token}`, accept: 'application/json' },
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!answer.ok) throw new Error(`InfluxDB answers ${answer.status} to ${requested.pathname}`);
    return rowsOf((await answer.json()) as InfluxAnswer);
  };

  return async (runId) => {
    const sums = Object.entries(fieldOfTotal).map(([total, field]) => `SUM("${field}") AS "${total}"`);
    // A run id is letters, digits, - and _: nothing in it ends the quotes.
    const ofRun = `WHERE "run" = '${runId}'`;
    const [[slices = noRow], [arrivals = noRow], seconds] = await Promise.all([
      query(`SELECT ${sums.join(', ')} FROM "stampede_slice" ${ofRun}`),
      query(`SELECT SUM("arrivals") AS "arrivals" FROM "stampede_arrivals" ${ofRun}`),
      query(
        `SELECT SUM("users") AS "users", COUNT("users") AS "slices" FROM "stampede_slice" ${ofRun} ` +
          `AND time > now() - ${usersWithinSeconds}s GROUP BY time(1s)`,
      ),
    ]);
    if (slices.size === 0) return undefined;
    const totals = Object.keys(fieldOfTotal).map((total) => [total, slices.get(total) ?? 0]);
    return {
      ...(Object.fromEntries(totals) as Record<SummedTotal, number>),
      arrivals: arrivals.get('arrivals') ?? 0,
      ...usersOf(seconds),
    };
  };
}

interface InfluxAnswer {
  readonly results?: readonly {
    readonly error?: string;
    readonly series?: readonly {
      readonly columns: readonly string[];
      readonly values: readonly (readonly unknown[])[];
    }[];
  }[];
}

/** Numbers by column. */
type Row = ReadonlyMap<string, number>;

const noRow: Row = new Map();

/** A statement without data has no series. */
function rowsOf({ results = [] }: InfluxAnswer): Row[] {
  const [{ error, series = [] } = {}] = results;
  if (error !== undefined) throw new Error(`InfluxDB says: ${error}`);
  const [{ columns = [], values = [] } = {}] = series;
  return values.map((row) => {
    const entries = columns.map((column, i) => [column, row[i]] as const);
    return new Map(entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number'));
  });
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
