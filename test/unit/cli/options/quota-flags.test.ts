import { describe, expect, it } from '@jest/globals';
import { Command } from 'commander';
import {
  accountOfQuotas,
  addQuotaFlags,
  embeddedAccountOf,
  embeddedQuotasOf,
  type QuotaFlags,
} from '../../../../src/cli/options/quota-flags.ts';

function given(...args: string[]): QuotaFlags {
  const command = addQuotaFlags(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  return command.parse(args, { from: 'user' }).opts();
}

describe('the flags for quotas', () => {
  it('leave everything as it is unless given', () => {
    expect(embeddedQuotasOf(given())).toEqual({ limits: {} });
    expect(accountOfQuotas({ limits: {} })).toBeUndefined();
  });

  it('set one quota each, over a preset of the Region', () => {
    const flags = given('--region-quotas', 'small', '--quota', 'publishIn=1234', '--quota', 'connects=7.5');
    const quotas = embeddedQuotasOf(flags);
    expect(quotas.limits).toEqual({
      publishInPerSecond: 1_234,
      publishOutPerSecond: 2_000,
      connectsPerSecond: 7.5,
      concurrentConnections: 100_000,
      subscribesPerSecond: 200,
      ruleEvaluationsPerSecond: 2_000,
    });
    expect(accountOfQuotas(quotas)).toMatchObject({
      limits: { publishInPerSecond: 1_234, bytesPerSecondPerConnection: 524_288 },
      live: expect.arrayContaining(['publishInPerSecond']),
      isCharged: true,
    });
    expect(embeddedAccountOf(quotas)).toMatchObject({
      limits: { publishInPerSecond: 1_234 },
      isCharged: false,
    });
  });

  it('say what embedded AWS will answer for all that AWS can raise', () => {
    const { live, limits } = embeddedAccountOf();
    expect(live).toEqual(expect.arrayContaining(['publishInPerSecond', 'lambdaConcurrency']));
    expect(live).not.toContain('lambdaSeconds');
    expect(limits.lambdaConcurrency).toBeGreaterThanOrEqual(16);
  });

  it('name every fault', () => {
    const flags = given('--quota', 'publishin2=1', '--quota', 'connects=', '--quota', 'retained=-1');
    expect(() => embeddedQuotasOf(flags)).toThrow(
      /publishin2=1.*\n.*did you mean "publishIn".*\n.*connects=.*\n.*\n.*retained=-1/,
    );
  });

  it('know the presets', () => {
    expect(() => given('--region-quotas', 'huge')).toThrow(/Allowed choices/);
  });
});
