import type { LiveTotals } from './live-totals.ts';

/** What a query of InfluxQL asks for: sums of one run's fields. */
export interface SumQuery {
  readonly measurement: 'stampede_slice' | 'stampede_arrivals';
  readonly runId: string;
  readonly columns: readonly { readonly field: string; readonly as: string }[];
}

/** `SELECT SUM("sent") AS "sent", … FROM "stampede_slice" WHERE "run" = 'x'`; undefined for all else. */
export function parseSumQuery(text: string): SumQuery | undefined {
  const [, list, measurement, runId] =
    /^SELECT (.+) FROM "(stampede_slice|stampede_arrivals)" WHERE "run" = '([\w-]+)'$/.exec(text) ?? [];
  if (list === undefined || measurement === undefined || runId === undefined) return undefined;
  const columns = list.split(', ').map((column) => {
    const [, field, as] = /^SUM\("(\w+)"\) AS "(\w+)"$/.exec(column) ?? [];
    return field === undefined || as === undefined ? undefined : { field, as };
  });
  if (columns.some((column) => column === undefined)) return undefined;
  return {
    measurement: measurement as SumQuery['measurement'],
    runId,
    columns: columns.filter((column) => column !== undefined),
  };
}

/** In the wire shape of InfluxDB 1's `/query`; a statement without data has no series. */
export function answerSumQuery(
  { measurement, columns }: SumQuery,
  totals: LiveTotals,
  sumOf: (totals: LiveTotals, field: string) => number | undefined,
): object {
  const sums = columns.map(({ field }) => sumOf(totals, field));
  if (totals.slices === 0 || sums.every((sum) => sum === undefined))
    return { results: [{ statement_id: 0 }] };
  const series = {
    name: measurement,
    columns: ['time', ...columns.map(({ as }) => as)],
    values: [['1970-01-01T00:00:00Z', ...sums.map((sum) => sum ?? null)]],
  };
  return { results: [{ statement_id: 0, series: [series] }] };
}
