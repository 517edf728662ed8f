import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { variable } from '../../../dashboards/grafana/flux.ts';

export interface PanelQuery {
  /** `stampede-run / Messages / A` */
  readonly name: string;
  readonly flux: string;
}

interface Target {
  readonly refId?: string;
  readonly query?: string;
  /** Of CloudWatch's. */
  readonly namespace?: string;
  readonly metricName?: string;
  readonly expression?: string;
}

interface StoredDashboard {
  readonly uid: string;
  readonly panels: readonly { readonly title?: string; readonly targets?: readonly Target[] }[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query?: string | Target }[];
  };
  readonly annotations: { readonly list: readonly { readonly name: string; readonly target?: Target }[] };
}

const directory = fileURLToPath(new URL('../../../dashboards/json', import.meta.url));

export async function readDashboards(): Promise<StoredDashboard[]> {
  const names = await readdir(directory);
  return Promise.all(
    names.map(
      async (name) => JSON.parse(await readFile(path.join(directory, name), 'utf8')) as StoredDashboard,
    ),
  );
}

/** Every Flux query there is: of panels, variables and annotations. */
export async function readFluxQueries(): Promise<PanelQuery[]> {
  return (await readDashboards()).flatMap(({ uid, panels, templating, annotations }) => [
    ...panels.flatMap(({ title, targets = [] }) =>
      targets.flatMap((target) => queryOf(`${uid} / ${title}`, target)),
    ),
    ...templating.list.flatMap(({ name, query }) =>
      typeof query === 'object' ? queryOf(`${uid} / variable ${name}`, query) : [],
    ),
    ...annotations.list.flatMap(({ name, target }) =>
      target === undefined ? [] : queryOf(`${uid} / annotation ${name}`, target),
    ),
  ]);
}

function queryOf(name: string, { refId, query }: Target): PanelQuery[] {
  return query === undefined ? [] : [{ name: `${name} / ${refId}`, flux: query }];
}

export interface Choice {
  readonly runs: readonly string[];
  readonly latency: string;
  readonly stage: string;
  readonly bucket: string;
  /** RFC 3339. */
  readonly from: string;
  readonly to: string;
  /** `1s` */
  readonly window: string;
}

/** What Grafana sends for it: its own variables and the dashboard's put in. */
export function asSent(flux: string, { runs, latency, stage, bucket, from, to, window }: Choice): string {
  const sent = flux
    .replaceAll('v.defaultBucket', JSON.stringify(bucket))
    .replaceAll('v.timeRangeStart', from)
    .replaceAll('v.timeRangeStop', to)
    .replaceAll('v.windowPeriod', window)
    .replaceAll(variable('runs:regex'), runs.length === 1 ? runs[0]! : `(${runs.join('|')})`)
    .replaceAll(variable('run'), runs[0]!)
    .replaceAll(variable('latency'), latency)
    .replaceAll(variable('stage:regex'), stage);
  const left = /\$\{.*?\}|\bv\.\w+/.exec(sent);
  if (left !== null) throw new Error(`no value for ${left[0]}`);
  return sent;
}
