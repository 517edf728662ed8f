import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second, whatever its timer's frequency: `getconf CLK_TCK`. */
const ticksPerSecond = 100;

interface ProcessTimes {
  readonly parent: number;
  /** Of the process, and of its children that have ended. */
  readonly cpuSeconds: number;
  readonly rssBytes: number;
}

export interface TreeUse {
  readonly cpuSeconds: number;
  readonly rssBytes: number;
}

/**
 * What a process and all its descendants have used, those that have ended included.
 * @returns undefined where there is no /proc
 */
export function treeUseOf(pid: number): TreeUse | undefined {
  const processes = readProcesses();
  if (processes === undefined) return undefined;
  let cpuSeconds = 0;
  let rssBytes = 0;
  for (const [id, { cpuSeconds: used, rssBytes: held }] of processes) {
    if (!isBelow(processes, id, pid)) continue;
    cpuSeconds += used;
    rssBytes += held;
  }
  return { cpuSeconds, rssBytes };
}

function isBelow(processes: ReadonlyMap<number, ProcessTimes>, id: number, ancestor: number): boolean {
  for (let at: number | undefined = id; at !== undefined; at = processes.get(at)?.parent) {
    if (at === ancestor) return true;
  }
  return false;
}

function readProcesses(): Map<number, ProcessTimes> | undefined {
  const processes = new Map<number, ProcessTimes>();
  let ids: string[];
  try {
    ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return undefined;
  }
  for (const id of ids) {
    const times = readProcess(id);
    if (times !== undefined) processes.set(Number(id), times);
  }
  return processes;
}

/** proc(5), /proc/pid/stat: after the name in parentheses come state (3), parent (4), … times (14–17), … rss (24). */
function readProcess(id: string): ProcessTimes | undefined {
  try {
    const stat = readFileSync(`/proc/${id}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const field = (number: number): number => Number(fields[number - 3]);
    const ticks = field(14) + field(15) + field(16) + field(17);
    return { parent: field(4), cpuSeconds: ticks / ticksPerSecond, rssBytes: field(24) * 4_096 };
  } catch {
    // It ended in the meantime.
    return undefined;
  }
}
