import { isRehearsal } from '../plan/account.ts';
import type { InjectedFaults, RunConditions } from '../plan/conditions.ts';
import { wholeProfileOf } from '../plan/groups.ts';
import type { Plan } from '../plan/plan.ts';
import { isUnchecked } from '../profile/credential-rules.ts';
import { formatBytes, formatCount, formatElapsed, formatPlural } from '../shared/format.ts';
import { traitsOf } from '../targets/traits-of.ts';
import type { Report } from './report-model.ts';

/** Undefined for a plan that no plan function made: its host is not recorded. */
export function conditionsOf(plan: Plan, faults: InjectedFaults | undefined): RunConditions | undefined {
  const { conditions, profile, target } = plan;
  if (conditions === undefined) return undefined;
  const traits = traitsOf(target);
  const isEmulator = isRehearsal(plan);
  return {
    isRehearsal: isEmulator,
    target: target === undefined ? 'unknown' : traits.describe(target, isEmulator),
    ...conditions,
    profile: wholeProfileOf(plan),
    overrides: profile.overrides ?? [],
    ...(faults === undefined ? {} : { faults }),
  };
}

/** First lines of a report: whether the target was an emulator, the injected faults, and whether its certificate was not checked. */
export function describeTarget(report: Report): string[] {
  return [...describeRehearsal(report), ...describeUnchecked(report)];
}

function describeUnchecked({ conditions }: Report): string[] {
  if (conditions === undefined || !isUnchecked(conditions.profile)) return [];
  return [
    'The certificate of the target was not checked (connect.insecure): another server may have answered in its place.',
  ];
}

function describeRehearsal(report: Report): string[] {
  if (report.conditions?.isRehearsal !== true) return [];
  const faults = describeInjected(report);
  return [
    'A rehearsal on embedded AWS: what was loaded is an emulator on this machine, not AWS.',
    ...(faults.length > 0 ? [`Faults injected: ${faults.join('; ')}.`] : []),
  ];
}

/** The conditions of the run, by name. */
export function conditionRows(report: Report): (readonly [name: string, text: string])[] {
  const { conditions } = report;
  if (conditions === undefined) return [];
  const { isRehearsal, target, versions, host, overrides, faults } = conditions;
  const { cores, memoryBytes, lambdaMemoryMb } = host;
  const machine =
    cores === undefined || memoryBytes === undefined
      ? []
      : [`${formatPlural(cores, 'core')}, ${formatBytes(memoryBytes)} of memory`];
  const injected = describeInjected(report);
  const choices = Object.entries(faults?.choices ?? {}).map(([name, value]) => `${name} ${value}`);
  return [
    ['target', isRehearsal ? `embedded AWS, ${target}` : target],
    ['versions', `Stampede ${versions.stampede}, Node.js ${versions.node}, client ${versions.client}`],
    [
      'host',
      [`${host.os} ${host.architecture}`, ...machine, `${formatCount(lambdaMemoryMb)} MB a slice`].join(', '),
    ],
    ['overrides', overrides.length === 0 ? 'none' : overrides.join(', ')],
    ...(choices.length === 0 ? [] : [['settings of embedded AWS', choices.join(', ')] as const]),
    ...(isRehearsal
      ? [['faults injected', injected.length === 0 ? 'none' : injected.join('; ')] as const]
      : []),
  ];
}

/** Of all Regions, where the run was in several: each has faults of its own. */
function describeInjected({ conditions, regions = [], timeline: { publishAt } }: Report): string[] {
  return [
    ...describeFaults(conditions?.faults, publishAt),
    ...regions.flatMap(({ name, faults }) =>
      describeFaults(faults, publishAt).map((text) => `${text} in ${name}`),
    ),
  ];
}

/** `dropDeliveries 0.01 from the start`, `pauseMs 1000 after 3.2 s of publishing` */
export function describeFaults(faults: InjectedFaults | undefined, publishAt: number): string[] {
  return (faults?.events ?? []).map(({ at, setting, value }) => {
    if (at === null) return `${setting} ${value} from the start`;
    const sinceMs = at - publishAt;
    const when =
      sinceMs < 0
        ? `${formatElapsed(-sinceMs)} before publishing began`
        : `${formatElapsed(sinceMs)} into publishing`;
    return `${setting} ${value}, ${when}`;
  });
}
