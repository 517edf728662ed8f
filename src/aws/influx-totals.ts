import { fieldOfTotal, type RunTotals, type SummedTotal } from '../live/run-totals.ts';

/** Where to ask, with a token that may read the bucket. */
export interface InfluxSource {
  readonly url: string;
  readonly bucket: string;
  readonly token: string;
}

/** Undefined: InfluxDB has nothing of this run yet. */
export type ReadTotals = (runId: string) => Promise<RunTotals | undefined>;

const timeoutMs = 5_000;

/**
 * InfluxQL over `/query`, which InfluxDB 2 answers for a bucket by its name, and InfluxDB 3 too.
 * @see https://docs.influxdata.com/influxdb/v2/reference/api/influxdb-1x/query/
 */
export function makeReadInfluxTotals({ url, bucket, token }: InfluxSource): ReadTotals {
  const query = async (statement: string): Promise<ReadonlyMap<string, number>> => {
    const requested = new URL('query', url.endsWith('/') ? url : `${url}/`);
    requested.searchParams.set('db', bucket);
    requested.searchParams.set('q', statement);
    const answer = await fetch(requested, {
      headers: { authorization: `Token ${token}`, accept: 'application/json' },
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!answer.ok) throw new Error(`InfluxDB answers ${answer.status} to ${requested.pathname}`);
    return firstRow((await answer.json()) as InfluxAnswer);
  };

  return async (runId) => {
    const sums = Object.entries(fieldOfTotal).map(([total, field]) => `SUM("${field}") AS "${total}"`);
    // A run id is letters, digits, - and _: nothing in it ends the quotes.
    const [slices, arrivals] = await Promise.all([
      query(`SELECT ${sums.join(', ')} FROM "stampede_slice" WHERE "run" = '${runId}'`),
      query(`SELECT SUM("arrivals") AS "arrivals" FROM "stampede_arrivals" WHERE "run" = '${runId}'`),
    ]);
    if (slices.size === 0) return undefined;
    const totals = Object.keys(fieldOfTotal).map((total) => [total, slices.get(total) ?? 0]);
    return {
      ...(Object.fromEntries(totals) as Record<SummedTotal, number>),
      arrivals: arrivals.get('arrivals') ?? 0,
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

/** A statement without data has no series. */
function firstRow({ results = [] }: InfluxAnswer): ReadonlyMap<string, number> {
  const [{ error, series = [] } = {}] = results;
  if (error !== undefined) throw new Error(`InfluxDB says: ${error}`);
  const [{ columns = [], values = [] } = {}] = series;
  const entries = columns.map((column, i) => [column, values[0]?.[i]] as const);
  return new Map(entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number'));
}
