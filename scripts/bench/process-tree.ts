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

export interface ProcessUse extends TreeUse {
  readonly pid: number;
  /** Its command line, then its environment, as the kernel has them. */
  readonly describe: () => { readonly command: string; readonly environment: string };
}

/**
 * What a process and all its descendants have used, those that have ended included.
 * @returns undefined where there is no /proc
 */
export function treeUseOf(pid: number): TreeUse | undefined {
  return processesOf(pid)?.reduce(
    (sum, { cpuSeconds, rssBytes }) => ({
      cpuSeconds: sum.cpuSeconds + cpuSeconds,
      rssBytes: sum.rssBytes + rssBytes,
    }),
    { cpuSeconds: 0, rssBytes: 0 },
  );
}

/** A process and all its descendants that are there now. @returns undefined where there is no /proc */
export function processesOf(pid: number): readonly ProcessUse[] | undefined {
  const processes = readProcesses();
  if (processes === undefined) return undefined;
  return [...processes]
    .filter(([id]) => isBelow(processes, id, pid))
    .map(([id, { cpuSeconds, rssBytes }]) => ({
      pid: id,
      cpuSeconds,
      rssBytes,
      describe: () => ({ command: readWords(id, 'cmdline'), environment: readWords(id, 'environ') }),
    }));
}

/** NUL-separated; empty for a process that has ended. */
function readWords(pid: number, file: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
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
