import { cpus, release, totalmem } from 'node:os';
import { treeUseOf } from './process-tree.ts';

/** Above this share of the machine in other hands, latencies and rates say more about them than about us. */
export const busyShare = 0.1;

export function describeMachine(): string {
  const [first] = cpus();
  const memoryGb = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} × ${first?.model.trim() ?? 'unknown CPU'}, ${memoryGb} GB, ${process.platform} ${release()}, Node ${process.version}`;
}

export interface MachineUse {
  /** Share of all cores used by processes other than the bench; undefined where it cannot be read. */
  readonly othersShare: number | undefined;
}

/** Begins to watch what others do. @returns to be called once, at the end */
export function watchMachine(): () => MachineUse {
  const before = readUse();
  return () => {
    const after = readUse();
    if (before.own === undefined || after.own === undefined) return { othersShare: undefined };
    const ours = after.own - before.own;
    const share = (after.busy - before.busy - ours) / (after.all - before.all);
    return { othersShare: Math.max(0, share) };
  };
}

/** Seconds, of all cores together. */
function readUse(): { busy: number; all: number; own: number | undefined } {
  let busy = 0;
  let all = 0;
  for (const { times } of cpus()) {
    const working = times.user + times.nice + times.sys + times.irq;
    busy += working / 1_000;
    all += (working + times.idle) / 1_000;
  }
  return { busy, all, own: treeUseOf(process.pid)?.cpuSeconds };
}
