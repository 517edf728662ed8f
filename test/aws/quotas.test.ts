import { GetAccountSettingsCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import {
  GetServiceQuotaCommand,
  NoSuchResourceException,
  type ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import { describe, expect, it } from '@jest/globals';
import { type QuotaClients, readAccountLimits } from '../../src/aws/quotas.ts';
import { quotas } from '../../src/plan/quotas.ts';

const codeOf = quotas.publishInPerSecond.live.quotaCode;

/** Clients whose services answer so; what throws, fails. */
function clientsOf(answers: {
  applied?: (quotaCode: string) => number | undefined;
  byDefault?: (quotaCode: string) => number;
  concurrency?: () => object;
}): QuotaClients {
  const serviceQuotas = {
    async send(command: { readonly input: { readonly QuotaCode?: string } }) {
      const code = command.input.QuotaCode ?? '';
      const value =
        command instanceof GetServiceQuotaCommand ? answers.applied?.(code) : answers.byDefault?.(code);
      return { Quota: { Value: value } };
    },
  };
  const lambda = {
    async send(command: unknown) {
      expect(command).toBeInstanceOf(GetAccountSettingsCommand);
      return answers.concurrency?.() ?? {};
    },
  };
  return {
    serviceQuotas: serviceQuotas as unknown as ServiceQuotasClient,
    lambda: lambda as unknown as LambdaClient,
  };
}

const denied = () => {
  throw Object.assign(new Error('no'), { name: 'AccessDeniedException' });
};

describe('readAccountLimits', () => {
  it('reads what AWS can raise, and Lambda’s concurrency that nobody has reserved', async () => {
    const asked: string[] = [];
    const { limits, live } = await readAccountLimits(
      clientsOf({
        applied: (code) => {
          asked.push(code);
          return code === codeOf ? 66_000 : 700;
        },
        concurrency: () => ({
          AccountLimit: { ConcurrentExecutions: 1_500, UnreservedConcurrentExecutions: 1_300 },
        }),
      }),
    );
    expect(limits).toMatchObject({
      publishInPerSecond: 66_000,
      connectsPerSecond: 700,
      lambdaConcurrency: 1_300,
      publishesPerSecondPerConnection: 100,
    });
    expect(live.toSorted()).toEqual(
      [
        'publishInPerSecond',
        'publishOutPerSecond',
        'connectsPerSecond',
        'concurrentConnections',
        'subscribesPerSecond',
        'ruleEvaluationsPerSecond',
        'lambdaConcurrency',
      ].toSorted(),
    );
    expect(asked).not.toContain(quotas.publishesPerSecondPerConnection.live.quotaCode);
  });

  it('takes the Region’s default for a quota that was never raised', async () => {
    const { limits, live } = await readAccountLimits(
      clientsOf({
        applied: () => {
          throw new NoSuchResourceException({ message: 'none', $metadata: {} });
        },
        byDefault: (code) => (code === codeOf ? 2_000 : 100),
      }),
    );
    expect(limits.publishInPerSecond).toBe(2_000);
    expect(live).toContain('publishInPerSecond');
  });

  it('falls back to AWS’s defaults for what cannot be read, and says which', async () => {
    const { limits, live } = await readAccountLimits(
      clientsOf({ applied: (code) => (code === codeOf ? denied() : 700), concurrency: denied }),
    );
    expect(limits).toMatchObject({ publishInPerSecond: 20_000, lambdaConcurrency: 1_000 });
    expect(live).not.toContain('publishInPerSecond');
    expect(live).not.toContain('lambdaConcurrency');
    expect(live).toContain('connectsPerSecond');
  });

  it('does not believe in a limit of nothing', async () => {
    const { limits, live } = await readAccountLimits(clientsOf({ applied: () => 0 }));
    expect(limits.publishInPerSecond).toBe(20_000);
    expect(live).toEqual([]);
  });
});
