import { type AccountLimits, type Quota, type QuotaName, quotas } from '../../targets/aws-iot/quotas.ts';
import { accountId, partition, region } from '../gateway/arns.ts';
import { AwsError } from '../gateway/aws-error.ts';
import {
  type JsonInput,
  makeJsonService,
  optionalNumber,
  optionalString,
  pageOf,
  requiredString,
} from '../gateway/aws-json.ts';
import type { GatewayService } from '../gateway/gateway-service.ts';

const maxBodyBytes = 65_536;
const maxPageSize = 100;

const serviceNames: Readonly<Record<string, string>> = { iotcore: 'AWS IoT Core', lambda: 'AWS Lambda' };

/** Lambda's concurrency has a code too, though Stampede reads it with GetAccountSettings. */
const lambdaConcurrency = { serviceCode: 'lambda', quotaCode: 'L-B99A9384' } as const;

interface QuotaEntry {
  readonly quota: Quota;
  readonly serviceCode: string;
  readonly quotaCode: string;
  readonly value: number;
}

/** The quotas that embedded AWS enforces, under the codes of AWS: https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/ */
export function makeServiceQuotas(limits: AccountLimits): GatewayService {
  const applied = entriesOf((name) => limits[name]);
  const defaults = entriesOf((name) => quotas[name].limit);

  const get = (entries: readonly QuotaEntry[], input: JsonInput): object => {
    const serviceCode = requiredString(input, 'ServiceCode');
    const quotaCode = requiredString(input, 'QuotaCode');
    const found = entries.find((each) => each.serviceCode === serviceCode && each.quotaCode === quotaCode);
    if (found === undefined)
      throw noSuchResource(`The request failed because the specified service quota does not exist.`);
    return { Quota: describe(found) };
  };
  const list = (entries: readonly QuotaEntry[], input: JsonInput): object => {
    const serviceCode = requiredString(input, 'ServiceCode');
    if (!(serviceCode in serviceNames)) throw noSuchResource('The specified service does not exist.');
    const pageSize = Math.min(optionalNumber(input, 'MaxResults') ?? maxPageSize, maxPageSize);
    const ofService = entries.filter((each) => each.serviceCode === serviceCode);
    const { items, nextToken } = pageOf(ofService, optionalString(input, 'NextToken'), pageSize);
    return { Quotas: items.map(describe), NextToken: nextToken };
  };

  return makeJsonService({
    service: 'Service Quotas',
    version: '1.1',
    maxBodyBytes,
    operations: {
      GetServiceQuota: (input) => get(applied, input),
      GetAWSDefaultServiceQuota: (input) => get(defaults, input),
      ListServiceQuotas: (input) => list(applied, input),
      ListAWSDefaultServiceQuotas: (input) => list(defaults, input),
    },
  });
}

function entriesOf(limitOf: (name: QuotaName) => number): QuotaEntry[] {
  return (Object.keys(quotas) as QuotaName[]).flatMap((name) => {
    const quota: Quota = quotas[name];
    const live = name === 'lambdaConcurrency' ? lambdaConcurrency : quota.live;
    return live === undefined ? [] : [{ quota, ...live, value: limitOf(name) }];
  });
}

function describe({ quota, serviceCode, quotaCode, value }: QuotaEntry): object {
  return {
    ServiceCode: serviceCode,
    ServiceName: serviceNames[serviceCode],
    QuotaArn: `arn:${partition}:servicequotas:${region}:${accountId}:${serviceCode}/${quotaCode}`,
    QuotaCode: quotaCode,
    QuotaName: quota.label,
    Value: value,
    Unit: 'None',
    Adjustable: quota.adjustable,
    GlobalQuota: false,
    QuotaAppliedAtLevel: 'ACCOUNT',
  };
}

function noSuchResource(message: string): AwsError {
  return new AwsError('NoSuchResourceException', message);
}
