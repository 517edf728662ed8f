import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import { variable } from './flux.ts';

/** The Foundation SDK has no query of InfluxDB's: this is the part of it that Flux needs. */
interface FluxQuery extends Dataquery {
  readonly refId: string;
  readonly query: string;
  readonly datasource: { readonly type: string; readonly uid: string };
}

/** Which InfluxDB is a variable of the dashboard: it can be imported where the data source has another name. */
export const influxDatasource = { type: 'influxdb', uid: variable('influx') } as const;

export function fluxQuery(query: string, refId = 'A'): Builder<Dataquery> {
  const built: FluxQuery = {
    refId,
    query,
    datasource: influxDatasource,
    // The SDK's mark on its own types; as a function it does not reach the JSON.
    _implementsDataqueryVariant: () => undefined,
  };
  return { build: () => built };
}
