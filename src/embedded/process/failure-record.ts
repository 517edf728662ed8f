import type { FaultEvent, InjectedFaults, KernelPackets } from '../../plan/conditions.ts';
import { runIdPattern } from '../../shared/run-id.ts';
import type { RunFiles } from '../s3/run-files.ts';
import type { InvokeFunction } from '../step-functions/machine.ts';

export interface FailureRecordOptions {
  /** What embedded AWS was started with in place of its defaults; undefined values are left out. */
  readonly choices: object;
  /** Faults of embedded IoT Core since its start. */
  readonly events: () => Promise<readonly FaultEvent[]>;
  /** What the kernel counted of a run's packets so far; empty: it makes no networks. */
  readonly kernelPackets: (runId: string) => readonly KernelPackets[];
  readonly files: RunFiles;
}

/**
 * Stores in the run store how the embedded service differs from AWS during a run: when its first slice starts, before each interim
 * check and before its summary. The functions read it like the rest of a run; on AWS there is none.
 */
export function recordFailures(
  invoke: InvokeFunction,
  { choices, events, kernelPackets, files }: FailureRecordOptions,
): InvokeFunction {
  const chosen = flatten(choices);
  const record = async (runId: string): Promise<void> => {
    const packets = kernelPackets(runId);
    const faults: InjectedFaults = {
      choices: chosen,
      events: await events(),
      ...(packets.length > 0 && { kernelPackets: packets }),
    };
    if (Object.keys(chosen).length + faults.events.length + packets.length === 0) return;
    await files.put(`runs/${runId}/faults.json`, Buffer.from(JSON.stringify(faults)), false);
  };
  return async (functionArn, payload) => {
    const runId = runUnderWay(payload);
    // A run does not fail because its faults cannot be recorded.
    if (runId !== undefined) await record(runId).catch(() => undefined);
    return invoke(functionArn, payload);
  };
}

/** Not of the plan function, because the plan may refuse the run; and of slices, only of the first. */
function runUnderWay(payload: string): string | undefined {
  const { runId, profile, slice = 0 } = JSON.parse(payload) as Readonly<Record<string, unknown>>;
  if (profile !== undefined || slice !== 0) return undefined;
  return typeof runId === 'string' && runIdPattern.test(runId) ? runId : undefined;
}

/** `{ limits: { x: 1 } }` → `limits.x` → `1` */
function flatten(values: object, path = ''): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]: [string, unknown]) => {
      const at = path === '' ? name : `${path}.${name}`;
      if (value === undefined) return [];
      if (typeof value === 'object' && value !== null) return Object.entries(flatten(value, at));
      return [[at, typeof value === 'string' ? value : JSON.stringify(value)]];
    }),
  );
}
