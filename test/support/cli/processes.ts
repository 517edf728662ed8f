import { readdirSync, readFileSync } from 'node:fs';

interface ProcessEntry {
  readonly pid: number;
  readonly group: number;
  readonly args: string;
}

/** Every process of this machine, as /proc lists it; none where there is no /proc (macOS). */
function listProcesses(): ProcessEntry[] {
  return pids().flatMap((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // proc_pid_stat(5): the name in parentheses may hold anything; after it come state, parent and group.
      const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      return state === 'Z' ? [] : [{ pid, group: Number(group), args }];
    } catch {
      return []; // It ended between two looks.
    }
  });
}

function pids(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/**
 * Processes whose arguments hold `text`, and the rest of the process groups that they were started in. A command that a test
 * starts is in the group of the test runner, as are all other tests that run meanwhile: of that group it counts alone.
 */
export function processesOf(text: string): string[] {
  const all = listProcesses();
  const own = all.find(({ pid }) => pid === process.pid)?.group;
  const named = all.filter(({ args }) => args.includes(text));
  const groups = new Set(named.map(({ group }) => group));
  if (own !== undefined) groups.delete(own);
  return all
    .filter((each) => groups.has(each.group) || named.includes(each))
    .map(({ pid, args }) => `${pid} ${args}`);
}
