import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { liveMeasurements } from '../../../src/live/live-points.ts';
import { iotMetricNames } from '../../../src/targets/aws-iot/cloudwatch-metrics.ts';
import { asSent, readDashboards, readFluxQueries } from '../../support/dashboards/dashboard-queries.ts';

const choice = {
  runs: ['a', 'b'],
  latency: 'transit',
  stage: '.*',
  bucket: 'stampede',
  from: '2026-01-01T00:00:00Z',
  to: '2026-01-01T01:00:00Z',
  window: '5s',
};

describe('the dashboards', () => {
  it('are what their sources say', () => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/build-dashboards.ts', '--check'], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  it('ask only for what is written', async () => {
    const queries = await readFluxQueries();
    expect(queries.length).toBeGreaterThan(25);
    for (const { name, flux } of queries) {
      // A query may ask for several measurements, each with its fields after it.
      for (const part of flux.split('from(bucket:').slice(1)) {
        const measurement = /r\._measurement == "(\w+)"/.exec(part)?.[1] as keyof typeof liveMeasurements;
        expect([name, Object.keys(liveMeasurements)]).toEqual([name, expect.arrayContaining([measurement])]);
        const known = Object.keys(liveMeasurements[measurement].fields);
        for (const [, field] of part.matchAll(/r\._field == "(\w+)"/g)) expect(known).toContain(field);
        for (const [, tag] of part.matchAll(/r\.(\w+) (?:==|=~)/g)) {
          // Points of a profile with groups have theirs.
          if (!tag!.startsWith('_') && tag !== 'group')
            expect(liveMeasurements[measurement].tags).toContain(tag);
        }
      }
      expect(() => asSent(flux, choice)).not.toThrow();
    }
  });

  it('ask CloudWatch only for metrics that IoT Core has', async () => {
    const targets = (await readDashboards()).flatMap(({ panels }) =>
      panels.flatMap(({ targets = [] }) => targets),
    );
    const metrics = targets.filter(({ namespace }) => Boolean(namespace));
    expect(metrics.length).toBeGreaterThan(5);
    for (const { namespace, metricName } of metrics) {
      expect(namespace).toBe('AWS/IoT');
      expect(iotMetricNames).toContain(metricName);
    }
  });

  it('are where provisioning looks for them, with the data sources they ask for', async () => {
    const compose = parse(await readFile('compose.yaml', 'utf8'));
    const mounts: string[] = compose.services.grafana.volumes;
    expect(mounts.some((mount) => mount.startsWith('./dashboards/json:'))).toBe(true);
    const { datasources } = parse(
      await readFile('dashboards/provisioning/datasources/datasources.yml', 'utf8'),
    ) as { datasources: { type: string; jsonData: Record<string, string> }[] };
    const types = datasources.map(({ type }) => type);
    for (const { templating } of await readDashboards()) {
      for (const { name, query } of templating.list) {
        if (name === 'influx' || name === 'cloudwatch') expect(types).toContain(query);
      }
    }
    const influx = datasources.find(({ type }) => type === 'influxdb');
    expect(influx?.jsonData).toMatchObject({
      version: 'Flux',
      organization: 'stampede',
      defaultBucket: 'stampede',
    });
    expect(compose.services.influxdb.environment).toMatchObject({
      DOCKER_INFLUXDB_INIT_ORG: 'stampede',
      DOCKER_INFLUXDB_INIT_BUCKET: 'stampede',
    });
  });
});
