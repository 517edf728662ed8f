import { exitCodes, type Fault, StampedeError } from '../profile/errors.ts';
import { envelopeBytes, leastPayloadBytes, utf8Bytes } from '../profile/payload-size.ts';
import { parsePayloadTemplate } from '../profile/payload-template.ts';
import { fanOutOf } from './fan-out.ts';
import type { Plan } from './plan.ts';
import { type AccountLimits, accountLimitsOf, type Quota, type QuotaName, quotas } from './quotas.ts';

/** How near a plan comes to one quota. */
export interface QuotaForecast {
  readonly quota: QuotaName;
  /** As AWS names it. */
  readonly name: string;
  readonly unit: string;
  readonly limit: number;
  readonly peak: number;
  /** Share of the limit left: 1 − peak/limit; negative past it. */
  readonly headroom: number;
  /** The most that the profile's `limits.quotaShare` lets the plan use. The whole limit where AWS never raises it. */
  readonly allowed: number;
  readonly withinAllowed: boolean;
}

export interface Preflight {
  readonly quotas: readonly QuotaForecast[];
  /** The quota with the least headroom: the first one reached if the load grows. */
  readonly binding: QuotaForecast;
  /** Why the plan must not run; empty where it may. */
  readonly refusals: readonly Fault[];
}

/** The plan is past the profile's own `limits`. Exit code 3. */
export class RefusedByPreflightError extends StampedeError {
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[], hint?: string) {
    const lines = faults.map((fault) => `  ${fault.path}: ${fault.message}\n    → ${fault.hint ?? ''}`);
    super('RefusedByPreflight', `Preflight refuses this run:\n${lines.join('\n')}`, {
      ...(hint === undefined ? {} : { hint }),
      exitCode: exitCodes.refusedByPreflight,
    });
    this.faults = faults;
  }
}

/** The planned peak of every quota against the account's limits. */
export function preflight(plan: Plan, limits: AccountLimits = accountLimitsOf('default')): Preflight {
  const share = plan.profile.limits.quotaShare;
  const forecasts = Object.entries(peaksOf(plan)).map(([name, peak]) =>
    forecast(name as QuotaName, peak, limits[name as QuotaName], share),
  );
  const binding = forecasts.reduce((least, next) => (next.headroom < least.headroom ? next : least));
  return { quotas: forecasts, binding, refusals: forecasts.filter((f) => !f.withinAllowed).map(refusalOf) };
}

function forecast(name: QuotaName, peak: number, limit: number, share: number): QuotaForecast {
  const quota: Quota = quotas[name];
  const allowed = quota.adjustable ? limit * share : limit;
  return {
    quota: name,
    name: quota.label,
    unit: quota.unit,
    limit,
    peak,
    headroom: 1 - peak / limit,
    allowed,
    // A hair of tolerance, so that 0.8 × 500 allows 400.
    withinAllowed: peak <= allowed * (1 + 1e-9),
  };
}

/** Invocations of measure-latency that poll the queue beside the slices: Lambda begins with five. */
const subscriberConcurrency = 5;

function peaksOf(plan: Plan): Partial<Record<QuotaName, number>> {
  const { profile, load, slices, timeline } = plan;
  const mqtt = profile.connect.protocol === 'mqtt';
  const perDevice = load.peakPerSecond / profile.devices;
  const connectsPerSecond = Math.min(profile.connect.ratePerSecond, profile.devices);
  const connections: Partial<Record<QuotaName, number>> = {
    connectsPerSecond,
    concurrentConnections: profile.devices,
    publishesPerSecondPerConnection: perDevice,
    bytesPerSecondPerConnection: perDevice * messageBytes(plan),
  };
  const echoes: Partial<Record<QuotaName, number>> = {
    publishOutPerSecond: load.peakPerSecond * profile.echo.fraction,
    subscribesPerSecond: connectsPerSecond * profile.echo.fraction,
  };
  return {
    publishInPerSecond: load.peakPerSecond,
    // Rule matches are left out of PublishOut: AWS's documentation has had it both ways.
    ...(mqtt && profile.echo.fraction > 0 ? echoes : {}),
    ...(mqtt ? connections : {}),
    ruleEvaluationsPerSecond: load.peakPerSecond,
    lambdaConcurrency: slices.count + subscriberConcurrency,
    lambdaSeconds: (timeline.deadlineAt - timeline.createdAt) / 1_000,
    mapChildren: slices.count,
    statePayloadBytes: statePayloadBytes(plan),
  };
}

/** Bytes of one message: as padded, or at least what its payload and envelope come to. */
export function messageBytes({ profile, runId }: Plan): number {
  const { template } = parsePayloadTemplate(profile.publish.payload);
  return Math.max(profile.publish.sizeBytes, leastPayloadBytes(template) + envelopeBytes + runId.length);
}

/** The largest input or output of any state: the profile that comes in, or the Map's items. */
export function statePayloadBytes(plan: Plan): number {
  return Math.max(utf8Bytes(JSON.stringify(fanOutOf(plan))), utf8Bytes(JSON.stringify(plan.profile)));
}

/** Which setting to turn down, by quota. */
const remedies: Partial<Record<QuotaName, string>> = {
  publishInPerSecond: 'stages',
  publishOutPerSecond: 'echo.fraction',
  connectsPerSecond: 'connect.ratePerSecond',
  concurrentConnections: 'devices',
  publishesPerSecondPerConnection: 'devices',
  bytesPerSecondPerConnection: 'publish.sizeBytes',
  subscribesPerSecond: 'echo.fraction',
  ruleEvaluationsPerSecond: 'stages',
  lambdaConcurrency: 'slices.devicesPerSlice',
  lambdaSeconds: 'stages',
  mapChildren: 'slices.devicesPerSlice',
  statePayloadBytes: 'publish.payload',
};

function refusalOf(forecast: QuotaForecast): Fault {
  const quota: Quota = quotas[forecast.quota];
  const share = Math.round((forecast.allowed / forecast.limit) * 100);
  const allowed = `${rounded(forecast.allowed)}${forecast.unit}`;
  return {
    path: remedies[forecast.quota] ?? 'limits.quotaShare',
    message: `${forecast.name}: ${rounded(forecast.peak)}${forecast.unit} planned, and ${
      quota.adjustable
        ? `${share}% of the quota of ${rounded(forecast.limit)}${forecast.unit} is ${allowed}`
        : `the limit is ${allowed}`
    }`,
    hint: quota.adjustable
      ? `bring it to ${allowed}, have the quota raised${quota.live === undefined ? '' : ` (Service Quotas ${quota.live.quotaCode})`}, or allow a larger limits.quotaShare`
      : `bring it to ${allowed}: AWS does not raise this one`,
  };
}

function rounded(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 1 : 0 });
}
