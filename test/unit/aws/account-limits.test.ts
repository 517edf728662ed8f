import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  GetServiceQuotaCommand,
  NoSuchResourceException,
  ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type QuotaClients, readAccountLimits } from '../../../src/aws/account-limits.ts';
import { makeServiceQuotas } from '../../../src/embedded/account/service-quotas.ts';
import { AwsError } from '../../../src/embedded/gateway/aws-error.ts';
import { type Gateway, startGateway } from '../../../src/embedded/gateway/gateway.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { preflight } from '../../../src/plan/preflight.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import { accountLimitsOf, quotas } from '../../../src/targets/aws-iot/quotas.ts';
import { clientSettingsOf, testKey } from '../../support/embedded/test-key.ts';

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
  it('reads what AWS can raise, and Lambda’s concurrency that is not reserved', async () => {
    const requested: string[] = [];
    const { limits, live } = await readAccountLimits(
      'us-east-1',
      clientsOf({
        applied: (code) => {
          requested.push(code);
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
        'queuedMessagesPerSecond',
        'connectsPerSecond',
        'concurrentConnections',
        'subscribesPerSecond',
        'ruleEvaluationsPerSecond',
        'lambdaConcurrency',
      ].toSorted(),
    );
    expect(requested).not.toContain(quotas.publishesPerSecondPerConnection.live.quotaCode);
  });

  it('takes the Region’s default for a quota that was never raised', async () => {
    const { limits, live } = await readAccountLimits(
      'us-east-1',
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
      'us-east-1',
      clientsOf({ applied: (code) => (code === codeOf ? denied() : 700), concurrency: denied }),
    );
    expect(limits).toMatchObject({ publishInPerSecond: 20_000, lambdaConcurrency: 1_000 });
    expect(live).not.toContain('publishInPerSecond');
    expect(live).not.toContain('lambdaConcurrency');
    expect(live).toContain('connectsPerSecond');
  });

  it('does not believe in a limit of nothing', async () => {
    const { limits, live } = await readAccountLimits('us-east-1', clientsOf({ applied: () => 0 }));
    expect(limits.publishInPerSecond).toBe(20_000);
    expect(live).toEqual([]);
  });
});

describe('where Service Quotas may not be read', () => {
  let edge: Gateway;
  let clients: QuotaClients;
  beforeAll(async () => {
    const forbidden = {
      ...makeServiceQuotas(accountLimitsOf('default')),
      async handle(): Promise<never> {
        throw new AwsError(
          'AccessDeniedException',
          'not authorized to perform: servicequotas:GetServiceQuota',
          400,
        );
      },
    };
    edge = await startGateway({ accessKeys: [testKey], signed: { servicequotas: forbidden }, unsigned: [] });
    const settings = clientSettingsOf(edge);
    clients = { serviceQuotas: new ServiceQuotasClient(settings), lambda: new LambdaClient(settings) };
  });
  afterAll(async () => {
    clients.serviceQuotas.destroy();
    clients.lambda.destroy();
    await edge.close();
  });

  const planIn = async (region: string) => {
    const account = { ...(await readAccountLimits(region, clients)), isCharged: true };
    const profile = parseLoadProfile({ devices: 500, ratePerSecond: 5_000, duration: '30s' });
    const coldStart = { leadMs: 5_000, environmentsPerSecond: 100 };
    return makePlan({ runId: 'run', profile, now: 0, coldStart, account });
  };

  it('plans with what the Region’s accounts have by default, and says whose defaults they are', async () => {
    const plan = await planIn('eu-west-1');
    expect(plan.account).toMatchObject({ live: [], region: 'eu-west-1' });
    expect(plan.account?.limits).toEqual(accountLimitsOf('default'));
    expect(preflight(plan).refusals).toEqual([]);
  });

  it.each(['ap-northeast-2', 'eu-central-1'])(
    'refuses in %s what smaller Regions do not allow',
    async (region) => {
      const plan = await planIn(region);
      expect(plan.account?.limits).toEqual(accountLimitsOf('small'));
      const { refusals } = preflight(plan);
      expect(refusals.map(({ message }) => message)).toEqual([
        expect.stringMatching(
          /\(PublishIn\): 5,000\/s planned, and 80% of the quota of 2,000\/s is 1,600\/s/,
        ),
        expect.stringMatching(/\(PublishOut\): 5,000/),
        expect.stringMatching(
          /^connects per second: 400\/s planned, and 80% of the quota of 100\/s is 80\/s/,
        ),
        expect.stringMatching(/^rule evaluations per second: 5,000/),
      ]);
      for (const { hint } of refusals) {
        expect(hint).toMatch(
          /AWS’s defaults of 2026-09 for .*: yours was not read \(servicequotas:GetServiceQuota\)$/,
        );
      }
    },
  );
});
