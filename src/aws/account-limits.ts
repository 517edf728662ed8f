import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  NoSuchResourceException,
  ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import type { AccountView } from '../plan/account.ts';
import { sizeOfRegion } from '../targets/aws-iot/default-limits.ts';
import { accountLimitsOf, type Quota, type QuotaName, quotas } from '../targets/aws-iot/quotas.ts';

export type AccountLimitsRead = Pick<AccountView, 'limits' | 'live' | 'region'>;

export interface QuotaClients {
  readonly serviceQuotas: ServiceQuotasClient;
  readonly lambda: LambdaClient;
}

/** Requests in flight at once: Service Quotas answers a handful a second. */
const parallelReads = 3;
/** Of one question, with its retries; the default of AWS is at hand. */
const timeoutMs = 10_000;

type Code = NonNullable<Quota['live']>;

/**
 * The limits in force for this account and Region. What AWS never raises needs no asking; what cannot be read (no
 * permission, no such code, no answer) is AWS's default for the Region, and is not in `live`. Never rejects.
 * @param region as AWS names it; of a function, its own
 */
export async function readAccountLimits(
  region: string,
  clients: QuotaClients = makeClients(),
): Promise<AccountLimitsRead> {
  const values: Partial<Record<QuotaName, number | undefined>> = {};
  const reads: (() => Promise<void>)[] = [
    async () => {
      values.lambdaConcurrency = await readConcurrency(clients.lambda);
    },
  ];
  for (const [name, { adjustable, live }] of Object.entries(quotas) as [QuotaName, Quota][]) {
    if (!adjustable || live === undefined) continue;
    reads.push(async () => {
      values[name] = await readQuota(clients.serviceQuotas, live);
    });
  }
  await inParallel(reads);
  const known = Object.entries(values).filter(([, value]) => isLimit(value)) as [QuotaName, number][];
  const preset = sizeOfRegion(region) === 'large' ? 'default' : 'small';
  return {
    limits: accountLimitsOf(preset, Object.fromEntries(known)),
    live: known.map(([name]) => name),
    region,
  };
}

function makeClients(): QuotaClients {
  return { serviceQuotas: new ServiceQuotasClient({}), lambda: new LambdaClient({}) };
}

/** A quota that was never raised may have no applied value: the Region's default then applies. */
async function readQuota(client: ServiceQuotasClient, code: Code): Promise<number | undefined> {
  const input = { ServiceCode: code.serviceCode, QuotaCode: code.quotaCode };
  const abortSignal = AbortSignal.timeout(timeoutMs);
  try {
    const { Quota } = await client.send(new GetServiceQuotaCommand(input), { abortSignal });
    return Quota?.Value;
  } catch (error) {
    if (!(error instanceof NoSuchResourceException)) throw error;
    const { Quota } = await client.send(new GetAWSDefaultServiceQuotaCommand(input), { abortSignal });
    return Quota?.Value;
  }
}

/** What other functions have reserved is not there for a run. */
async function readConcurrency(client: LambdaClient): Promise<number | undefined> {
  const abortSignal = AbortSignal.timeout(timeoutMs);
  const { AccountLimit } = await client.send(new GetAccountSettingsCommand({}), { abortSignal });
  return AccountLimit?.UnreservedConcurrentExecutions ?? AccountLimit?.ConcurrentExecutions;
}

/** A few at a time; a failure of one does not affect the others. */
async function inParallel(reads: readonly (() => Promise<void>)[]): Promise<void> {
  const waiting = [...reads];
  const work = async (): Promise<void> => {
    for (let read = waiting.shift(); read !== undefined; read = waiting.shift()) {
      await read().catch(() => undefined);
    }
  };
  await Promise.all(Array.from({ length: parallelReads }, work));
}

function isLimit(value: number | undefined): boolean {
  return value !== undefined && Number.isFinite(value) && value > 0;
}
