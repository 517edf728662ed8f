import { CloudWatchClient, GetMetricDataCommand, type MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  ListServiceQuotasCommand,
  ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readIteratorAge } from '../../../../src/aws/iterator-age.ts';
import { type MetricSeries, makeCloudWatch } from '../../../../src/embedded/account/cloudwatch-api.ts';
import { makeServiceQuotas } from '../../../../src/embedded/account/service-quotas.ts';
import { type Gateway, startGateway } from '../../../../src/embedded/gateway/gateway.ts';
import { accountLimitsOf } from '../../../../src/targets/aws-iot/quotas.ts';
import { clientSettingsOf, testKey } from '../../../support/embedded/test-key.ts';

const minute = Date.UTC(2026, 0, 1, 12, 0) / 1_000;
const publishIn: MetricSeries = {
  namespace: 'AWS/IoT',
  name: 'PublishIn.Success',
  dimensions: { Protocol: 'MQTT' },
  minutes: [
    [minute - 60, 1],
    [minute, 10],
    [minute + 60, 20],
    [minute + 240, 40],
  ],
};

const iteratorAge: MetricSeries = {
  namespace: 'AWS/Lambda',
  name: 'IteratorAge',
  dimensions: { FunctionName: 'stampede-dev-measure-latency' },
  statistic: 'Maximum',
  minutes: [
    [minute - 60, 90_000],
    [minute, 40_000],
  ],
};

let gateway: Gateway;
let cloudWatch: CloudWatchClient;
let serviceQuotas: ServiceQuotasClient;

beforeAll(async () => {
  gateway = await startGateway({
    accessKeys: [testKey],
    signed: {
      monitoring: makeCloudWatch(async () => [publishIn, iteratorAge]),
      servicequotas: makeServiceQuotas(accountLimitsOf('small', { lambdaConcurrency: 64 })),
    },
    unsigned: [],
  });
  const settings = clientSettingsOf(gateway);
  cloudWatch = new CloudWatchClient(settings);
  serviceQuotas = new ServiceQuotasClient(settings);
});

afterAll(async () => {
  cloudWatch.destroy();
  serviceQuotas.destroy();
  await gateway.close();
});

describe('the age of a stream’s reader', () => {
  const ageAt = (second: number) =>
    readIteratorAge('stampede-dev-measure-latency', second * 1_000, cloudWatch);

  it('is that of the last minute that is known', async () => {
    expect(await ageAt(minute + 70)).toEqual({ ageMs: 40_000, minuteAt: minute * 1_000 });
  });

  it('is not known of a function that was not invoked for some minutes, or of another', async () => {
    expect(await ageAt(minute + 600)).toBeUndefined();
    expect(await readIteratorAge('other', minute * 1_000, cloudWatch)).toBeUndefined();
  });
});

const query = (MetricName: string, Value: string, more: object = {}): MetricDataQuery => ({
  Id: 'm0',
  MetricStat: {
    Metric: { Namespace: 'AWS/IoT', MetricName, Dimensions: [{ Name: 'Protocol', Value }] },
    Period: 60,
    Stat: 'Sum',
    ...more,
  },
});
const ask = (queries: MetricDataQuery[], from = minute, to = minute + 300) =>
  cloudWatch.send(
    new GetMetricDataCommand({
      StartTime: new Date(from * 1_000),
      EndTime: new Date(to * 1_000),
      MetricDataQueries: queries,
    }),
  );

describe('embedded CloudWatch', () => {
  it('gives the sums of whole minutes, newest first', async () => {
    const { MetricDataResults } = await ask([query('PublishIn.Success', 'MQTT')]);
    expect(MetricDataResults).toEqual([
      {
        Id: 'm0',
        Label: 'PublishIn.Success',
        Timestamps: [minute + 240, minute + 60, minute].map((second) => new Date(second * 1_000)),
        Values: [40, 20, 10],
        StatusCode: 'Complete',
      },
    ]);
  });

  it('adds minutes up to longer periods, and ends before EndTime', async () => {
    const { MetricDataResults } = await ask(
      [query('PublishIn.Success', 'MQTT', { Period: 300 })],
      minute,
      minute + 240,
    );
    expect(MetricDataResults?.[0]?.Values).toEqual([30]);
  });

  it('has nothing for a series without events', async () => {
    const { MetricDataResults } = await ask([
      query('PublishIn.Throttle', 'MQTT'),
      { ...query('PublishIn.Success', 'HTTP'), Id: 'm1' },
    ]);
    expect(MetricDataResults?.map(({ Values }) => Values)).toEqual([[], []]);
  });

  it('names what it does not do', async () => {
    await expect(ask([query('PublishIn.Success', 'MQTT', { Stat: 'Average' })])).rejects.toMatchObject({
      name: 'NotSupportedByEmbeddedAws',
      message: expect.stringContaining('other than Sum'),
    });
    await expect(ask([{ ...query('PublishIn.Success', 'MQTT'), Id: 'M0' }])).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('M0'),
    });
    await expect(ask([], minute, minute)).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
  });
});

describe('embedded Service Quotas', () => {
  it('gives the quotas in force, and the defaults', async () => {
    const input = { ServiceCode: 'iotcore', QuotaCode: 'L-4B33E451' };
    const applied = await serviceQuotas.send(new GetServiceQuotaCommand(input));
    expect(applied.Quota).toMatchObject({ Value: 2_000, Adjustable: true, QuotaCode: 'L-4B33E451' });
    const standard = await serviceQuotas.send(new GetAWSDefaultServiceQuotaCommand(input));
    expect(standard.Quota?.Value).toBe(20_000);
    const lambda = await serviceQuotas.send(
      new GetServiceQuotaCommand({ ServiceCode: 'lambda', QuotaCode: 'L-B99A9384' }),
    );
    expect(lambda.Quota?.Value).toBe(64);
  });

  it('lists in pages', async () => {
    const codes: (string | undefined)[] = [];
    let NextToken: string | undefined;
    do {
      const page = await serviceQuotas.send(
        new ListServiceQuotasCommand({ ServiceCode: 'iotcore', MaxResults: 4, NextToken }),
      );
      codes.push(...(page.Quotas ?? []).map(({ QuotaCode }) => QuotaCode));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    expect(codes).toContain('L-AEA1E176');
    expect(new Set(codes).size).toBe(codes.length);
  });

  it('has no other quota', async () => {
    const unknown = new GetServiceQuotaCommand({ ServiceCode: 'iotcore', QuotaCode: 'L-0' });
    await expect(serviceQuotas.send(unknown)).rejects.toMatchObject({ name: 'NoSuchResourceException' });
  });
});
